"""The decision core, over its whole input space and as a table of states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from labelround.decide import Action, ConversionState, Decision, JobObservation, Observation, Reason, decide
from labelround.groundtruth.api import JobStatus

STATUSES: tuple[JobStatus | None, ...] = (None, *JobStatus)
OBJECTS = 10


def _single_jobs() -> Iterator[JobObservation]:
    for status, labeled, ours, adopted in product(STATUSES, (0, 4, OBJECTS), (True, False), (True, False)):
        yield JobObservation("a", status, OBJECTS, labeled, ours=ours, adopted=adopted)


def _job_pairs() -> Iterator[tuple[JobObservation, JobObservation]]:
    for (one, one_labeled), (two, two_labeled) in product(product(STATUSES, (0, 4, OBJECTS)), repeat=2):
        yield JobObservation("a", one, OBJECTS, one_labeled), JobObservation("b", two, OBJECTS, two_labeled)
    for status, missed in product(STATUSES, (0, 6, OBJECTS)):
        yield JobObservation("a", status, OBJECTS, 0, missed), JobObservation("b", status, OBJECTS, 0, OBJECTS)


def every_observation() -> Iterator[Observation]:
    """All combinations of flags, conversion states and none, one or two jobs."""
    flags = tuple(product((True, False), repeat=4))
    jobs: list[tuple[JobObservation, ...]] = [(), *((job,) for job in _single_jobs()), *_job_pairs()]
    conversions = [*((state, "") for state in ConversionState), (ConversionState.DONE, "too few boxes")]
    for (finished, suspended, stop, manifest), some, before, left, (conversion, held) in product(
        flags, jobs, (0, 3), (0, 1), conversions
    ):
        yield Observation(finished, suspended, stop, manifest, some, before, left, conversion, held=held)


EVERYTHING = tuple(every_observation())


def acting(action: Action) -> Iterator[Observation]:
    return (seen for seen in EVERYTHING if decide(seen).action is action)


def job_of(seen: Observation) -> JobObservation:
    name = decide(seen).job
    return next(job for job in seen.jobs if job.name == name)


def test_every_combination_has_a_decision() -> None:
    """No combination raises, and every action is reachable."""
    actions = {decide(seen).action for seen in EVERYTHING}

    assert actions == set(Action)


def test_a_finished_round_never_acts() -> None:
    """Whatever the world looks like later, the recorded end stands."""
    actions = {decide(seen).action for seen in EVERYTHING if seen.finished}

    assert actions == {Action.NOTHING}


def test_only_a_finished_round_does_nothing() -> None:
    """NOTHING is kept for the end: every other round waits, stalls or acts."""
    assert all(seen.finished for seen in acting(Action.NOTHING))


def test_a_job_is_created_only_when_it_is_absent_and_the_manifest_is_there() -> None:
    """The one action that costs money has the strictest guard."""
    for seen in acting(Action.CREATE_JOB):
        assert seen.manifest_written
        assert job_of(seen).status is None
        assert not job_of(seen).adopted
        assert not seen.stop_labeling
        assert not seen.suspended
        assert seen.conversion is ConversionState.ABSENT


def test_a_suspended_round_takes_no_step_outside() -> None:
    """It may only record that its dataset is there, or say what is wrong with it."""
    actions = {decide(seen).action for seen in EVERYTHING if seen.suspended and not seen.finished}

    assert actions == {Action.WAIT, Action.RECORD_SUCCESS, Action.STALL}


def test_only_a_running_job_of_our_own_is_stopped_and_only_on_request() -> None:
    """Adopted and foreign jobs are never touched."""
    for seen in acting(Action.STOP_JOB):
        assert seen.stop_labeling
        assert job_of(seen).status in {JobStatus.INITIALIZING, JobStatus.IN_PROGRESS}
        assert job_of(seen).ours
        assert not job_of(seen).adopted


def test_the_conversion_starts_once_and_only_after_every_job_has_ended() -> None:
    """A job that still runs would change the output under the conversion."""
    for seen in acting(Action.START_CONVERSION):
        if seen.conversion is ConversionState.BETWEEN:
            continue
        assert seen.conversion is ConversionState.ABSENT
        assert all(job.status is None or job.status.is_terminal for job in seen.jobs)


def test_a_conversion_between_two_steps_starts_the_next() -> None:
    """Unless the round is suspended: what was begun is finished, whatever the labeling jobs look like by now."""
    actions = {
        seen.suspended: decide(seen).action
        for seen in EVERYTHING
        if seen.conversion is ConversionState.BETWEEN and not seen.finished
    }

    assert actions == {True: Action.WAIT, False: Action.START_CONVERSION}


def test_success_is_recorded_exactly_when_the_dataset_is_there() -> None:
    """The completion marker is the only proof of success, and a gate that is not met holds it back."""
    for seen in EVERYTHING:
        succeeded = decide(seen).action is Action.RECORD_SUCCESS

        assert succeeded == (seen.conversion is ConversionState.DONE and not seen.held and not seen.finished)


def test_a_dataset_below_the_gates_stalls_and_never_ends_the_round() -> None:
    """Whatever the labeling jobs look like, and whether or not the round is suspended."""
    decisions = {
        (decision.action, decision.reason, decision.message)
        for seen in EVERYTHING
        if seen.held and not seen.finished
        for decision in [decide(seen)]
    }

    assert decisions == {(Action.STALL, Reason.HELD, "too few boxes")}


def test_labels_are_never_thrown_away() -> None:
    """A round with labeled images fails only when its conversion failed."""
    for seen in acting(Action.RECORD_FAILURE):
        labeled = seen.labeled_before or any(job.labeled for job in seen.jobs if job.status is not None)

        assert not labeled or seen.conversion is ConversionState.FAILED


def test_a_blocked_conversion_stalls_and_never_fails() -> None:
    """A person mends it; until then nothing is started, stopped or recorded as an end."""
    decisions = {
        (decision.action, decision.reason)
        for seen in EVERYTHING
        if seen.conversion is ConversionState.BLOCKED and not seen.finished and not seen.suspended
        for decision in [decide(seen)]
    }

    assert decisions == {(Action.STALL, Reason.CONVERSION_BLOCKED)}


def test_a_written_manifest_is_not_written_again_but_for_a_follow_up() -> None:
    """The first manifest is written once; a follow-up needs an attempt left and images left."""
    for seen in acting(Action.WRITE_MANIFEST):
        if decide(seen).reason is Reason.FOLLOW_UP:
            assert seen.attempts_left
            assert any(job.labeled < job.objects for job in seen.jobs)
            assert not any(job.status is JobStatus.STOPPED for job in seen.jobs)
        else:
            assert not seen.manifest_written


DONE = JobObservation("a", JobStatus.COMPLETED, OBJECTS, OBJECTS)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(Observation(), Decision(Action.WRITE_MANIFEST, Reason.PREPARING), id="new round"),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", None, OBJECTS),)),
            Decision(Action.CREATE_JOB, Reason.CREATING_JOBS, "a"),
            id="manifest written",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(DONE, JobObservation("b", None, OBJECTS))),
            Decision(Action.CREATE_JOB, Reason.CREATING_JOBS, "b"),
            id="the second of two jobs is absent",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", JobStatus.INITIALIZING, OBJECTS),)),
            Decision(Action.WAIT, Reason.LABELING),
            id="job initializing",
        ),
        pytest.param(
            Observation(
                manifest_written=True,
                stop_labeling=True,
                jobs=(JobObservation("a", JobStatus.IN_PROGRESS, OBJECTS, 4),),
            ),
            Decision(Action.STOP_JOB, Reason.STOPPING, "a"),
            id="stop requested while workers label",
        ),
        pytest.param(
            Observation(
                manifest_written=True, stop_labeling=True, jobs=(JobObservation("a", JobStatus.STOPPING, OBJECTS, 4),)
            ),
            Decision(Action.WAIT, Reason.STOPPING),
            id="job stopping",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", JobStatus.STOPPED, OBJECTS, 4),)),
            Decision(Action.START_CONVERSION, Reason.CONVERTING),
            id="a stopped job keeps what was labeled",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", JobStatus.FAILED, OBJECTS, 4),)),
            Decision(Action.START_CONVERSION, Reason.CONVERTING),
            id="a failed job keeps what was labeled",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", JobStatus.FAILED, OBJECTS),)),
            Decision(Action.RECORD_FAILURE, Reason.LABELING_FAILED),
            id="a failed job without labels fails the round",
        ),
        pytest.param(
            Observation(
                manifest_written=True, jobs=(JobObservation("a", JobStatus.COMPLETED, OBJECTS, 4),), attempts_left=1
            ),
            Decision(Action.WRITE_MANIFEST, Reason.FOLLOW_UP),
            id="partly labeled with an attempt left",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", JobStatus.COMPLETED, OBJECTS, 0),)),
            Decision(Action.START_CONVERSION, Reason.CONVERTING),
            id="a completed job's zero counters are not believed",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(JobObservation("a", JobStatus.COMPLETED, OBJECTS, 0, OBJECTS),)),
            Decision(
                Action.RECORD_FAILURE,
                Reason.NOTHING_LABELED,
                message="labeling ended without a single labeled image, so there is nothing to convert",
            ),
            id="a completed job without a labeled image",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(DONE,)),
            Decision(Action.START_CONVERSION, Reason.CONVERTING),
            id="all labeled",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(DONE,), conversion=ConversionState.RUNNING),
            Decision(Action.WAIT, Reason.CONVERTING),
            id="converting",
        ),
        pytest.param(
            Observation(
                manifest_written=True,
                jobs=(DONE,),
                conversion=ConversionState.BLOCKED,
                conversion_failure="the Job ran out of memory",
            ),
            Decision(Action.STALL, Reason.CONVERSION_BLOCKED, message="the Job ran out of memory"),
            id="conversion blocked",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(DONE,), conversion=ConversionState.DONE),
            Decision(Action.RECORD_SUCCESS, Reason.CONVERTED),
            id="dataset written",
        ),
        pytest.param(
            Observation(manifest_written=True, jobs=(DONE,), conversion=ConversionState.DONE, held="too few boxes"),
            Decision(Action.STALL, Reason.HELD, message="too few boxes"),
            id="dataset written, below the gates",
        ),
    ],
)
def test_a_state_leads_to_its_decision(seen: Observation, expected: Decision) -> None:
    """The table a reader looks up."""
    assert decide(seen) == expected
