"""What the operator tells Prometheus."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from tests.controller.clocks import Clock
from tests.controller.labeling_stub import JobsInMemory
from tests.controller.memory_cluster import MemoryCluster

from labelround import __version__
from labelround.cluster.api import ROUNDS, ObjectAbsent
from labelround.controller.fleet import Fleet
from labelround.controller.keys import RoundKey
from labelround.controller.metering import MeteredAPI, MeteredCluster
from labelround.controller.metrics import Metrics, RoundsCollector
from labelround.controller.queue import WorkQueue
from labelround.errors import Unavailable

NOW = 1_800_000_000.0
FINISHED_FOR = 3600.0


def moment(seconds_ago: float) -> str:
    return datetime.fromtimestamp(NOW - seconds_ago, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(name: str, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "team-a"}, "status": status}


@dataclass
class Told:
    """A registry with rounds in it."""

    fleet: Fleet = field(default_factory=Fleet)
    queue: WorkQueue[RoundKey] = field(default_factory=lambda: WorkQueue(Clock()))
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.registry.register(RoundsCollector(self.fleet, self.queue, lambda: NOW, FINISHED_FOR))

    def value(self, metric: str, /, **labels: str) -> float | None:
        return self.registry.get_sample_value(metric, labels)


def test_a_round_shows_its_images_boxes_and_times() -> None:
    """As its status has them."""
    told = Told()
    told.fleet.update(
        body(
            "pens-1",
            phase="Labeling",
            images={"total": 10, "labeled": 4, "failed": 1, "unlabeled": 5},
            startTime=moment(100),
            lastProgressTime=moment(20),
        )
    )
    pens = {"namespace": "team-a", "name": "pens-1"}

    assert told.value("labelround_rounds", namespace="team-a", phase="Labeling") == 1
    assert told.value("labelround_round_images", **pens, state="labeled") == 4
    assert told.value("labelround_round_images", **pens, state="unlabeled") == 5
    assert told.value("labelround_round_boxes", **pens) == 0
    assert told.value("labelround_round_start_timestamp_seconds", **pens) == NOW - 100
    assert told.value("labelround_round_last_progress_timestamp_seconds", **pens) == NOW - 20


def test_a_conversion_shows_its_shards() -> None:
    """From its beginning on."""
    told = Told()
    told.fleet.update(body("pens-1", phase="Labeling"))
    before = told.value("labelround_round_conversion_shards", namespace="team-a", name="pens-1")

    told.fleet.update(body("pens-1", phase="Converting", conversion={"job": "x", "shards": 12, "done": 7}))

    assert before is None
    assert told.value("labelround_round_conversion_shards", namespace="team-a", name="pens-1") == 12
    assert told.value("labelround_round_conversion_shards_done", namespace="team-a", name="pens-1") == 7


def test_a_new_round_is_pending() -> None:
    """Before its first status, and without times."""
    told = Told()
    told.fleet.update(body("pens-1"))

    assert told.value("labelround_rounds", namespace="team-a", phase="Pending") == 1
    assert told.value("labelround_round_start_timestamp_seconds", namespace="team-a", name="pens-1") is None


def test_the_series_of_a_round_that_is_gone_are_gone() -> None:
    """No stale numbers of deleted objects."""
    told = Told()
    told.fleet.update(body("pens-1", phase="Labeling"))
    told.fleet.forget(RoundKey("team-a", "pens-1"))

    text = generate_latest(told.registry).decode()

    assert "pens-1" not in text


def test_a_round_that_ended_long_ago_counts_in_the_totals_alone() -> None:
    """Ten thousand finished rounds do not make eighty thousand series."""
    told = Told()
    told.fleet.update(body("old", phase="Succeeded", completionTime=moment(FINISHED_FOR + 1)))
    told.fleet.update(body("fresh", phase="Succeeded", completionTime=moment(FINISHED_FOR - 1)))

    text = generate_latest(told.registry).decode()

    assert told.value("labelround_rounds", namespace="team-a", phase="Succeeded") == 2
    assert 'name="fresh"' in text
    assert 'name="old"' not in text


def test_the_queue_shows_how_many_wait_and_for_how_long() -> None:
    """The first sign of an operator that cannot keep up."""
    clock = Clock()
    told = Told(queue=WorkQueue(clock))
    told.queue.add(RoundKey("team-a", "pens-1"))
    clock.pass_by(7.0)

    assert told.value("labelround_queue_depth") == 1
    assert told.value("labelround_queue_oldest_seconds") == 7


def test_the_version_shows() -> None:
    """Which release is it that misbehaves?"""
    assert Told().value("labelround_build_info", version=__version__) == 1


def test_calls_are_counted_by_their_answer() -> None:
    """Successes and each kind of error apart, of both services."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    api = MeteredAPI(JobsInMemory(failure=Unavailable("throttled")), metrics)
    cluster = MeteredCluster(MemoryCluster(), metrics)

    with pytest.raises(Unavailable):
        api.describe("a")
    with pytest.raises(ObjectAbsent):
        cluster.get(ROUNDS, "team-a", "pens-1")
    list(cluster.list(ROUNDS))

    def count(service: str, operation: str, code: str) -> float | None:
        labels = {"service": service, "operation": operation, "code": code}
        return registry.get_sample_value("labelround_api_requests_total", labels)

    assert count("sagemaker", "DescribeLabelingJob", "Unavailable") == 1
    assert count("kubernetes", "get labelingrounds", "ObjectAbsent") == 1
    assert count("kubernetes", "list labelingrounds", "ok") == 1
