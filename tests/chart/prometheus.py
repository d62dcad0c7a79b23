"""promtool, and the series that an operator gives Prometheus."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, ProcessCollector
from tests.chart.helm import built

from labelround.cluster.api import Object
from labelround.controller.fleet import Fleet
from labelround.controller.keys import RoundKey
from labelround.controller.metrics import Metrics, RoundsCollector
from labelround.controller.queue import WorkQueue


def promtool() -> Path:
    """The program. Skips with the way to get it when it is not to be had, and fails in CI."""
    return built("promtool.sh")


def series_of_the_operator() -> dict[str, set[str]]:
    """Each series of an operator that knows a round, with the names of its labels."""
    registry, fleet = CollectorRegistry(), Fleet()
    ProcessCollector(registry=registry)
    metrics = Metrics(registry)
    metrics.reconciles.labels("ok").inc()
    metrics.requests.labels("sagemaker", "ListLabelingJobs", "ok").inc()
    metrics.request_duration.labels("sagemaker", "ListLabelingJobs").observe(1)
    metrics.converted_images.labels("labeled").inc()
    fleet.update(ROUND)
    queue: WorkQueue[RoundKey] = WorkQueue()
    registry.register(RoundsCollector(fleet, queue, lambda: 0.0, 0.0))
    series: dict[str, set[str]] = {}
    for family in registry.collect():
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
    return series


MOMENT = "2026-11-25T10:00:00Z"
ROUND: Object = {
    "metadata": {"namespace": "team-a", "name": "pens-1"},
    "status": {
        "phase": "Converting",
        "startTime": MOMENT,
        "lastProgressTime": MOMENT,
        "images": {"labeled": 1},
        "conversion": {"job": "pens-1-convert", "shards": 4, "done": 1},
    },
}
