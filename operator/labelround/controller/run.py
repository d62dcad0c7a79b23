"""The composition root of the operator: makes every part, starts them in order and ends them in reverse."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from labelround.cluster.api import Cluster
from labelround.cluster.client import KubernetesCluster
from labelround.controller.access import Gate
from labelround.controller.fleet import Fleet
from labelround.controller.http import Pages, serving
from labelround.controller.keys import RoundKey
from labelround.controller.lease import Leadership, LeaseSettings
from labelround.controller.metering import MeteredCluster
from labelround.controller.metrics import Metrics, RoundsCollector
from labelround.controller.passes import Passes, Timing
from labelround.controller.pollers import Pollers
from labelround.controller.portals import Portals
from labelround.controller.queue import WorkQueue
from labelround.controller.relisting import Relister
from labelround.controller.sessions import Sessions
from labelround.controller.settings import OperatorSettings
from labelround.controller.versions import Versions
from labelround.controller.watching import Watch
from labelround.controller.workers import Workers
from labelround.observe import ManifestCounter

LAST_PASS_SECONDS = 20.0
LEASE_LOST_EXIT_CODE = 1
_log = logging.getLogger(__name__)


@dataclass
class Operator:
    """The parts of a running operator."""

    settings: OperatorSettings
    cluster: Cluster
    registry: CollectorRegistry
    queue: WorkQueue[RoundKey]
    pollers: Pollers
    workers: Workers
    relister: Relister
    watch: Watch
    leading: threading.Event

    def start(self, stop: threading.Event) -> None:
        """Do the work from now on, until `stop` is set and `close` is called."""
        self.leading.set()
        self.workers.start()
        self.pollers.start()
        self.relister.start(stop)
        self.watch.start(stop)

    def close(self) -> None:
        """Let the passes that are under way end, for a while."""
        self.queue.close()
        self.pollers.close()
        self.workers.join(LAST_PASS_SECONDS)
        self.watch.join(LAST_PASS_SECONDS)

    def alive(self) -> list[str]:
        """What is stuck: reason enough to start the process again."""
        return [*self.watch.silent(), *self.workers.hung()]

    def ready(self) -> list[str]:
        """What is missing before rounds are worked on. A standby is ready to take over."""
        if not self.leading.is_set() or self.relister.listed.is_set():
            return []
        return ["the rounds have not been listed yet"]


def run_operator(settings: OperatorSettings, connect: Callable[[], Any], stop: threading.Event) -> None:
    """Run until `stop` is set. `connect` makes an `ApiClient` of the kubernetes package.

    Ends the process at once when the Lease is lost: another replica may be at work already.
    """
    operator = build(settings, connect)
    pages = Pages(operator.registry, operator.alive, operator.ready)
    with serving(settings.http_host, settings.http_port, pages) as port:
        _log.info("serving /metrics, /healthz and /readyz on port %s", port)
        leadership = _leadership(settings, connect)
        if leadership is not None and not leadership.acquire(stop):
            return
        _log.info("working on rounds")
        operator.start(stop)
        stop.wait()
        _log.info("ending")
        operator.close()
        if leadership is not None:
            leadership.release()


def build(settings: OperatorSettings, connect: Callable[[], Any]) -> Operator:
    """Make all parts; nothing is started and nobody is called."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    metrics, fleet = Metrics(registry), Fleet()
    queue: WorkQueue[RoundKey] = WorkQueue(longest_retry=settings.retry_max_seconds)
    registry.register(RoundsCollector(fleet, queue, time.time, settings.finished_series_seconds))
    cluster = MeteredCluster(KubernetesCluster(connect(), read_timeout=settings.api_timeout_seconds), metrics)
    sessions = Sessions(cluster, settings)
    pollers = Pollers(settings.poll_seconds, queue.add, metrics)
    passes = Passes(
        cluster=cluster,
        gate=Gate(cluster, settings.policy, settings.cluster_name, sessions, pollers),
        timing=Timing(settings.resync_seconds, settings.retry_max_seconds, settings.deletion_patience_seconds),
        pod_settings=settings.pod_settings,
        versions=Versions(),
        fleet=fleet,
        metrics=metrics,
        clock=_now,
        portal_url=Portals().url,
        manifests=ManifestCounter(settings.max_images_per_round),
    )
    workers = Workers(passes, queue, settings.workers)
    relister = Relister(cluster, workers, settings.namespaces, settings.relist_seconds)
    watch = Watch(workers.seen, connect, settings.namespaces)
    return Operator(settings, cluster, registry, queue, pollers, workers, relister, watch, threading.Event())


def _leadership(settings: OperatorSettings, connect: Callable[[], Any]) -> Leadership | None:
    """The Lease, over a connection of its own whose calls end before the Lease does."""
    lease: LeaseSettings | None = settings.lease
    if lease is None:
        return None
    return Leadership(KubernetesCluster(connect(), read_timeout=lease.renew / 3), lease, _lost, _now)


def _lost() -> NoReturn:
    _log.critical("the lease is another replica's or could not be renewed in time; ending, so that one replica works")
    logging.shutdown()
    os._exit(LEASE_LOST_EXIT_CODE)


def _now() -> datetime:
    return datetime.now(UTC)
