"""docs/metrics.md against the metrics themselves."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from labelround.controller.fleet import STATES, Fleet
from labelround.controller.metrics import RESULTS, Metrics, RoundsCollector
from labelround.controller.queue import WorkQueue

DOCUMENT = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")
SUFFIXES = {"counter": "_total", "info": "_info"}


def test_every_metric_has_its_row_and_no_other_has() -> None:
    """Names and types; an info is a gauge to Prometheus."""
    registry = CollectorRegistry()
    Metrics(registry)
    registry.register(RoundsCollector(Fleet(), WorkQueue(), lambda: 0.0, 0.0))

    made = {
        (f"{metric.name}{SUFFIXES.get(metric.type, '')}", metric.type.replace("info", "gauge"))
        for metric in registry.collect()
    }

    assert set(re.findall(r"^\| `(\w+)` \| (\w+) \|", DOCUMENT, re.MULTILINE)) == made


def test_every_result_of_a_pass_is_there_from_the_start_and_named() -> None:
    """Prometheus takes no notice of a counter that begins with 1."""
    registry = CollectorRegistry()

    Metrics(registry)

    assert [registry.get_sample_value("labelround_reconcile_total", {"result": result}) for result in RESULTS] == [
        0.0
    ] * len(RESULTS)
    (row,) = re.findall(r"^\| `labelround_reconcile_total` .*", DOCUMENT, re.MULTILINE)
    assert re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2]) == list(RESULTS)


def test_the_states_of_images_are_named() -> None:
    """In the order in which they are counted."""
    assert ", ".join(STATES) in DOCUMENT
