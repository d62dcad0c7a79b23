"""Nothing that goes wrong with a round in a soak is overlooked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.operator.soak.evidence import Evidence
from tests.operator.soak.judgement import posted_too_often, problems
from tests.operator.soak.plan import Life

from labelround.cluster.api import Object
from labelround.controller.deletion import FINALIZER

UID = "0a1b2c3d"
JOB = "pens-0a1b2c3d"


def round_in(phase: str = "Succeeded", reason: str = "DatasetReady", *, uid: str = UID, held: bool = False) -> Object:
    return {
        "metadata": {"name": "pens", "uid": uid, "finalizers": [FINALIZER] if held else []},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Succeeded", "reason": reason}],
            "labelingJobs": [{"name": JOB}],
        },
    }


def labeling_job(status: str = "Completed", name: str = JOB) -> dict[str, Any]:
    return {"LabelingJobName": name, "LabelingJobStatus": status}


def conversion(succeeded: int | None = 1) -> Object:
    return {"metadata": {"name": f"{JOB}-convert", "uid": "job"}, "status": {"succeeded": succeeded}}


def pods(*phases: str) -> dict[str, list[Object]]:
    return {"job": [{"status": {"phase": phase}} for phase in phases]}


def told(*reasons: str) -> dict[str, list[Object]]:
    return {UID: [{"type": "Normal", "reason": reason, "message": f"it is {reason}"} for reason in reasons]}


def rounds(*, twin: Object | None = None, **named: Any) -> Mapping[str, Object]:
    return {"pens": round_in(**named)} | ({"pens-twin": twin} if twin else {})


RIGHT = Evidence(
    rounds=rounds(),
    jobs={UID: [labeling_job()]},
    conversions={UID: [conversion()]},
    pods=pods("Failed", "Succeeded"),
    events=told("Preparing", "Labeling", "DatasetReady"),
    created={JOB: 1},
)
IN_USE = round_in("Stalled", "PrefixInUse", uid="twin")


def found(life: Life, evidence: Evidence) -> list[str]:
    return problems({"pens": life}, {"pens": [UID]}, evidence)


@pytest.mark.parametrize(
    ("life", "changes"),
    [
        pytest.param(Life.ORDINARY, {}, id="a success"),
        pytest.param(Life.STOPPED, {"rounds": rounds(phase="Failed", reason="NothingLabeled")}, id="a stop too early"),
        pytest.param(Life.DELETED, {"rounds": {}, "jobs": {UID: [labeling_job("Stopped")]}}, id="a deletion"),
        pytest.param(Life.TWINS, {"rounds": rounds(twin=IN_USE)}, id="one of two over one prefix"),
        pytest.param(Life.REFUSED, {"rounds": rounds(phase="Stalled", reason="NotAllowed")}, id="a refusal"),
        pytest.param(
            Life.ORDINARY,
            {"events": told("DatasetReady", "DatasetReady"), "overtaken": {"pens": 1}},
            id="an overtaking",
        ),
        pytest.param(
            Life.ORDINARY,
            {"events": told("DatasetReady", "ServiceUnavailable"), "overtaken": {"pens": 1}},
            id="a late word of another leader",
        ),
        pytest.param(Life.ORDINARY, {"events": told("Labeling"), "untold": frozenset({UID})}, id="an Event refused"),
    ],
)
def test_what_is_right_is_let_be(life: Life, changes: Mapping[str, Any]) -> None:
    """Whatever end the life of a round has."""
    assert found(life, replace(RIGHT, **changes)) == []


@pytest.mark.parametrize(
    ("life", "changes", "words"),
    [
        (Life.ORDINARY, {"rounds": {}}, "is not there"),
        (Life.ORDINARY, {"rounds": rounds(phase="Labeling", reason="Labeling")}, "Labeling"),
        (Life.ORDINARY, {"rounds": rounds(phase="Failed", reason="LabelingFailed")}, "Failed, LabelingFailed"),
        (Life.ORDINARY, {"rounds": rounds(held=True)}, "not let go"),
        (Life.STOPPED, {"rounds": rounds(phase="Failed", reason="ConversionFailed")}, "Failed, ConversionFailed"),
        (Life.DELETED, {}, "still there"),
        (Life.DELETED, {"rounds": {}, "jobs": {UID: [labeling_job("InProgress")]}}, f"job {JOB} is InProgress"),
        (Life.TWINS, {"rounds": rounds(twin=round_in(uid="twin"))}, "Succeeded and Succeeded"),
        (Life.TWINS, {"rounds": rounds()}, "Succeeded and gone"),
        (Life.REFUSED, {}, "pens (in a bucket"),
        (Life.ORDINARY, {"jobs": {}}, "its labeling jobs are []"),
        (Life.ORDINARY, {"jobs": {UID: [labeling_job(), labeling_job(name="another")]}}, "another"),
        (Life.ORDINARY, {"jobs": {**RIGHT.jobs, "": [labeling_job(name="pens-2")]}}, "labeling jobs of nobody"),
        (Life.ORDINARY, {"created": {JOB: 2}}, "was made 2 times"),
        (Life.ORDINARY, {"conversions": {}}, "its conversions are []"),
        (Life.ORDINARY, {"conversions": {UID: [conversion(), conversion()]}}, "its conversions are"),
        (Life.ORDINARY, {"conversions": {UID: [conversion(None)]}}, "its conversions are"),
        (Life.ORDINARY, {"pods": pods("Succeeded", "Succeeded")}, "the pods of its conversion"),
        (Life.ORDINARY, {"pods": pods("Succeeded", "Running")}, "the pods of its conversion"),
        (Life.ORDINARY, {"events": told("Labeling", "Labeling", "DatasetReady")}, "told twice in a row"),
        (Life.ORDINARY, {"events": told("Labeling")}, "its last Event"),
        (Life.ORDINARY, {"events": told("DatasetReady", "ServiceUnavailable")}, "its last Event"),
        (Life.DELETED, {"rounds": {}, "events": told("LabelingJobsLeft")}, "it is LabelingJobsLeft"),
    ],
)
def test_what_is_wrong_is_told(life: Life, changes: Mapping[str, Any], words: str) -> None:
    """In one sentence, which names the round or its job."""
    wrong = found(life, replace(RIGHT, **changes))

    assert len(wrong) == 1
    assert words in wrong[0]
    assert "pens" in wrong[0]


def test_a_conversion_is_made_again_only_after_a_person_has_deleted_it() -> None:
    """Nobody else makes a second one under its name."""
    assert posted_too_often({"one": 1, "two": 2}, {"two": 1}) == []
    assert posted_too_often({"one": 1, "two": 2}, {}) == ["the Job two was made 2 times"]
