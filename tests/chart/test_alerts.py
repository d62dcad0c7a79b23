"""The alerts: each fires for what it tells and for nothing else, knows its metrics, and leads to its runbook."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.helm import CHART, REPOSITORY, Helm, named
from tests.chart.prometheus import program, series_of_the_operator
from tests.cluster.fixtures import shown

ALERTS = CHART / "files" / "alerts.yaml"
RUNBOOKS = REPOSITORY / "docs" / "runbooks"
WRITTEN = "https://github.com/labelround/labelround/blob/main/docs/runbooks/"
RULES = {
    rule["alert"]: rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]
}
METRICS = (REPOSITORY / "docs" / "metrics.md").read_text("utf-8")
UP = {'labelround_build_info{job="operator", instance="a", version="1"}': "1x600"}


@dataclass(frozen=True)
class Case:
    """Series in promtool's notation, a sample a minute, and the alerts that fire after `minutes`: labels to summary."""

    alert: str
    series: dict[str, str]
    minutes: int
    fires: dict[tuple[str, ...], str] = field(default_factory=dict)


def rounds(phase: str, values: str, namespace: str = "team-a") -> dict[str, str]:
    return {f'labelround_rounds{{job="operator", instance="a", namespace="{namespace}", phase="{phase}"}}': values}


def calls(code: str, values: str, operation: str = "ListLabelingJobs") -> dict[str, str]:
    labels = f'instance="a", service="sagemaker", operation="{operation}", code="{code}"'
    return {f"labelround_api_requests_total{{{labels}}}": values}


def passes(result: str, values: str) -> dict[str, str]:
    return {f'labelround_reconcile_total{{instance="a", result="{result}"}}': values}


TEAM = ("namespace=team-a",)
LAST_PROGRESS = 'labelround_round_last_progress_timestamp_seconds{namespace="team-a", name="pens-1"}'
CASES = {
    "an operator that was never there": Case(
        "LabelroundOperatorAbsent", {}, 11, {(): "No labelround operator is scraped."}
    ),
    "an operator that is gone": Case(
        "LabelroundOperatorAbsent",
        {"labelround_build_info": "1x10 _x60"},
        60,
        {(): "No labelround operator is scraped."},
    ),
    "an operator that is there": Case("LabelroundOperatorAbsent", UP, 60),
    "an operator that is replaced": Case(
        "LabelroundOperatorAbsent",
        {"labelround_build_info{pod='a'}": "1x10 _x50", "labelround_build_info{pod='b'}": "_x18 1x42"},
        30,
    ),
    "an operator that starts again and again": Case(
        "LabelroundOperatorRestarts",
        {**UP, 'process_start_time_seconds{job="operator", instance="a"}': "0x9 600x9 1200x9 1800x9 2400x30"},
        59,
        {("job=operator", "instance=a"): "The operator a was started 4 times within an hour."},
    ),
    "an operator that was upgraded": Case(
        "LabelroundOperatorRestarts",
        {**UP, 'process_start_time_seconds{job="operator", instance="a"}': "0x9 600x60"},
        59,
    ),
    "another program that starts again and again": Case(
        "LabelroundOperatorRestarts",
        {**UP, 'process_start_time_seconds{job="other", instance="a"}': "0x9 600x9 1200x9 1800x9 2400x30"},
        59,
    ),
    "rounds that wait for a person": Case(
        "LabelroundRoundStalled",
        rounds("Stalled", "2x60") | rounds("Labeling", "5x60", "team-b"),
        20,
        {TEAM: "Rounds of team-a that wait for a person: 2."},
    ),
    "a round that was stalled for a moment": Case("LabelroundRoundStalled", rounds("Stalled", "1x5 _x60"), 20),
    "the first round that fails": Case(
        "LabelroundRoundFailed",
        rounds("Failed", "_x180 1x60"),
        190,
        {TEAM: "Rounds of team-a that have failed within the last hour: 1."},
    ),
    "another round that fails": Case(
        "LabelroundRoundFailed",
        rounds("Failed", "3x180 4x60"),
        190,
        {TEAM: "Rounds of team-a that have failed within the last hour: 1."},
    ),
    "rounds that failed long ago": Case("LabelroundRoundFailed", rounds("Failed", "3x400"), 390),
    "rounds that failed long ago, after a start of the operator": Case(
        "LabelroundRoundFailed", rounds("Failed", "3x180 _x20 3x60"), 210
    ),
    "a failed round that was deleted": Case("LabelroundRoundFailed", rounds("Failed", "3x180 2x60"), 190),
    "a round in which nothing moves": Case(
        "LabelroundRoundIdle",
        {LAST_PROGRESS: "0x4500"},
        4400,
        {
            ("namespace=team-a", "name=pens-1"): "Nothing has moved in the round team-a/pens-1 for 3d 1h 20m 0s.",
        },
    ),
    "a round in which an image was labeled yesterday": Case(
        "LabelroundRoundIdle",
        {LAST_PROGRESS: "0+60x3000 180000x1500"},
        4400,
    ),
    "a labeling API that fails now and then": Case(
        "LabelroundAPIErrors",
        calls("ok", "0+80x60") | calls("Unavailable", "0+20x60"),
        50,
        {
            ("service=sagemaker", "operation=ListLabelingJobs"): "20% of the calls ListLabelingJobs of sagemaker fail.",
        },
    ),
    "a call that fails once in a while": Case(
        "LabelroundAPIErrors", calls("ok", "0+99x60") | calls("Unavailable", "0+1x60"), 50
    ),
    "answers that are no errors": Case(
        "LabelroundAPIErrors",
        calls("ok", "0+1x60") | calls("ObjectAbsent", "0+50x60") | calls("NameInUse", "0+50x60"),
        50,
    ),
    "a store that is away": Case(
        "LabelroundServiceUnavailable",
        passes("ok", "0+2x60") | passes("unavailable", "0+6x60"),
        50,
        {(): "75% of all passes end at a service that does not answer."},
    ),
    "a store that was away for some rounds": Case(
        "LabelroundServiceUnavailable", passes("ok", "0+6x60") | passes("unavailable", "0+2x60"), 50
    ),
    "a bug": Case(
        "LabelroundPassErrors",
        passes("error", "0x30 5x30"),
        35,
        {(): "Passes over rounds that ended in an unexpected error: 5."},
    ),
    "a bug of yesterday": Case("LabelroundPassErrors", passes("error", "5x60"), 35),
    "rounds that wait for a worker": Case(
        "LabelroundQueueOld",
        {
            'labelround_queue_oldest_seconds{instance="a"}': "90x60",
            'labelround_queue_oldest_seconds{instance="b"}': "0x60",
        },
        15,
        {(): "A round has waited 1m 30s for a worker of the operator."},
    ),
    "a burst of rounds": Case("LabelroundQueueOld", {"labelround_queue_oldest_seconds": "90x5 0x60"}, 15),
    "labeling jobs that were left": Case(
        "LabelroundLabelingJobsLeft",
        {'labelround_abandoned_total{instance="a"}': "0x60 2x60"},
        90,
        {(): "Deleted rounds whose labeling jobs may still run: 2."},
    ),
    "labeling jobs that were left last week": Case(
        "LabelroundLabelingJobsLeft", {"labelround_abandoned_total": "2x200"}, 190
    ),
}


