"""The message of a round tells its story: how far it is, what it waits for, since when, until when."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.round.scenes import (
    CONVERSION_JOB,
    START,
    Scene,
    converting,
    ended,
    failed,
    labeling,
    preparing,
    queued,
    report,
    scene,
    stalled,
    succeeded,
    suspended,
)
from tests.round.world import condition

from labelround.conditions import Phase
from labelround.decide import ConversionState, ConversionStep
from labelround.groundtruth.api import JobStatus
from labelround.observe import ObservedConversion


def on_time(stage: Scene) -> Scene:
    """The scene at a moment that a sentence can name: an hour after the labeling job was created."""
    stage.now = START
    stage.step(hours=1)
    return stage


def begun() -> Scene:
    return scene().until(Phase.LABELING)


def with_portal() -> Scene:
    stage = begun()
    stage.portal = "https://portal.example"
    return stage


def stopping() -> Scene:
    stage = labeling()
    stage.set(stop_labeling=True)
    return stage


def followed_up() -> Scene:
    stage = scene(attempts=2).until(Phase.LABELING)
    stage.label(3, failed=1)
    stage.crowd.change(status=JobStatus.COMPLETED)
    return stage


def without_note() -> Scene:
    return ended().until(Phase.QUEUED)


def in_shards() -> Scene:
    stage = ended().until(Phase.QUEUED)
    stage.convert(ConversionState.RUNNING, shards=12, done=7)
    return stage


def indexing() -> Scene:
    stage = ended().until(Phase.QUEUED)
    stage.convert(ConversionState.RUNNING, shards=12, step=ConversionStep.INDEX)
    return stage


def finishing() -> Scene:
    stage = ended().until(Phase.QUEUED)
    stage.convert(ConversionState.RUNNING, shards=12, done=12, step=ConversionStep.FINISH, note="it has no pod yet")
    return stage


def with_failures() -> Scene:
    stage = ended().until(Phase.QUEUED)
    stage.convert(ConversionState.DONE, report=report(labeled=3, empty=1, failed=1))
    return stage


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        pytest.param(scene, "listing the images and writing the manifest", id="a new round"),
        pytest.param(
            preparing, "CreateLabelingJob waits for a quota that frees itself (20 jobs)", id="a quota is reached"
        ),
        pytest.param(begun, "waiting for workers; 0 of 5 images labeled", id="nobody has labeled yet"),
        pytest.param(
            with_portal,
            "waiting for workers at https://portal.example; 0 of 5 images labeled",
            id="there is a portal",
        ),
        pytest.param(
            labeling,
            "waiting for workers; 3 of 5 images labeled, 1 failed; last progress 2026-11-24T11:00:00Z;"
            " at this pace done 2026-11-24T11:20:00Z",
            id="some are labeled",
        ),
        pytest.param(
            stopping, "stopping the labeling jobs as asked; 3 of 5 images labeled, 1 failed", id="labeling is stopped"
        ),
        pytest.param(
            followed_up, "asking again for what is not labeled; 3 of 5 images labeled, 1 failed", id="a follow-up"
        ),
        pytest.param(
            suspended,
            "suspended; set spec.suspend to false to go on; 3 of 5 images labeled, 1 failed",
            id="suspended",
        ),
        pytest.param(ended, "5 of 5 images labeled", id="the conversion starts"),
        pytest.param(
            without_note, f"the conversion Job {CONVERSION_JOB} is queued; 5 of 5 images labeled", id="queued"
        ),
        pytest.param(
            queued,
            f"the conversion Job {CONVERSION_JOB} is queued: its Job waits in the queue vision; 5 of 5 images labeled",
            id="queued for a reason",
        ),
        pytest.param(
            converting,
            f"converting in the Job {CONVERSION_JOB}: its pod cannot start (ImagePullBackOff); 5 of 5 images labeled",
            id="the pod cannot start",
        ),
        pytest.param(
            indexing,
            f"indexing in the Job {CONVERSION_JOB}, 0 of 12 shards done; 5 of 5 images labeled",
            id="indexing",
        ),
        pytest.param(
            finishing,
            f"finishing in the Job {CONVERSION_JOB}, 12 of 12 shards done: it has no pod yet; 5 of 5 images labeled",
            id="finishing",
        ),
        pytest.param(
            in_shards,
            f"converting in the Job {CONVERSION_JOB}, 7 of 12 shards done; 5 of 5 images labeled",
            id="converting in shards",
        ),
        pytest.param(stalled, f"the Job {CONVERSION_JOB} has failed; delete it", id="the conversion is blocked"),
        pytest.param(succeeded, "5 images and 7 boxes in the dataset", id="succeeded"),
        pytest.param(with_failures, "4 images and 7 boxes in the dataset, 1 image failed", id="succeeded in part"),
        pytest.param(failed, "labeling failed: ClientError: the role cannot be assumed", id="labeling failed"),
    ],
)
def test_the_message_tells_the_story(stage: Callable[[], Scene], told: str) -> None:
    """What `kubectl describe`, an Event and `labelround status` show."""
    status = on_time(stage()).status

    assert condition(status, "Succeeded")["message"] == told


def test_the_way_tells_who_labels_and_since_when_nothing_moved() -> None:
    """`Labeled` names the team, and the moment of the last progress even before the first label."""
    stage = begun()
    since = stage.status["lastProgressTime"]

    stage.step(days=3)

    told = condition(stage.status, "Labeled")["message"]
    assert told == f"0 of 5 images labeled; by the workteam penguins; last progress {since}"


def test_empty_images_count_as_labeled_in_every_phase() -> None:
    """A report counts them apart, a labeling job does not."""
    stage = converting()
    stage.converter.seen = ObservedConversion(ConversionState.RUNNING, report(labeled=4, empty=1))

    status = stage.step().status

    assert status["progress"] == "5/5"
    assert condition(status, "Succeeded")["message"] == "5 of 5 images labeled"
    assert condition(status, "Labeled")["message"] == "5 of 5 images labeled"


@pytest.mark.parametrize(
    ("stage", "kind", "status", "reason"),
    [
        pytest.param(stalled, "Converted", "False", "ConversionBlocked", id="blocked"),
        pytest.param(queued, "Converted", "False", "Converting", id="queued"),
        pytest.param(succeeded, "Converted", "True", "DatasetReady", id="succeeded"),
        pytest.param(labeling, "ManifestReady", "True", "Written", id="labeling"),
        pytest.param(failed, "Labeled", "False", "NothingLabeled", id="failed"),
        pytest.param(converting, "Labeled", "True", "AllLabeled", id="converting"),
    ],
)
def test_the_way_is_told_condition_by_condition(
    stage: Callable[[], Scene], kind: str, status: str, reason: str
) -> None:
    """One question each: is the manifest there, is it labeled, is it converted."""
    told = condition(on_time(stage()).status, kind)

    assert (told["status"], told["reason"]) == (status, reason)
