"""Lists all rounds at the start and once in a while: finds what a watch has lost, and what is gone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from labelround.cluster.api import ROUNDS, Cluster, Object
from labelround.controller.keys import RoundKey
from labelround.controller.workers import Workers
from labelround.errors import LabelroundError

RETRY_SECONDS = 5.0
_log = logging.getLogger(__name__)


@dataclass
class Relister:
    """Lists the rounds of `namespaces` (none named: of all) every `interval` seconds."""

    cluster: Cluster
    workers: Workers
    namespaces: tuple[str, ...]
    interval: float
    listed: threading.Event = field(default_factory=threading.Event)

    def start(self, stop: threading.Event) -> None:
        """List from now on, until `stop` is set."""
        threading.Thread(target=self._run, args=(stop,), name="relister", daemon=True).start()

    def list_once(self) -> None:
        """List everything. The first list has whole objects, later ones their metadata alone."""
        first = not self.listed.is_set()
        before = self.workers.passes.versions.known()
        there: set[RoundKey] = set()
        for item in self._rounds(metadata_only=not first):
            key = RoundKey.of(item)
            there.add(key)
            if first:
                self.workers.seen(item)
            elif self.workers.passes.versions.is_news(key, item["metadata"]["resourceVersion"]):
                self.workers.queue.add(key)
        for key in before - there:
            self.workers.queue.add(key)  # its pass finds out whether it is gone
        self.listed.set()

    def _rounds(self, *, metadata_only: bool) -> Iterator[Object]:
        for namespace in self.namespaces or (None,):
            yield from self.cluster.list(ROUNDS, namespace, metadata_only=metadata_only)

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.list_once()
            except LabelroundError as error:
                _log.warning("the rounds could not be listed, next try in %.0f s: %s", RETRY_SECONDS, error)
                stop.wait(RETRY_SECONDS)
            except Exception:  # noqa: BLE001 whatever went wrong, the next list may find what was missed
                _log.exception("the rounds could not be listed")
                stop.wait(RETRY_SECONDS)
            else:
                stop.wait(self.interval)
