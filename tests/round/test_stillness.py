"""A status moves with the round and never with the clock, and a pass that cannot look forgets nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.round.scenes import SCENES, START, Scene, converting, labeling, queued, report, scene, succeeded
from tests.round.world import condition

from labelround.conditions import Phase, rfc3339
from labelround.decide import ConversionState, ConversionStep
from labelround.errors import (
    Conflict,
    InvalidInput,
    LabelroundError,
    ObjectNotFound,
    Problem,
    StorageDenied,
    Unavailable,
)
from labelround.groundtruth.api import JobStatus

SUMMARY = ("Succeeded", "Reconciling", "Stalled")
ASIDE = ("phase", "conditions", "observedGeneration")
REQUEST = "DescribeLabelingJob: Throttling: slow down (request {}, attempt {} of 5 at {})"
FIRST = REQUEST.format("4f1c2e9a-1111-4222-8333-1234567890ab", 2, "2026-11-24T10:00:00Z")
SECOND = REQUEST.format("0d9b8c7a-9999-4888-8777-ba0987654321", 5, "2026-11-24T11:22:33.444Z")


def met(stage: Scene, trouble: LabelroundError | None) -> Scene:
    """The scene after a pass that met this trouble."""
    stage.crowd.trouble = trouble
    stage.step()
    return stage


def message(stage: Scene) -> str:
    return str(condition(stage.status, "Succeeded")["message"])


@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.value)
def test_nothing_moves_while_nothing_happens(phase: Phase) -> None:
    """Two passes, hours apart, over the same world: not a byte differs, so nothing is written."""
    stage = SCENES[phase]()
    first = stage.step().status

    second = stage.step(hours=5).status

    assert first["phase"] == phase.value
    assert second == first
    assert list(second) == list(first)


@pytest.mark.parametrize("phase", [phase for phase in Phase if not phase.is_final], ids=lambda phase: phase.value)
@pytest.mark.parametrize(
    "trouble",
    [
        Unavailable("DescribeLabelingJob: Throttling"),
        Conflict("AccessDenied", "DescribeLabelingJob was refused"),
        InvalidInput([Problem("DescribeLabelingJob", "was not understood")]),
        StorageDenied("s3://pictures/pens/manifest.json", "access denied"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_a_pass_that_cannot_look_keeps_what_was_known(phase: Phase, trouble: LabelroundError) -> None:
    """The trouble shows in the three conditions that sum up and in the phase, and nowhere else."""
    stage = SCENES[phase]()
    before = stage.step().status

    after = met(stage, trouble).status

    assert {name: after[name] for name in after if name not in ASIDE} == {
        name: before[name] for name in before if name not in ASIDE
    }
    assert [each for each in after["conditions"] if each["type"] not in SUMMARY] == [
        each for each in before["conditions"] if each["type"] not in SUMMARY
    ]
    assert message(stage) == str(trouble)


def test_a_round_that_was_never_seen_says_so() -> None:
    """Whether there is a manifest, a label or a dataset is not known: True and False would both be wrong."""
    stage = scene()
    stage.converter.trouble = Unavailable("the Kubernetes API is away")

    status = stage.step().status

    assert status["phase"] == "Pending"
    assert {each["status"] for each in status["conditions"] if each["type"] not in SUMMARY} == {"Unknown"}
    assert condition(status, "Reconciling")["status"] == "True"


def test_a_trouble_that_comes_again_is_told_once() -> None:
    """Request ids, numbers of attempts and times say nothing new: no write and no event follows."""
    stage = met(labeling(), Unavailable(FIRST))
    first = stage.status

    met(stage, Unavailable(SECOND))

    assert stage.status == first


def test_another_trouble_is_told() -> None:
    """The same reason, but another cause."""
    stage = met(labeling(), Unavailable(FIRST))

    met(stage, Unavailable("DescribeLabelingJob: the connection was reset"))

    assert message(stage) == "DescribeLabelingJob: the connection was reset"


def test_what_a_person_mends_is_told_with_its_numbers() -> None:
    """Line 17 is mended, line 18 is next."""
    stage = met(labeling(), InvalidInput([Problem("output.manifest:17", "is no JSON")]))

    met(stage, InvalidInput([Problem("output.manifest:18", "is no JSON")]))

    assert message(stage) == "output.manifest:18: is no JSON"


def test_what_a_person_mends_is_told_once_whatever_id_the_request_has() -> None:
    """S3 names each refused request."""
    error = "<Error><Code>AccessDenied</Code><RequestId>{}</RequestId><HostId>{}</HostId></Error>"
    stage = met(labeling(), StorageDenied("s3://pictures/a", error.format("4442587FB7D0A2F9", "cXk/2+a=")))
    first = stage.status

    met(stage, StorageDenied("s3://pictures/a", error.format("17F8A3C2B1D4E5F6", "b0c/9+9Q==")))

    assert stage.status == first


def test_a_long_trouble_that_was_cut_is_told_once() -> None:
    """An id of another length moves where a message is cut."""
    stage = met(labeling(), Unavailable(f"attempt 9 of 10; {'so it goes; ' * 200}"))
    first = stage.status

    met(stage, Unavailable(f"attempt 10 of 10; {'so it goes; ' * 200}"))

    assert stage.status == first


def test_what_a_terminal_would_obey_is_told_in_escapes_and_once() -> None:
    """A pod says what it likes, and an administrator reads it."""
    trouble = Conflict("ConversionBlocked", "said \x1b]0;title\x07, request 0123456789abcdef01\nand more")
    stage = met(labeling(), trouble)
    first = message(stage)

    again = message(met(stage, Conflict("ConversionBlocked", str(trouble).replace("abcdef01", "abcdef02"))))

    assert first == "said \\x1b]0;title\\x07, request 0123456789abcdef01\nand more"
    assert again == first


def test_progress_is_told_though_only_its_numbers_differ() -> None:
    """Three of five, then four of five."""
    stage = labeling()
    stage.step()

    stage.label(4, failed=1)
    stage.step()

    assert "4 of 5 images labeled, 1 failed" in message(stage)
    assert stage.status["lastProgressTime"] == rfc3339(stage.now)


def test_the_expected_end_moves_with_the_labels_alone() -> None:
    """Two days without a label leave it as it was; a label moves it."""
    stage = labeling()
    first = stage.step().status["estimatedCompletionTime"]

    idle = stage.step(days=2).status["estimatedCompletionTime"]
    stage.label(4)
    moved = stage.step().status["estimatedCompletionTime"]

    assert idle == first
    assert moved > first


def test_the_expected_end_is_where_the_pace_leads() -> None:
    """Four pictures done in forty minutes, one left."""
    stage = labeling()
    stage.label(4)
    stage.now = START

    status = stage.step(minutes=40).status

    assert status["estimatedCompletionTime"] == rfc3339(START + timedelta(minutes=50))


def test_no_end_is_expected_once_all_jobs_have_ended() -> None:
    """What is unlabeled then, stays so."""
    stage = labeling()
    stage.step()

    stage.crowd.change(status=JobStatus.STOPPED)
    stage.step()

    assert "estimatedCompletionTime" not in stage.status


def test_an_end_that_is_years_away_is_not_told() -> None:
    """One picture in three years, four to go."""
    stage = labeling()
    stage.label(1)

    stage.step(days=3 * 365)

    assert "estimatedCompletionTime" not in stage.status


def test_a_trouble_is_no_progress() -> None:
    """It comes and goes, and nothing has moved."""
    stage = labeling()
    before = stage.step().status["lastProgressTime"]

    met(met(stage, Conflict("AccessDenied", "refused")), None)

    assert stage.status["phase"] == "Labeling"
    assert stage.status["lastProgressTime"] == before


def test_a_portal_that_cannot_be_looked_up_stays_known() -> None:
    """DescribeWorkteam may be throttled, or not granted any more."""
    stage = labeling()
    stage.portal = "https://portal.example"
    stage.step()

    stage.portal = ""
    stage.step()

    assert stage.status["workerPortalURL"] == "https://portal.example"


def test_the_conversion_stays_known_when_its_job_is_gone() -> None:
    """A finished Job is deleted after its time to live."""
    stage = converting()
    known = stage.status["conversion"]

    stage.converter.seen = replace(stage.converter.seen, state=ConversionState.DONE, report=report(), job="", shards=0)
    stage.step()

    assert stage.status["phase"] == "Succeeded"
    assert stage.status["conversion"] == known


def test_shards_that_are_done_are_progress() -> None:
    """A long conversion shows that it moves."""
    stage = converting()
    before = stage.status["lastProgressTime"]

    stage.convert(ConversionState.RUNNING, shards=12, done=7)
    stage.step()

    assert stage.status["conversion"]["done"] == 7
    assert stage.status["lastProgressTime"] > before


def test_a_conversion_between_two_steps_shows_what_it_showed() -> None:
    """The next Job is started, and nothing is said before it is there."""
    stage = converting()
    stage.convert(ConversionState.RUNNING, shards=12, done=0, step=ConversionStep.INDEX)
    stage.step()
    before = stage.status

    stage.convert(ConversionState.BETWEEN, shards=12, done=0, step=ConversionStep.INDEX)
    stage.step()

    assert stage.status == before


def test_the_end_is_said_of_every_later_generation() -> None:
    """What may change then, its time to live for one, changes no end; tools wait for the generation to be observed."""
    stage = succeeded()
    ended = stage.status

    stage.set(ttl_seconds_after_finished=60)
    status = stage.step().status

    assert status["observedGeneration"] == stage.round.generation
    assert {each["observedGeneration"] for each in status["conditions"]} == {stage.round.generation}
    assert status["completionTime"] == ended["completionTime"]
    assert stage.step().status is status


def test_a_service_that_is_away_when_a_round_resumes_leaves_it_active() -> None:
    """The word of before would be Suspended, and nobody would wait for it."""
    stage = SCENES[Phase.SUSPENDED]()
    stage.set(suspend=False)

    met(stage, Unavailable("away"))

    assert stage.status["phase"] == "Pending"
    assert condition(stage.status, "Reconciling")["status"] == "True"


def test_a_bucket_that_is_not_there_needs_a_person() -> None:
    """Waiting for it would be waiting for ever."""
    stage = queued()

    stage.converter.trouble = ObjectNotFound("s3://pictures/", "the bucket does not exist")
    stage.step()

    assert stage.status["phase"] == "Stalled"
    assert condition(stage.status, "Stalled")["reason"] == "ObjectNotFound"
