"""The values of the chart: what is taken, what is refused, and what is written about them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.helm import CHART, REPOSITORY, VALUES, Helm

KUBERNETES_OWN = {
    "global", "podSecurityContext", "securityContext", "resources", "affinity", "tolerations", "from", "egress",
    "topologySpreadConstraints", "relabelings", "metricRelabelings", "extraEnv", "extraVolumes", "extraVolumeMounts",
    "extraObjects",
}  # fmt: skip
"""Values that are checked by Kubernetes, Prometheus or Helm."""


def schema() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize("values", [None, *VALUES], ids=["no values", *VALUES])
def test_the_chart_lints(helm: Helm, values: str | None) -> None:
    """Without values as well: what is missing is told at the installation."""
    words = ("--strict", "--values", VALUES[values]) if values else ()

    ended = helm.run("lint", CHART, *words)

    assert "0 chart(s) failed" in ended.stdout
    assert "[WARNING]" not in ended.stdout


@pytest.mark.parametrize(
    ("setting", "refused"),
    {
        "of the chart": ("replica=2", "replica"),
        "in a section": ("image.tagg=1", "tagg"),
        "of the server": ("server.persistance.enabled=false", "persistance"),
        "in a setting of the operator": ("settings.worker=2", "worker"),
        "in a section of these": ("settings.retry.seconds=2", "seconds"),
        "in a backend": ("policy.backends[0].regoin=us-east-1", "regoin"),
        "in a bucket of a rule": ("policy.rules[0].buckets[0].prefix=a", "prefix"),
        "in the conversion": ("conversion.image.name=a", "name"),
        "the Lease's name, which is the chart's": ("settings.lease.name=a", "name"),
        "a number out of range": ("settings.workers=1000", "/settings/workers"),
        "a word for a number": ("replicas=two", "/replicas"),
        "a region without Ground Truth": ("policy.backends[0].region=nowhere", "/policy/backends/0/region"),
        "a region without Ground Truth for the server": ("server.region=mars-1", "/server/region"),
        "a pull policy": ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
        "a digest": ("image.digest=latest", "/image/digest"),
        "an address": ("aws.endpointURL=minio:9000", "/aws/endpointURL"),
    }.values(),
    ids=lambda value: value,
)
def test_the_schema_refuses(helm: Helm, setting: str, refused: str) -> None:
    """Typos above all, wherever they stand."""
    told = helm.refusal("--values", VALUES["minimal"], "--set", setting)

    assert "meet the specifications of the schema" in told
    assert refused in told


@pytest.mark.parametrize(
    ("setting", "told"),
    {
        "no name of the cluster": ("clusterName=", "clusterName is missing"),
        "no backend": ("policy.backends=null", "policy.backends is empty"),
        "no rule": ("policy.rules=null", "policy.rules is empty"),
        "two that work": ("replicas=2,settings.lease.enabled=false", "replicas is above 1 without a Lease"),
        "a backend that is not there": ("policy.rules[0].backend=other", "policy.rules[0].backend is other"),
        "two ways to choose namespaces": (
            "policy.rules[0].namespaces={a},policy.rules[0].namespaceSelector.matchLabels.a=b",
            "policy.rules[0] has namespaces and namespaceSelector",
        ),
        "two budgets": ("podDisruptionBudget.minAvailable=1,podDisruptionBudget.maxUnavailable=1", "keep one"),
    }.values(),
    ids=lambda value: value,
)
def test_what_no_schema_can_say_is_told_in_a_sentence(helm: Helm, setting: str, told: str) -> None:
    """Before anything is installed."""
    assert told in helm.refusal("--values", VALUES["minimal"], "--set", setting)


def test_a_selector_needs_the_right_to_read_namespaces(helm4: Helm) -> None:
    """Which an operator of a few namespaces does not have; it would not start."""
    told = helm4.refusal("--values", VALUES["server"], "--set", "watch.namespaces={team-a}")

    assert "with watch.namespaces, list namespaces" in told


def test_a_backend_has_a_name_of_its_own(helm4: Helm, tmp_path: Path) -> None:
    """Or a rule would not say which it means."""
    values = yaml.safe_load(VALUES["minimal"].read_text("utf-8"))
    values["policy"]["backends"] *= 2
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values), "utf-8")

    assert "twice: give each a name of its own" in helm4.refusal("--values", file)


def test_the_schema_knows_each_value_and_no_other() -> None:
    """A value that the schema lacks could not be set, and one that values.yaml lacks is not described."""
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))

    assert set(_missing(values, schema(), "")) == set()


def _missing(values: Any, part: dict[str, Any], path: str) -> Iterator[str]:
    if not isinstance(values, dict) or not values or "properties" not in part:
        return
    known = set(part["properties"]) - ({"global"} if not path else set())
    yield from (f"{path}.{name}" for name in known ^ set(values))
    for name in known & set(values):
        if path.split(".")[-1] not in KUBERNETES_OWN:
            yield from _missing(values[name], part["properties"][name], f"{path}.{name}")


def test_no_mapping_of_ours_takes_unknown_keys() -> None:
    """Those of Kubernetes are checked by Kubernetes."""
    assert list(_open(schema(), "")) == []


def _open(part: Any, path: str) -> Iterator[str]:
    if isinstance(part, list):
        for each in part:
            yield from _open(each, path)
    if not isinstance(part, dict) or path.rpartition("/")[2] in KUBERNETES_OWN:
        return
    if part.get("type") == "object" and "additionalProperties" not in part:
        yield path
    for name, each in part.items():
        inner = each if name in {"properties", "definitions"} else {"": each}
        for key, value in inner.items():
            yield from _open(value, f"{path}/{key}" if key else path)


def test_every_value_is_described() -> None:
    """README.md has a row for each, and the schema has the operator's own settings: `make chart` was run."""
    ended = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "chart.py", "--check"], capture_output=True, text=True
    )

    assert ended.returncode == 0, ended.stderr


def test_the_readme_s_values_are_the_shortest_of_the_tested() -> None:
    """Whoever copies them can begin."""
    readme = (CHART / "README.md").read_text("utf-8")

    example = readme.split("```yaml\n")[1].split("```")[0]

    assert yaml.safe_load(example) == yaml.safe_load(VALUES["minimal"].read_text("utf-8"))


def test_one_set_of_values_names_every_value() -> None:
    """So that every line of the templates is rendered by the tests."""
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    full = yaml.safe_load(VALUES["full"].read_text("utf-8"))
    left_out = {
        ".crds.enabled", ".rbac", ".watch", ".image.tag", ".conversion.image.digest", ".serviceAccount.create",
        ".podDisruptionBudget.minAvailable", ".podSecurityContext", ".securityContext", ".resources",
        ".metrics.service.enabled", ".server.region", ".server.resources", ".server.postgresql",
        ".server.persistence.enabled", ".server.persistence.existingClaim", ".server.persistence.accessModes",
        ".server.persistence.keep", ".server.serviceAccount.create", ".server.networkPolicy.enabled",
    }  # fmt: skip

    assert set(_unnamed(values, full, "")) == left_out


def _unnamed(values: Any, named: Any, path: str) -> Iterator[str]:
    for name, value in values.items():
        if name not in named:
            yield f"{path}.{name}"
        elif isinstance(value, dict):
            yield from _unnamed(value, named[name], f"{path}.{name}")
