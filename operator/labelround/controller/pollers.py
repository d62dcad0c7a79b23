"""A poller for every session, and the few threads that poll. A throttled service slows its poller, never the rounds."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from labelround.controller.keys import RoundKey
from labelround.controller.metering import MeteredAPI
from labelround.controller.metrics import Metrics
from labelround.controller.poller import JobPoller
from labelround.controller.queue import WorkQueue
from labelround.controller.sessions import Session
from labelround.errors import LabelroundError

THREADS = 2
LONGEST_PAUSE_SECONDS = 600.0
CPU_SHARE = 0.01
JITTER = 0.1
IDLE_POLLS = 3
"""After so many polls in a row in which nobody asks for a poller or waits for a job of it, it is dropped."""
_log = logging.getLogger(__name__)


@dataclass
class Pollers:
    """The pollers by session. `interval` is in seconds; `wake` is called with every round that has to look again."""

    interval: float
    wake: Callable[[RoundKey], None]
    metrics: Metrics
    _pollers: dict[Hashable, JobPoller] = field(default_factory=dict)
    _idle: dict[Hashable, int] = field(default_factory=dict)
    _queue: WorkQueue[Hashable] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._queue = WorkQueue(first_retry=2 * self.interval, longest_retry=LONGEST_PAUSE_SECONDS)

    def of(self, session: Session) -> JobPoller:
        """The session's poller, which goes on with a session that was remade."""
        with self._lock:
            self._idle[session.key] = 0
            poller = self._pollers.get(session.key)
            if poller is None:
                poller = self._pollers[session.key] = JobPoller(MeteredAPI(session.api, self.metrics), self.wake)
                self._queue.add(session.key, self._jittered(self.interval))
            else:
                poller.api = MeteredAPI(session.api, self.metrics)
            return poller

    def forget(self, key: RoundKey) -> None:
        """The round has ended, or is gone."""
        with self._lock:
            pollers = list(self._pollers.values())
        for poller in pollers:
            poller.forget(key)

    def start(self) -> None:
        """Poll from now on, until `close`."""
        for number in range(THREADS):
            threading.Thread(target=self._work, name=f"poller-{number}", daemon=True).start()

    def close(self) -> None:
        """Poll no more."""
        self._queue.close()

    def _work(self) -> None:
        while (key := self._queue.take()) is not None:
            try:
                self._poll(key)
            except Exception:  # noqa: BLE001 a poller must not end
                _log.exception("a poll failed")
                self._queue.retry(key)
            finally:
                self._queue.done(key)

    def _poll(self, key: Hashable) -> None:
        """Poll once. The pause before the next one keeps the poller below its share of the processor."""
        poller = self._pollers[key]
        try:
            spent = poller.poll()
        except LabelroundError as error:
            delay = self._queue.retry(key)
            _log.warning("the labeling jobs could not be listed, next in %.0f s: %s", delay, error)
            return
        self._queue.succeeded(key)
        if self._dropped(key, poller):
            return
        pause = min(max(self.interval, spent / CPU_SHARE), LONGEST_PAUSE_SECONDS)
        self._queue.add(key, self._jittered(pause))

    def _dropped(self, key: Hashable, poller: JobPoller) -> bool:
        """Drop a poller that has been idle for long, with the session behind it."""
        with self._lock:
            self._idle[key] = self._idle[key] + 1 if poller.is_idle() else 0
            if self._idle[key] < IDLE_POLLS or not poller.drop():
                return False
            del self._pollers[key], self._idle[key]
            return True

    @staticmethod
    def _jittered(seconds: float) -> float:
        """Around `seconds`, so that the pollers of many operators do not march in step."""
        return seconds * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 no secret