@pytest.fixture(scope="module")
def tool(request: pytest.FixtureRequest) -> Path:
    """promtool itself."""
    with shown(request):
        return program("promtool")


def run(tool: Path, *words: str | Path) -> str:
    """What promtool says; it must be content."""
    ended = subprocess.run([tool, *words], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_prometheus_takes_the_rules(tool: Path) -> None:
    """Every expression and every template in them, and nothing that its linter finds."""
    told = run(tool, "check", "rules", "--lint=all", "--lint-fatal", ALERTS)

    assert f"SUCCESS: {len(RULES)} rules found" in told


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_alert_fires_for_what_it_tells_alone(tool: Path, case: Case, tmp_path: Path) -> None:
    """With its labels, and in words that a person understands."""
    rule = RULES[case.alert]
    expected = [
        {
            "exp_labels": rule["labels"] | dict(label.split("=") for label in labels),
            "exp_annotations": rule["annotations"] | {"summary": summary},
        }
        for labels, summary in case.fires.items()
    ]
    checked = {"eval_time": f"{case.minutes}m", "alertname": case.alert, "exp_alerts": expected}
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    test = {"interval": "1m", "input_series": series, "alert_rule_test": [checked]}
    file = tmp_path / "test.yaml"
    file.write_text(
        yaml.safe_dump({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": [test]}), "utf-8"
    )

    told = run(tool, "test", "rules", file)

    assert "SUCCESS" in told


def test_every_alert_is_seen_to_fire_and_to_be_silent() -> None:
    """The table above has both for each."""
    assert {case.alert for case in CASES.values() if case.fires} == set(RULES)
    assert {case.alert for case in CASES.values() if not case.fires} == set(RULES)


def test_every_alert_has_its_runbook_and_its_row() -> None:
    """And there is no runbook without an alert."""
    rows = re.findall(r"^\| \[(\w+)\]\(runbooks/\1\.md\) \| (\w+) \|", METRICS, re.MULTILINE)

    assert {path.stem for path in RUNBOOKS.glob("*.md")} == set(RULES)
    assert [rule["annotations"]["runbook_url"] for rule in RULES.values()] == [f"{WRITTEN}{name}.md" for name in RULES]
    assert rows == [(name, rule["labels"]["severity"]) for name, rule in RULES.items()]


@pytest.mark.parametrize("name", RULES)
def test_a_runbook_says_what_it_means_and_where_to_look(name: str) -> None:
    """Whoever is woken reads no more than this."""
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")

    assert text.startswith(f"# {name}\n\n**What it means.** ")
    assert "**Look**" in text


def test_the_alerts_name_no_metric_that_the_operator_lacks() -> None:
    """Nor a label: each selector finds something among the operator's own series, but for the values of labels."""
    known = series_of_the_operator()

    for name, rule in RULES.items():
        for metric in re.findall(r"\b(?:labelround|process)_\w+", rule["expr"]):
            assert metric in known, name
        for labels in re.findall(r"\b(\w+)(?:=|!=|=~|!~)\"", rule["expr"]):
            assert any(labels in each for each in known.values()), name


def test_the_chart_makes_a_rule_of_them(helm4: Helm) -> None:
    """With the labels and the place of the runbooks that the values name."""
    rule = named(helm4.rendered("full"), "PrometheusRule", "labels-east-operator")

    made: list[dict[str, Any]] = [each for group in rule["spec"]["groups"] for each in group["rules"]]

    assert [each["expr"] for each in made] == [each["expr"] for each in RULES.values()]
    assert {each["labels"]["team"] for each in made} == {"platform"}
    assert [each["annotations"]["runbook_url"] for each in made] == [
        f"https://runbooks.example.org/labelround/{name}.md" for name in RULES
    ]
