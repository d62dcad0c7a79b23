"""A round that is made stays as it is, but for five fields: asked of a real API server, field by field."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.documents import FULL
from tests.cluster.fixtures import namespace_of
from tests.cluster.verdicts import Judge
from tests.spec.structural import MINIMAL, SPEC_SCHEMA, document, leaves

from labelround.cluster.api import ROUNDS
from labelround.spec.identity import MUTABLE

FIELDS = [path for path, _ in leaves(SPEC_SCHEMA) if "[]" not in path and "{}" not in path]
IMMUTABLE = [path for path in FIELDS if path[0] not in MUTABLE]
OPTIONAL = [path for path in IMMUTABLE if path[0] not in SPEC_SCHEMA["required"]]


@pytest.fixture(scope="module")
def judge(control_plane: ControlPlane) -> Iterator[Judge]:
    """An API server with the smallest round, `small`, and one that says something in every field, `full`."""
    name = f"tests-{uuid4().hex[:12]}"
    with namespace_of(control_plane, name):
        for round, spec in (("small", MINIMAL), ("full", FULL)):
            control_plane.cluster().create(ROUNDS, name, {**document(spec), "metadata": {"name": round}})
        yield Judge(control_plane, name)


def value_at(path: tuple[str, ...]) -> Any:
    value: Any = FULL
    for name in path:
        value = value[name]
    return value


def patch(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A merge patch that sets one field of the spec."""
    for name in reversed(("spec", *path)):
        value = {name: value}
    return dict(value)


def another(value: Any) -> Any:
    """Another value of its kind that the same field takes."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case list():
            return [] if isinstance(value[0], dict) else [*value, "more"]
        case dict():
            return {name: another(content) for name, content in value.items()}
    others = {"YOLO": "Darknet", "Copy": "Reference", "500m": "400m", "2": "3"}
    return others.get(value, f"{value}a" if not value.endswith("Gi") else f"{value[:-2]}.1Gi")


def is_refused(judge: Judge, round: str, path: tuple[str, ...], value: Any) -> None:
    """The API server says that the field, or the section that holds it, is immutable."""
    verdict = judge.update(round, patch(path, value))
    assert not verdict.accepted, path
    found = [text for where, text in verdict.causes if where == f"spec.{path[0]}" and "is immutable" in text]
    assert found, verdict.message


def test_the_full_round_says_something_in_every_field() -> None:
    """So nothing escapes the tests below."""
    said = [value_at(path) for path in FIELDS]

    assert None not in said


@pytest.mark.parametrize("path", IMMUTABLE, ids=".".join)
def test_a_field_cannot_be_changed(path: tuple[str, ...], judge: Judge) -> None:
    """Not even to a value that would have been fine."""
    is_refused(judge, "full", path, another(value_at(path)))


@pytest.mark.parametrize("path", [path for path in OPTIONAL if path != ("labelingJob", "adopt")], ids=".".join)
def test_a_field_cannot_be_taken_away(path: tuple[str, ...], judge: Judge) -> None:
    """Its default would take its place."""
    is_refused(judge, "full", path, None)


@pytest.mark.parametrize("path", OPTIONAL, ids=".".join)
def test_a_field_cannot_be_added(path: tuple[str, ...], judge: Judge) -> None:
    """Even when it was left out."""
    is_refused(judge, "small", path, copy.deepcopy(value_at(path)))


@pytest.mark.parametrize("name", SPEC_SCHEMA["required"])
def test_a_required_field_cannot_be_taken_away(name: str, judge: Judge) -> None:
    """It is missed."""
    verdict = judge.update("full", patch((name,), None))

    assert [text for where, text in verdict.causes if where == f"spec.{name}" and "Required value" in text]


@pytest.mark.parametrize(
    ("round", "name", "value"),
    [
        ("small", "suspend", True),
        ("full", "suspend", False),
        ("full", "suspend", None),
        ("small", "deletionPolicy", "Orphan"),
        ("full", "deletionPolicy", "Stop"),
        ("small", "ttlSecondsAfterFinished", 0),
        ("full", "ttlSecondsAfterFinished", 10),
        ("full", "ttlSecondsAfterFinished", None),
        ("small", "quality", {"maxFailedShare": 0.1}),
        ("full", "quality", {"maxFailedShare": 1, "minBoxesPerClass": None}),
        ("full", "quality", None),
        ("small", "stopLabeling", True),
        ("full", "stopLabeling", True),
    ],
)
def test_five_fields_may_change(round: str, name: str, value: Any, judge: Judge) -> None:
    """They steer a round that goes on."""
    verdict = judge.update(round, patch((name,), value))

    assert verdict.message == ""


@pytest.mark.parametrize("value", [False, None])
def test_labeling_that_was_stopped_cannot_begin_again(value: Any, judge: Judge) -> None:
    """Neither by false nor by leaving the field out."""
    verdict = judge.update("full", patch(("stopLabeling",), value))

    assert [text for where, text in verdict.causes if where == "spec.stopLabeling" and "was true" in text]


def test_labels_and_annotations_may_change(judge: Judge) -> None:
    """Only the spec is held."""
    verdict = judge.update("full", {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}})

    assert verdict.message == ""
