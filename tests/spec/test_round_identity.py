"""Which edits keep a round the same round."""

from __future__ import annotations

from typing import Any

import pytest
from tests.spec.structural import MINIMAL, document

from labelround.spec.parse import changed_fields, parse_round
from labelround.spec.schema import SPEC

MUTABLE: dict[str, Any] = {
    "quality": {"maxFailedShare": 0.1},
    "suspend": True,
    "stopLabeling": True,
    "deletionPolicy": "Orphan",
    "ttlSecondsAfterFinished": 60,
}
CHANGES: dict[str, dict[str, Any]] = {
    "spec.bucket": {"bucket": "other"},
    "spec.imagesPrefix": {"imagesPrefix": "bounding_box/photos"},
    "spec.labels": {"labels": ["pen", "pencil"]},
    "spec.outputFormat": {"outputFormat": "Darknet"},
    "spec.prefix": {"prefix": "other", "outputPrefix": "bounding_box/yolo_annot_files"},
    "spec.outputPrefix": {"outputPrefix": "bounding_box/dataset"},
    "spec.attempts": {"attempts": 2},
    "spec.labelingJob.workersPerImage": {"labelingJob": {"workersPerImage": 3}},
    "spec.labelingJob.instructions.short": {"labelingJob": {"instructions": {"short": "x"}}},
    "spec.labelingJob.tags": {"labelingJob": {"tags": {"team": "vision"}}},
    "spec.dataset.split.seed": {"dataset": {"split": {"seed": 1}}},
    "spec.dataset.images": {"dataset": {"images": "Copy"}},
}
SAME: dict[str, dict[str, Any]] = {
    "defaults written out": {"attempts": 1, "labelingJob": {"workersPerImage": 1}, "dataset": {"previews": 20}},
    "derived folders written out": {"prefix": "bounding_box", "outputPrefix": "bounding_box/yolo_annot_files/"},
    "a folder without its slash": {"imagesPrefix": "bounding_box/images"},
    "how pods run": {"conversion": {"parallelism": 3}},
}


def _uid(spec: dict[str, Any], **metadata: str) -> str:
    return parse_round(document(spec) | {"metadata": {"name": "pens-1"} | metadata}).uid


@pytest.mark.parametrize("fields", [*SAME.values(), *({name: value} for name, value in MUTABLE.items())])
def test_a_local_uid_stays_when_the_work_stays(fields: dict[str, Any]) -> None:
    """Neither what may change nor what is only written differently makes another round."""
    assert _uid(MINIMAL | fields) == _uid(MINIMAL)


@pytest.mark.parametrize("fields", CHANGES.values(), ids=CHANGES)
def test_a_local_uid_changes_with_the_work(fields: dict[str, Any]) -> None:
    """Other work in the same place is another round."""
    assert _uid(MINIMAL | fields) != _uid(MINIMAL)


def test_a_local_uid_changes_with_the_name_alone() -> None:
    """A new name is a new round; the namespace means nothing on one machine."""
    assert _uid(MINIMAL, name="pens-2") != _uid(MINIMAL)
    assert _uid(MINIMAL, namespace="other") == _uid(MINIMAL)


def test_a_local_uid_is_the_same_in_every_process() -> None:
    """It names jobs that outlive the process, so it must never drift."""
    assert _uid(MINIMAL) == "4078c667bd1e787cd5f7deb1b202f4a0"


@pytest.mark.parametrize(("path", "fields"), CHANGES.items(), ids=CHANGES)
def test_a_changed_immutable_field_is_named(path: str, fields: dict[str, Any]) -> None:
    """With its full path, in both directions."""
    assert changed_fields(MINIMAL, MINIMAL | fields) == (path,)
    assert changed_fields(MINIMAL | fields, MINIMAL) == (path,)


@pytest.mark.parametrize("fields", [fields for name, fields in SAME.items() if name != "how pods run"])
def test_another_way_to_write_the_same_is_no_change(fields: dict[str, Any]) -> None:
    """Defaults are resolved before comparing."""
    assert changed_fields(MINIMAL, MINIMAL | fields) == ()


@pytest.mark.parametrize(("name", "value"), MUTABLE.items())
def test_what_may_change_may_change(name: str, value: Any) -> None:
    """The mutable fields are never named."""
    assert changed_fields(MINIMAL, MINIMAL | {name: value}) == ()


def test_labeling_cannot_be_unstopped() -> None:
    """A stopped labeling job never starts again."""
    assert changed_fields(MINIMAL | {"stopLabeling": True}, MINIMAL) == ("spec.stopLabeling",)


def test_every_field_is_immutable_or_one_of_five() -> None:
    """A new field of the spec is immutable unless somebody decides otherwise."""
    assert set(MUTABLE) < set(SPEC.fields)
    assert {path.split(".")[1] for path in CHANGES} == set(SPEC.fields) - set(MUTABLE) - {"conversion"}
    assert changed_fields(MINIMAL, MINIMAL | {"conversion": {"parallelism": 3}}) == ("spec.conversion.parallelism",)
