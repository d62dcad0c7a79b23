"""The dashboard: each of its queries finds something in what a Prometheus has scraped of a real operator."""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from tests.chart.helm import CHART, NAMESPACE, Helm, named
from tests.chart.prometheus import filled, program, running_prometheus, series_of_the_operator
from tests.cluster.access import ControlPlane
from tests.cluster.fixtures import namespace_of, shown
from tests.operator.faults import Answer, on
from tests.operator.world import World
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

FILE = CHART / "files" / "dashboard.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = {
    f"{number} {panel['title']} {target['refId']}": target
    for number, panel in enumerate(PANELS)
    for target in panel["targets"]
}
VARIABLES = {"$namespace": ".*", "$round": ".*", "$__rate_interval": "5s"}
ON_A_TARGET = {"job", "instance"}
"""Labels that Prometheus adds."""
SECONDS = 120.0
COUNTED = "increase(labelround_conversion_images_total[5s])"
"""What is there after two scrapes of a finished conversion."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An operator's time from its first moment until a round had ended, past a call that failed.

    `told` is its last page of metrics; `found` what Prometheus then answered to each query of the dashboard.
    """

    told: str
    found: Mapping[str, list[Any]]


@pytest.fixture(scope="module")
def watched(
    request: pytest.FixtureRequest,
    control_plane: ControlPlane,
    minio_server: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Watched:
    """By a Prometheus that scrapes the operator all the time."""
    namespace, folder, start = f"tests-{uuid4().hex[:12]}", tmp_path_factory.mktemp("dashboard"), time.time()
    with shown(request):
        server = program("prometheus")
    with (
        namespace_of(control_plane, namespace),
        World(control_plane, namespace, minio_server, folder, delay=2.0) as world,
        world.operator() as operator,
        running_prometheus(server, folder, f"127.0.0.1:{operator.port}") as prometheus,
    ):
        with world.fault(Answer(503), on("ListLabelingJobs"), times=5):
            world.create(world.document())
            world.wait_for_phase("pens-1", "Succeeded", "Failed", "Stalled", seconds=SECONDS)
        assert world.status("pens-1")["phase"] == "Succeeded", world.story("pens-1")
        until(lambda: prometheus.query(COUNTED, start, time.time()), "the conversion is counted")
        told, end = operator.page("/metrics")[1], time.time()
        found = {
            name: prometheus.query(filled(target["expr"], VARIABLES), start, end) for name, target in QUERIES.items()
        }
    return Watched(told, found)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_something(watched: Watched, query: str) -> None:
    """At one moment of the round's life at least, so that no panel is empty for a name that does not exist."""
    values = [float(value) for series in watched.found[query] for _, value in series["values"]]

    assert any(map(math.isfinite, values)), QUERIES[query]["expr"]


def test_the_metrics_are_written_as_prometheus_advises(watched: Watched) -> None:
    """Their names, units and help texts."""
    check = (program("promtool"), "check", "metrics")
    ended = subprocess.run(check, input=watched.told, capture_output=True, text=True, timeout=120)

    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


@pytest.mark.parametrize("target", QUERIES.values(), ids=QUERIES)
def test_a_query_names_what_the_operator_tells(target: dict[str, Any]) -> None:
    """Its metrics and their labels, also those in the legend."""
    known = series_of_the_operator()
    metrics = re.findall(r"\b(?:labelround|process|python)_\w+", target["expr"])
    labels = set().union(*(known.get(metric, set()) for metric in metrics)) | ON_A_TARGET

    grouped = {name for by in re.findall(r"\b(?:by|on) \(([^)]*)\)", target["expr"]) for name in by.split(", ")}
    selected = set(re.findall(r"\b(\w+)(?:=|!=|=~|!~)\"", target["expr"]))
    legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))

    assert metrics
    assert set(metrics) <= set(known)
    assert grouped | selected <= labels
    assert legend <= (grouped or labels)


def test_every_metric_of_ours_is_shown() -> None:
    """Or it is left out on purpose."""
    expressions = " ".join(target["expr"] for target in QUERIES.values())
    ours = {
        name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in series_of_the_operator()
    }

    absent = {name for name in ours if name.startswith("labelround_") and name not in expressions}

    assert {name for name in absent if not name.endswith("_created")} == set()


def test_every_panel_says_what_it_shows() -> None:
    """And none lies on another."""
    places = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]

    assert [panel["title"] for panel in PANELS if not panel["description"].endswith(".")] == []
    assert len(places) == len(set(places))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert max(x for x, _ in places) == 23


def test_the_data_source_and_the_rounds_are_the_viewer_s_choice() -> None:
    """Nothing of one installation is in the file, and a row is repeated for each round that is chosen."""
    variables = [each["name"] for each in DASHBOARD["templating"]["list"]]

    repeated = [panel["repeat"] for panel in DASHBOARD["panels"] if "repeat" in panel]

    assert variables == ["datasource", "namespace", "round"]
    assert repeated == ["round"]
    assert {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]} == {"${datasource}"}


def test_the_sidecar_finds_it(helm4: Helm) -> None:
    """By the Kubernetes label that it commonly looks for, with the file as it is."""
    made = helm4.rendered("minimal", "--set", "grafanaDashboard.enabled=true")

    found = named(made, "ConfigMap", "labelround-dashboard")

    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert found["metadata"]["namespace"] == NAMESPACE
    assert json.loads(found["data"]["labelround.json"]) == DASHBOARD
