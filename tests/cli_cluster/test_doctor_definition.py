"""What the doctor finds about the API server and the definition of rounds."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli_cluster.installations import definition, version
from tests.cli_cluster.shown_rounds import ago
from tests.controller.memory_cluster import MemoryCluster

from labelround.cluster.api import CRDS
from labelround.doctor import Level
from labelround.doctor.api_server import check_api_server
from labelround.doctor.definition import check_definition, differences


@pytest.mark.parametrize(
    ("answer", "level", "told"),
    [
        (version("1", "33"), Level.OK, "v1.33.1 answers"),
        (version("1", "37+"), Level.OK, "v1.37+.1 answers"),
        (version("2", "0"), Level.OK, "v2.0.1 answers"),
        (version("1", "32"), Level.ERROR, "is v1.32.1, and labelround needs 1.33 or later"),
        (version("1", "x"), Level.WARNING, "answers, and its version was not understood: v1.x.1"),
        ("<html>", Level.ERROR, "answers with something that is no JSON; is this a Kubernetes API?"),
    ],
)
def test_the_api_server_must_answer_and_be_new_enough(answer: str, level: Level, told: str) -> None:
    """The definition needs what 1.33 has."""
    finding = check_api_server(MemoryCluster(pages={"/version": answer}))

    assert (finding.level, finding.message) == (level, told)


def test_a_missing_definition_is_an_error_with_the_command_that_installs_it() -> None:
    """Nothing works without."""
    (finding,) = check_definition(MemoryCluster())

    assert finding.level is Level.ERROR
    assert finding.fix == "labelround crd | kubectl apply --server-side -f -"


@pytest.mark.parametrize(
    ("change", "level", "told"),
    [
        (lambda crd: crd["metadata"].update(deletionTimestamp=ago()), Level.ERROR, "is being deleted"),
        (lambda crd: crd["status"].update(conditions=[]), Level.ERROR, "is not established"),
        (lambda crd: crd["spec"]["versions"][0].update(served=False), Level.ERROR, "does not serve v1alpha1"),
        (
            lambda crd: schema(crd)["spec"]["properties"]["labels"].update(maxItems=9),
            Level.ERROR,
            "differs from this labelround's in 1 place: properties.spec.properties.labels.maxItems",
        ),
        (lambda crd: schema(crd)["spec"].update(description="old words"), Level.OK, "is this labelround's own"),
        (lambda crd: crd["status"].update(storedVersions=["v0", "v1alpha1"]), Level.WARNING, "stored as v0"),
    ],
)  # fmt: skip
def test_a_definition_that_is_another_is_told(change: Callable[[Any], None], level: Level, told: str) -> None:
    """What differs is named; words that only people read do not count."""
    cluster, crd = MemoryCluster(), definition()
    change(crd)
    cluster.put(CRDS, None, crd)

    found = list(check_definition(cluster))

    assert any(finding.level is level and told in finding.message for finding in found), found


def schema(crd: Any) -> Any:
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]


def test_differences_are_paths() -> None:
    """A field called description is a field like any other."""
    expected = {"a": [1, {"b": 2}], "properties": {"description": {"type": "string"}}, "description": "x"}
    found = copy.deepcopy(expected) | {"description": "y", "c": 3}
    found["a"] = [1, {"b": 4}]
    found["properties"] = {}

    assert list(differences(expected, found)) == ["a[1].b", "properties.description", "c"]
