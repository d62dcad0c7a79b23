"""A release changes under a round, and goes away; the rounds and what they made stay."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.chart.helm import CHART
from tests.e2e.ended import check_ended_right
from tests.e2e.installation import SYSTEM, TEAM, Installation


def test_a_release_is_upgraded_in_the_midst_of_a_round(installation: Installation, tmp_path: Path) -> None:
    """From an older chart that lacks a value; the new operator takes the round over where it is."""
    installation.install(older_chart(tmp_path))
    before = installation.operator_pods()
    installation.begin("upgraded")
    installation.wait_for("upgraded", "Labeling")

    installation.install()

    assert installation.phase("upgraded") in {"Labeling", "Queued", "Converting"}
    assert installation.operator_pods() != before
    check_ended_right(installation, "upgraded")


def test_an_uninstalled_release_leaves_rounds_and_data(installation: Installation) -> None:
    """The definition stays with every round, and the next release goes on with them."""
    installation.begin("left")
    installation.wait_for("left", "Succeeded")
    dataset = installation.objects("rounds/left/")

    installation.uninstall()

    assert installation.phase("left") == "Succeeded"
    assert installation.objects("rounds/left/") == dataset
    left = ("get", "deployment,configmap", "-n", SYSTEM, "-l", "app.kubernetes.io/name=labelround")
    assert installation.kubectl(*left) == ""
    installation.install()
    installation.kubectl("delete", "labelinground", "-n", TEAM, "left", "--timeout=60s")


def older_chart(folder: Path) -> Path:
    """The chart as it might have been a version ago: without `podLabels`, and with other annotations of its pods."""
    chart = folder / "labelround"
    shutil.copytree(CHART, chart)
    _change(chart / "Chart.yaml", r"^version: .*$", "version: 0.0.9")
    _change(chart / "values.yaml", r"^podLabels: .*$", "")
    _change(chart / "templates" / "operator" / "deployment.yaml", "checksum/settings:", "checksum/older:")
    schema = json.loads((chart / "values.schema.json").read_text("utf-8"))
    del schema["properties"]["podLabels"]
    (chart / "values.schema.json").write_text(json.dumps(schema), "utf-8")
    return chart


def _change(file: Path, pattern: str, text: str) -> None:
    changed, times = re.subn(pattern, text, file.read_text("utf-8"), flags=re.M)
    assert times == 1, f"{pattern} stands {times} times in {file.name}"
    file.write_text(changed, "utf-8")
