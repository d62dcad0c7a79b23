"""The operator's work queue: one worker at a time for each round, delays, and a backoff of its own for each.

The semantics are those of client-go's workqueue. A key that is added while a worker has it is handed out again when the
worker is done. Each key has at most one due time; an earlier one replaces a later one.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Key = TypeVar("Key")

SPARE_ENTRIES = 1000
"""So many replaced entries may lie in the order of a queue, and as many again as it has keys."""


@dataclass
class WorkQueue(Generic[Key]):
    """Keys that wait for a worker. `clock` gives seconds; the backoff of retries has its bounds in seconds."""

    clock: Callable[[], float] = time.monotonic
    first_retry: float = 1.0
    longest_retry: float = 300.0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _due: dict[Key, float] = field(default_factory=dict)
    _order: list[tuple[float, int, Key]] = field(default_factory=list)
    _working: set[Key] = field(default_factory=set)
    _retries: dict[Key, float] = field(default_factory=dict)
    _counter: int = 0
    _closed: bool = False

    def add(self, key: Key, delay: float = 0.0) -> None:
        """Hand the key out after `delay` seconds, or at its due time if that is earlier."""
        with self._changed:
            due = self.clock() + delay
            if key in self._due and self._due[key] <= due:
                return
            self._due[key] = due
            self._push(key)
            self._changed.notify()

    def retry(self, key: Key, longest: float | None = None) -> float:
        """Hand the key out again, each time twice as late as the time before; the delay in seconds.

        `longest` takes the place of `longest_retry`. The pause grows from the one that was really made, so that a
        failure after many short looks is not answered with the longest pause.
        """
        bound = longest or self.longest_retry
        with self._changed:
            delay = min(self._retries.get(key, self.first_retry), bound)
            self._retries[key] = 2 * delay
        self.add(key, delay)
        return delay

    def succeeded(self, key: Key) -> None:
        """The next retry of the key starts from the shortest delay again."""
        with self._changed:
            self._retries.pop(key, None)

    def forget(self, key: Key) -> None:
        """The key's object is gone: nothing is kept of it."""
        with self._changed:
            self._due.pop(key, None)
            self._retries.pop(key, None)

    def take(self) -> Key | None:
        """The next due key, once there is one; None when the queue is closed. `done` must follow."""
        with self._changed:
            while not self._closed:
                key, pause = self._next()
                if key is not None:
                    self._working.add(key)
                    del self._due[key]
                    if self._order:  # the wake for another key may have come here just when this wait was over
                        self._changed.notify()
                    return key
                self._changed.wait(pause)
            return None

    def done(self, key: Key) -> None:
        """The worker has finished with the key."""
        with self._changed:
            self._working.discard(key)
            if key in self._due:
                self._push(key)
            self._changed.notify()

    def close(self) -> None:
        """Let every worker go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def depth(self) -> int:
        """How many keys are due and wait for a worker."""
        return len(self._waiting())

    def oldest(self) -> float:
        """For how many seconds the key that is due longest has waited; 0 when none waits."""
        waiting = self._waiting()
        return max(0.0, self.clock() - min(waiting)) if waiting else 0.0

    def _waiting(self) -> list[float]:
        with self._changed:
            now = self.clock()
            return [due for key, due in self._due.items() if due <= now and key not in self._working]

    def _push(self, key: Key) -> None:
        """Put the key in order. Entries that were replaced are thrown out once most are: their time may be far off."""
        self._counter += 1
        heapq.heappush(self._order, (self._due[key], self._counter, key))
        if len(self._order) > SPARE_ENTRIES + 2 * len(self._due):
            self._order = [(due, number, each) for number, (each, due) in enumerate(self._due.items())]
            heapq.heapify(self._order)

    def _next(self) -> tuple[Key | None, float | None]:
        """The next due key, or how long to wait for one. Entries that were replaced, or are worked on, are dropped."""
        while self._order:
            due, _, key = self._order[0]
            if self._due.get(key) != due or key in self._working:
                heapq.heappop(self._order)
                continue
            pause = due - self.clock()
            if pause > 0:
                return None, pause
            heapq.heappop(self._order)
            return key, None
        return None, None
