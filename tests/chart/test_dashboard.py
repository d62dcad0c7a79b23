"""The dashboard: each of its queries finds something in what a real operator has told."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from tests.chart.helm import CHART, NAMESPACE, Helm, named
from tests.chart.prometheus import promtool, series_of_the_operator
from tests.cluster.access import ControlPlane
from tests.cluster.fixtures import namespace_of, shown
from tests.operator.faults import Answer, on
from tests.operator.world import World
from tests.servers.s3 import S3Server

FILE = CHART / "files" / "dashboard.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = {
    f"{number} {panel['title']} {target['refId']}": target
    for number, panel in enumerate(PANELS)
    for target in panel["targets"]
}
VARIABLES = {"$namespace": ".*", "$round": ".*", "$__rate_interval": "5m"}
ON_A_TARGET = {"job", "instance"}
"""Labels that Prometheus adds."""
PAUSE_SECONDS = 0.2

Snapshot = dict[str, float]


@pytest.fixture(scope="module")
def snapshots(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> list[Snapshot]:
    """What an operator tells from its first moment until a round has ended, past a call that fails."""
    namespace, folder, pause = f"tests-{uuid4().hex[:12]}", tmp_path_factory.mktemp("dashboard"), threading.Event()
    with (
        namespace_of(control_plane, namespace),
        World(control_plane, namespace, minio_server, folder, delay=0.5) as world,
        world.operator() as operator,
    ):
        taken = [operator.metrics()]
        with world.fault(Answer(503), on("ListLabelingJobs"), times=5):
            world.create(world.document())
            while world.status("pens-1").get("phase") not in {"Succeeded", "Failed", "Stalled"} and len(taken) < 300:
                pause.wait(PAUSE_SECONDS)
                taken.append(operator.metrics())
        taken.append(operator.metrics())
        assert world.status("pens-1")["phase"] == "Succeeded", world.story("pens-1")
    return taken


def as_series(snapshots: list[Snapshot]) -> Iterator[dict[str, str]]:
    """The snapshots in promtool's notation, as if one had been scraped a minute."""
    for name in sorted(set().union(*snapshots)):
        metric, _, labels = name.removesuffix("}").partition("{")
        target = ",".join(filter(None, [labels, 'job="labelround"', 'instance="operator"']))
        values = " ".join(str(each.get(name, "_")) for each in snapshots)
        yield {"series": f"{metric}{{{target}}}", "values": values}


def plain(expression: str) -> str:
    """An expression with Grafana's variables filled in."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def test_every_query_finds_something(request: pytest.FixtureRequest, snapshots: list[Snapshot], tmp_path: Path) -> None:
    """At one moment of the round's life at least, so that no panel is empty for a name that does not exist."""
    with shown(request):
        tool = promtool()
    minutes = len(snapshots)
    tests = [
        {
            "expr": f"count(max_over_time((count({plain(target['expr'])}))[{minutes}m:1m])) > bool 0",
            "eval_time": f"{minutes - 1}m",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for target in QUERIES.values()
    ]
    group = {"interval": "1m", "input_series": list(as_series(snapshots)), "promql_expr_test": tests}
    file = tmp_path / "test.yaml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [group]}, width=10_000), "utf-8")

    ended = subprocess.run([tool, "test", "rules", file], capture_output=True, text=True, timeout=120)

    assert ended.returncode == 0, ended.stdout + ended.stderr


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
