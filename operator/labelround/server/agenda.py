"""Which running jobs a tick looks at. One at which nothing can happen before a known time sleeps until then."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Agenda:
    """The ids of the jobs that are awake; `known` is False until the first look at all of them.

    Only the engine makes a job run, so none is missed, unless another server had the database for a while; and one that
    is stopped in its sleep shows by its status. Times are milliseconds.
    """

    known: bool = False
    _awake: set[int] = field(default_factory=set)
    _alarms: list[tuple[int, int]] = field(default_factory=list)
    _looked: int = 0

    def awake(self, now: int) -> set[int]:
        """The jobs to look at, with those whose time has come; all of them when the clock was put back."""
        was_put_back, self._looked = now < self._looked, now
        while self._alarms and (was_put_back or self._alarms[0][0] <= now):
            self._awake.add(heapq.heappop(self._alarms)[1])
        return self._awake

    def found(self, ids: Iterable[int]) -> None:
        """These, and no others, are awake."""
        self.known = True
        self._awake = set(ids)

    def sleep(self, id: int, until: int) -> None:
        """Do not look at the job before that time."""
        self._awake.discard(id)
        heapq.heappush(self._alarms, (until, id))
