"""The operator's metrics, in a registry of their own that is passed in.

Gauges of rounds are computed from their statuses when they are scraped, and vanish with the round. A round has series
of its own while it is unfinished and for a while after its end; the others count in the totals alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from labelround import __version__
from labelround.controller.fleet import STATES, Facts, Fleet
from labelround.controller.keys import RoundKey
from labelround.controller.queue import WorkQueue

PASS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
ROUND = ("namespace", "name")
RESULTS = ("ok", "waiting", "unavailable", "changed", "gone", "error")


@dataclass(frozen=True)
class Metrics:
    """What the operator counts itself. Times are in seconds."""

    registry: CollectorRegistry
    reconcile_duration: Histogram = field(init=False)
    reconciles: Counter = field(init=False)
    requests: Counter = field(init=False)
    request_duration: Histogram = field(init=False)
    converted_images: Counter = field(init=False)
    abandoned: Counter = field(init=False)

    def __post_init__(self) -> None:
        made = {
            "reconcile_duration": Histogram(
                "labelround_reconcile_duration_seconds", "How long a pass over a round took.",
                buckets=PASS_BUCKETS, registry=self.registry,
            ),
            "reconciles": Counter(
                "labelround_reconcile", "Passes over rounds, by what they came to.", ["result"],
                registry=self.registry,
            ),
            "requests": Counter(
                "labelround_api_requests", "Calls of other services, by their answer.",
                ["service", "operation", "code"], registry=self.registry,
            ),
            "request_duration": Histogram(
                "labelround_api_request_duration_seconds", "How long calls of other services took.",
                ["service", "operation"], buckets=PASS_BUCKETS, registry=self.registry,
            ),
            "converted_images": Counter(
                "labelround_conversion_images", "Images of finished conversions, by their state.", ["state"],
                registry=self.registry,
            ),
            "abandoned": Counter(
                "labelround_abandoned",
                "Deleted rounds whose labeling jobs could not be stopped in time and may still run.",
                registry=self.registry,
            ),
        }  # fmt: skip
        for name, metric in made.items():
            object.__setattr__(self, name, metric)
        for result in RESULTS:  # from 0 on, so that Prometheus sees the first of each
            self.reconciles.labels(result)


@dataclass(frozen=True, eq=False)
class RoundsCollector(Collector):
    """The gauges of rounds and of the queue.

    `now` gives Unix seconds; a finished round has its series for `finished_for` seconds more.
    """

    fleet: Fleet
    queue: WorkQueue[RoundKey]
    now: Callable[[], float]
    finished_for: float

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("labelround_build", "The version of labelround.", {"version": __version__})
        yield from self._totals()
        yield from self._rounds()
        depth = GaugeMetricFamily("labelround_queue_depth", "Rounds that wait for a worker.")
        depth.add_metric([], self.queue.depth())
        oldest = GaugeMetricFamily(
            "labelround_queue_oldest_seconds", "How long the round that is due longest has waited for a worker."
        )
        oldest.add_metric([], self.queue.oldest())
        yield from (depth, oldest)

    def _totals(self) -> Iterator[Metric]:
        rounds = GaugeMetricFamily("labelround_rounds", "Rounds, by phase.", labels=["namespace", "phase"])
        for (namespace, phase), count in sorted(self.fleet.phases().items()):
            rounds.add_metric([namespace, phase], count)
        yield rounds

    def _rounds(self) -> Iterator[Metric]:
        images = GaugeMetricFamily("labelround_round_images", "Images of a round, by state.", labels=[*ROUND, "state"])
        boxes = GaugeMetricFamily("labelround_round_boxes", "Bounding boxes in a round's dataset.", labels=ROUND)
        suspicious = GaugeMetricFamily(
            "labelround_round_suspicious_boxes", "Boxes of it that look wrong.", labels=ROUND
        )
        shards = GaugeMetricFamily(
            "labelround_round_conversion_shards", "Shards of a round's conversion, 1 for one pod.", labels=ROUND
        )
        done = GaugeMetricFamily("labelround_round_conversion_shards_done", "Shards that are converted.", labels=ROUND)
        started = GaugeMetricFamily(
            "labelround_round_start_timestamp_seconds", "When a round was first seen.", labels=ROUND
        )
        progressed = GaugeMetricFamily(
            "labelround_round_last_progress_timestamp_seconds",
            "When a round's phase or number of labeled images last changed.", labels=ROUND,
        )  # fmt: skip
        for key, facts in self._shown():
            for state, count in zip(STATES, facts.images, strict=True):
                images.add_metric([*key, state], count)
            boxes.add_metric(key, facts.boxes)
            suspicious.add_metric(key, facts.suspicious_boxes)
            if facts.shards:
                shards.add_metric(key, facts.shards)
                done.add_metric(key, facts.shards_done)
            for metric, moment in ((started, facts.started), (progressed, facts.progressed)):
                if moment is not None:
                    metric.add_metric(key, moment)
        yield from (images, boxes, suspicious, shards, done, started, progressed)

    def _shown(self) -> Iterator[tuple[RoundKey, Facts]]:
        """The rounds with series of their own."""
        oldest = self.now() - self.finished_for
        for key, facts in self.fleet.snapshot().items():
            if facts.ended is None or facts.ended >= oldest:
                yield key, facts
