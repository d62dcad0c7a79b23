"""What is known of all rounds for the metrics: a few numbers of each, taken from its status as it passes by."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labelround.conditions import Phase
from labelround.controller.keys import RoundKey

STATES = ("labeled", "empty", "failed", "unlabeled")


@dataclass(frozen=True, slots=True)
class Facts:
    """The numbers of one round. Times are Unix seconds; None: not known (yet)."""

    phase: str
    images: tuple[int, ...]
    boxes: int
    suspicious_boxes: int
    shards: int
    shards_done: int
    started: float | None
    progressed: float | None
    ended: float | None

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Facts:
        """The facts in a round's status; `images` in the order of STATES."""
        images, conversion, dataset = (status.get(name, {}) for name in ("images", "conversion", "dataset"))
        return cls(
            phase=status.get("phase", Phase.PENDING.value),
            images=tuple(images.get(state, 0) for state in STATES),
            boxes=dataset.get("boxes", 0),
            suspicious_boxes=dataset.get("suspiciousBoxes", 0),
            shards=conversion.get("shards", 0),
            shards_done=conversion.get("done", 0),
            started=_seconds(status.get("startTime")),
            progressed=_seconds(status.get("lastProgressTime")),
            ended=_seconds(status.get("completionTime")),
        )


@dataclass
class Fleet:
    """The facts of every round that the operator knows of."""

    _facts: dict[RoundKey, Facts] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def update(self, body: Mapping[str, Any]) -> None:
        """Take over what the status of a round says."""
        facts = Facts.of(body.get("status") or {})
        with self._lock:
            self._facts[RoundKey.of(body)] = facts

    def forget(self, key: RoundKey) -> None:
        """The round is gone, and its numbers with it."""
        with self._lock:
            self._facts.pop(key, None)

    def snapshot(self) -> dict[RoundKey, Facts]:
        """The facts at this moment."""
        with self._lock:
            return dict(self._facts)

    def phases(self) -> Counter[tuple[str, str]]:
        """How many rounds there are by namespace and phase."""
        return Counter((key.namespace, facts.phase) for key, facts in self.snapshot().items())


def _seconds(moment: str | None) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if moment else None
