"""Whatever a service, a storage or a cluster says: a pass ends with a status, and says who has to act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.round.scenes import Scene, ended, labeling, scene
from tests.round.world import condition

from labelround.cluster.api import RequestRefused
from labelround.errors import (
    Conflict,
    Failed,
    InvalidInput,
    LabelroundError,
    ObjectExists,
    ObjectNotFound,
    Problem,
    StorageDenied,
    StorageError,
    StorageFull,
    Unavailable,
)
from labelround.groundtruth.errors import JobAbsent, NameInUse, translate
from labelround.local import LocalRunner, RecordFile
from labelround.reconcile import Result
from labelround.trouble import needs_a_person, reason_of

WHERE = "s3://pictures/pens/manifest.json"
TROUBLES: dict[str, tuple[LabelroundError, str, bool]] = {
    "a foreign claim": (Conflict("PrefixInUse", "it belongs to pens-0"), "PrefixInUse", True),
    "wrong input": (InvalidInput([Problem("spec", "is wrong")]), "InvalidInput", True),
    "a denied object": (StorageDenied(WHERE, "access denied", "check the permissions"), "AccessDenied", True),
    "a bucket that is not there": (ObjectNotFound(WHERE, "the bucket does not exist"), "ObjectNotFound", True),
    "a refused request": (RequestRefused("jobs.batch is forbidden", 403), "Refused", True),
    "a failure of another kind": (Failed("it cannot be"), "Refused", True),
    "a service that is away": (Unavailable("timed out"), "ServiceUnavailable", False),
    "a quota": (translate("CreateLabelingJob", "ResourceLimitExceeded", "20 jobs"), "QuotaReached", False),
    "a full disk": (StorageFull(WHERE, "the disk is full"), "StorageUnavailable", False),
    "a storage that answers nonsense": (StorageError(WHERE, "500"), "StorageUnavailable", False),
    "an object that came in between": (ObjectExists(WHERE, "is already there"), "StorageUnavailable", False),
    "a job that went in between": (JobAbsent("no such job"), "ServiceUnavailable", False),
    "a name that was taken in between": (NameInUse("taken"), "ServiceUnavailable", False),
}


def every_error() -> Iterator[type[LabelroundError]]:
    """The whole tree, as far as it is loaded."""
    waiting = [LabelroundError]
    while waiting:
        kind = waiting.pop()
        yield kind
        waiting += kind.__subclasses__()


def look_in_trouble(error: LabelroundError) -> Result:
    stage = labeling()
    stage.step()
    stage.crowd.trouble = error
    return stage.step()


def act_in_trouble(error: LabelroundError) -> Result:
    stage = ended()
    stage.converter.refusal = error
    return stage.step()


@pytest.mark.parametrize(("error", "reason", "stalls"), TROUBLES.values(), ids=TROUBLES)
def test_a_trouble_has_its_reason_and_says_whether_a_person_is_needed(
    error: LabelroundError, reason: str, stalls: bool
) -> None:
    """When the world is looked at and when something is done."""
    results = [look_in_trouble(error), act_in_trouble(error)]

    for result in results:
        assert result.error is error
        summary = condition(result.status, "Succeeded")
        assert (summary["status"], summary["reason"], summary["message"]) == ("Unknown", reason, str(error))
        assert condition(result.status, "Stalled")["status"] == str(stalls)
        assert condition(result.status, "Reconciling")["status"] == str(not stalls)
        assert (result.status["phase"] == "Stalled") is stalls


def test_no_error_of_ours_leaves_a_pass() -> None:
    """Every class of the tree, made without its arguments, when looking and when acting."""
    errors = [kind.__new__(kind) for kind in every_error() if not issubclass(kind, InvalidInput)]
    for error in errors:
        vars(error)["reason"] = "Reason"  # what __init__ of some would have set

    results = [came_to(error) for error in errors for came_to in (look_in_trouble, act_in_trouble)]

    assert len(results) > 20
    assert [result.error for result in results] == [error for error in errors for _ in range(2)]


def test_every_class_of_error_has_a_reason_and_a_verdict() -> None:
    """Neither is left to chance: only what may pass waits without a class of its own."""
    waiting = {kind.__name__ for kind in every_error() if not needs_a_person(kind.__new__(kind))}

    assert {"Unavailable", "StorageFull", "StorageError", "JobAbsent", "NameInUse"} <= waiting
    assert waiting.isdisjoint({"Conflict", "InvalidInput", "InvalidRound", "Failed", "StorageDenied", "ObjectNotFound"})
    assert reason_of(LabelroundError("?")) == "ServiceUnavailable"


@pytest.mark.parametrize(("error", "reason", "stalls"), TROUBLES.values(), ids=TROUBLES)
def test_a_local_run_ends_with_the_very_trouble(
    error: LabelroundError, reason: str, stalls: bool, tmp_path: Path
) -> None:
    """Message and exit code are the error's own, the record tells the reason; only Unavailable is waited for."""
    stage, pauses = ended(), list[float]()
    stage.converter.refusal = error
    runner = LocalRunner(stage.reconciler, tmp_path, 0.5, pauses.append)
    document: dict[str, Any] = {"spec": {}}

    with pytest.raises(type(error)) as raised:
        runner.run(stage.round, document)

    record = RecordFile.of(tmp_path, stage.round).read()
    assert raised.value is error
    assert condition(record.status, "Succeeded")["reason"] == reason
    assert bool(pauses) == isinstance(error, Unavailable)
    assert not (pauses and stalls)


def test_a_trouble_on_the_way_goes_on_where_it_was() -> None:
    """The conversion could not be started; the next pass starts it."""
    stage = ended()
    stage.converter.refusal = StorageFull(WHERE, "the disk is full")
    stage.step()

    stage.converter.refusal = None
    stage.step()

    assert stage.step().status["phase"] == "Queued"


def test_pictures_that_come_late_clear_the_way() -> None:
    """NoImages stalls the round until there is one."""
    stage: Scene = scene()
    for name in "abcde":
        stage.bucket.delete(f"pens/images/{name}.jpg")
    stalled = stage.step().status

    stage.bucket.write("pens/images/late.jpg", b"a picture")
    status = stage.step().status

    assert condition(stalled, "Stalled")["reason"] == "NoImages"
    assert status["phase"] == "Preparing"
