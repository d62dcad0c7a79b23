"""Simulated workers: what each answers about an image, the same every time for the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from labelround.server.boxes import Box, Size


@dataclass(frozen=True, slots=True)
class Workforce:
    """How the simulated workers behave.

    `noise` moves each edge of a box by up to that share of the box's width or height; `decline_rate` is the share of
    tasks that a worker hands back.
    """

    seed: int = 0
    noise: float = 0.0
    decline_rate: float = 0.0

    def answer(
        self, truth: Collection[Box], size: Size, labels: Collection[str], *, job: str, image: str, turn: int
    ) -> tuple[Box, ...] | None:
        """What the worker whose turn it is draws; None when the worker declines.

        Only the job's `labels` can be drawn, so that boxes of other classes in `truth` are left out.
        """
        random = Random(f"{self.seed}\0{job.lower()}\0{image}\0{turn}")  # noqa: S311 a simulation, not a secret
        if random.random() < self.decline_rate:
            return None
        return tuple(self._drawn(box, size, random) for box in truth if box.label in labels)

    def _drawn(self, box: Box, size: Size, random: Random) -> Box:
        """The box with unsteady edges, inside the picture, at least one pixel wide and high."""
        if not self.noise:
            return box
        left, right = self._interval(box.left, box.right, size.width, random)
        top, bottom = self._interval(box.top, box.bottom, size.height, random)
        return Box(box.label, left, top, right - left, bottom - top)

    def _interval(self, start: float, end: float, limit: int, random: Random) -> tuple[int, int]:
        reach = self.noise * (end - start)
        low = round(start + random.uniform(-reach, reach))
        high = round(end + random.uniform(-reach, reach))
        low = min(max(low, 0), limit - 1)
        return low, min(max(high, low + 1), limit)


def worker_id(region: str, turn: int) -> str:
    """The name of a worker, in the form that Ground Truth gives those of private teams."""
    digest = hashlib.sha256(f"labelround simulated worker {turn}".encode()).hexdigest()
    return f"private.{region}.{digest[:16]}"
