"""The workers: they take rounds from the queue, run a pass over each, and put it back for later."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labelround.cluster.api import ObjectAbsent, ObjectChanged
from labelround.controller.deletion import FINALIZER
from labelround.controller.keys import RoundKey
from labelround.controller.passes import Passes
from labelround.controller.queue import WorkQueue
from labelround.errors import LabelroundError
from labelround.status import is_finished

HUNG_SECONDS = 900.0
_log = logging.getLogger(__name__)


@dataclass
class Workers:
    """`count` threads over one queue, and what a watch feeds into it."""

    passes: Passes
    queue: WorkQueue[RoundKey]
    count: int
    clock: Callable[[], float] = time.monotonic
    _busy: dict[RoundKey, float] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def seen(self, body: Mapping[str, Any], *, deleted: bool = False) -> None:
        """What the Kubernetes API tells of a round: a pass follows when there may be something to do.

        One that is deleted is looked at as well: it may be under work, or there again under its name.
        """
        key = RoundKey.of(body)
        if deleted:
            self.queue.add(key)
            return
        if not self.passes.versions.is_news(key, body["metadata"]["resourceVersion"]):
            return
        self.passes.fleet.update(body)
        if needs_a_pass(body):
            self.queue.add(key)

    def forget(self, key: RoundKey) -> None:
        """The round is gone from the cluster."""
        self.queue.forget(key)
        self.passes.versions.forget(key)
        self.passes.fleet.forget(key)
        self.passes.forget(key)

    def start(self) -> None:
        """Work from now on, until the queue is closed."""
        for number in range(self.count):
            thread = threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def join(self, seconds: float) -> None:
        """Wait until the passes that are under way have ended."""
        end = self.clock() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - self.clock()))

    def hung(self) -> list[str]:
        """A sentence for each round whose pass has taken far too long."""
        now = self.clock()
        return [
            f"a pass over the round {key} has been under way for {now - since:.0f} s"
            for key, since in list(self._busy.items())
            if now - since > HUNG_SECONDS
        ]

    def _work(self) -> None:
        while (key := self.queue.take()) is not None:
            self._busy[key] = self.clock()
            self.passes.versions.begin(key)
            try:
                self._pass(key)
            finally:
                del self._busy[key]
                if self.passes.versions.end(key):
                    self.queue.add(key)
                self.queue.done(key)

    def _pass(self, key: RoundKey) -> None:
        """One pass, whatever comes of it: a worker never ends, and a round is never lost."""
        metrics, result = self.passes.metrics, "ok"
        with metrics.reconcile_duration.time():
            try:
                later = self.passes.run(key)
            except ObjectAbsent:
                result = "gone"
                self.forget(key)
            except ObjectChanged:
                result = "changed"
                self.queue.retry(key)
            except LabelroundError as error:
                result = "unavailable"
                _log.warning("%s: next try in %.0f s: %s", key, self.queue.retry(key), error)
            except Exception:  # noqa: BLE001 a worker must not end
                result = "error"
                _log.exception("%s: a pass failed; next try in %.0f s", key, self.queue.retry(key))
            else:
                if later is not None and later.growing:
                    self.queue.retry(key, later.seconds)
                    result = "unavailable" if later.unavailable else "waiting"
                else:
                    self.queue.succeeded(key)
                    if later is not None:
                        self.queue.add(key, later.seconds)
        metrics.reconciles.labels(result).inc()


def needs_a_pass(body: Mapping[str, Any]) -> bool:
    """Whether there may be something to do for a round: not for one that has ended and has nothing left to tidy up."""
    metadata, status = body["metadata"], body.get("status") or {}
    return (
        not is_finished(status)
        or status.get("observedGeneration") != metadata["generation"]
        or FINALIZER in (metadata.get("finalizers") or ())
        or body["spec"].get("ttlSecondsAfterFinished") is not None
    )
