"""Which images are drawn: those with the lowest hash, so that they are spread over all."""

from __future__ import annotations

from hashlib import sha256
from heapq import heappush, heappushpop

from labelround.dataset.annotation import State


class Choice:
    """Hears of every image of the dataset, and keeps the numbers of `count` labeled ones."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._heap: list[tuple[int, int]] = []

    def offer(self, number: int, ref: str, state: State) -> None:
        """One image of the dataset."""
        if state is not State.LABELED or not self._count:
            return
        hashed = int.from_bytes(sha256(ref.encode()).digest()[:8])
        push = heappush if len(self._heap) < self._count else heappushpop
        push(self._heap, (-hashed, number))

    def numbers(self) -> tuple[int, ...]:
        """The chosen images, in key order."""
        return tuple(sorted(number for _, number in self._heap))
