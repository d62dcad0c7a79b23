"""What to do next with a round: a pure function from what was observed to one action.

The rungs are tried in order and the first that applies wins, so each may rely on all above it not applying. Nothing
here reads a clock, a file or the network; the whole input space is small and tested exhaustively.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from labelround.groundtruth.api import JobStatus


class ConversionState(Enum):
    """How far the conversion is. DONE means that its completion marker is there and is this round's.

    FAILED is for good: the input is wrong. BLOCKED is a failure that a person can mend: the labels are kept. BETWEEN
    two steps, one has ended well and the next is to be started.
    """

    ABSENT = "absent"
    QUEUED = "queued"
    RUNNING = "running"
    BETWEEN = "between steps"
    BLOCKED = "blocked"
    FAILED = "failed"
    DONE = "done"


class ConversionStep(Enum):
    """The steps of a conversion in shards, in their order."""

    INDEX = "index"
    """Check all input, and cut the shards."""
    SHARD = "shard"
    """Convert a shard; once for each."""
    FINISH = "finish"
    """Join what the shards have made."""


@dataclass(frozen=True, slots=True)
class JobObservation:
    """One labeling job of the latest attempt.

    `status` is None while the job is absent. `objects` is the number of images it was (or would be) asked for and
    `labeled` how many have labels, confirmed empty images included; `missed` is how many failed or stayed unlabeled.
    While a job's counters are all zero they say nothing. `ours` is whether its tags carry this round's uid;
    an adopted job is nobody's to stop or tag.
    """

    name: str
    status: JobStatus | None
    objects: int = 0
    labeled: int = 0
    missed: int = 0
    ours: bool = True
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """All that a decision rests on.

    `held` says why a dataset that is there does not come up to the round's gates, "" when it does.
    `manifest_written` is about the latest attempt; `jobs` are that attempt's, in creation order. `labeled_before`
    counts images that earlier attempts labeled.
    """

    finished: bool = False
    suspended: bool = False
    stop_labeling: bool = False
    manifest_written: bool = False
    jobs: tuple[JobObservation, ...] = ()
    labeled_before: int = 0
    attempts_left: int = 0
    conversion: ConversionState = ConversionState.ABSENT
    conversion_failure: str = ""
    held: str = ""


class Action(Enum):
    """Everything a pass can do. At most one of them is an effect outside."""

    NOTHING = "nothing"
    WAIT = "wait"
    STALL = "stall"
    WRITE_MANIFEST = "write the manifest"
    CREATE_JOB = "create a labeling job"
    STOP_JOB = "stop a labeling job"
    START_CONVERSION = "start the conversion"
    RECORD_SUCCESS = "record success"
    RECORD_FAILURE = "record failure"


class Reason(Enum):
    """Why: the `reason` of the conditions that follow from a decision."""

    FINISHED = "Finished"
    SUSPENDED = "Suspended"
    NAME_TAKEN = "NameTaken"
    ADOPTED_JOB_NOT_FOUND = "AdoptedJobNotFound"
    PREPARING = "Preparing"
    CREATING_JOBS = "CreatingLabelingJobs"
    STOPPING = "StopRequested"
    LABELING = "Labeling"
    FOLLOW_UP = "FollowUpAttempt"
    NOTHING_LABELED = "NothingLabeled"
    LABELING_FAILED = "LabelingFailed"
    CONVERSION_QUEUED = "ConversionQueued"
    CONVERTING = "Converting"
    CONVERSION_BLOCKED = "ConversionBlocked"
    CONVERSION_FAILED = "ConversionFailed"
    HELD = "QualityNotMet"
    CONVERTED = "DatasetReady"


@dataclass(frozen=True, slots=True)
class Decision:
    """One action and its reason. `job` names the labeling job of CREATE_JOB, STOP_JOB and STALL, if it is about one."""

    action: Action
    reason: Reason
    job: str = ""
    message: str = ""


def decide(seen: Observation) -> Decision:
    """The next action for a round."""
    for rung in RUNGS:
        decision = rung(seen)
        if decision is not None:
            return decision
    raise AssertionError("the last rung decides always")


def _finished_never_acts(seen: Observation) -> Decision | None:
    return Decision(Action.NOTHING, Reason.FINISHED) if seen.finished else None


def _a_dataset_below_the_gates_is_held(seen: Observation) -> Decision | None:
    """It is there and stays there: a person looks at it, and moves the gate or does not."""
    if seen.conversion is ConversionState.DONE and seen.held:
        return Decision(Action.STALL, Reason.HELD, message=seen.held)
    return None


def _a_dataset_that_is_there_is_the_end(seen: Observation) -> Decision | None:
    """Even when the labeling jobs can no longer be seen."""
    return Decision(Action.RECORD_SUCCESS, Reason.CONVERTED) if seen.conversion is ConversionState.DONE else None


def _a_suspended_round_takes_no_step(seen: Observation) -> Decision | None:
    return Decision(Action.WAIT, Reason.SUSPENDED) if seen.suspended else None


def _a_conversion_that_has_begun_goes_on(seen: Observation) -> Decision | None:
    match seen.conversion:
        case ConversionState.QUEUED:
            return Decision(Action.WAIT, Reason.CONVERSION_QUEUED)
        case ConversionState.RUNNING:
            return Decision(Action.WAIT, Reason.CONVERTING)
        case ConversionState.BETWEEN:
            return Decision(Action.START_CONVERSION, Reason.CONVERTING)
        case ConversionState.BLOCKED:
            return Decision(Action.STALL, Reason.CONVERSION_BLOCKED, message=seen.conversion_failure)
        case ConversionState.FAILED:
            return Decision(Action.RECORD_FAILURE, Reason.CONVERSION_FAILED, message=seen.conversion_failure)
    return None


def _someone_elses_job_stalls(seen: Observation) -> Decision | None:
    for job in seen.jobs:
        if job.status is not None and not job.ours and not job.adopted:
            return Decision(
                Action.STALL,
                Reason.NAME_TAKEN,
                job.name,
                f"a labeling job named {job.name} exists and does not carry this round's tags; a name is spent for"
                " good, so make a new round under another name",
            )
    return None


def _an_adopted_job_must_exist(seen: Observation) -> Decision | None:
    for job in seen.jobs:
        if job.adopted and job.status is None:
            return Decision(
                Action.STALL,
                Reason.ADOPTED_JOB_NOT_FOUND,
                job.name,
                f"spec.labelingJob.adopt: there is no labeling job named {job.name} in this account and region; check"
                " the name, the region and the credentials",
            )
    return None


def _stopping_before_any_job_leaves_nothing(seen: Observation) -> Decision | None:
    if seen.stop_labeling and not seen.labeled_before and all(job.status is None for job in seen.jobs):
        return Decision(
            Action.RECORD_FAILURE,
            Reason.NOTHING_LABELED,
            message="labeling was stopped before a labeling job existed, so there is nothing to convert",
        )
    return None


def _the_manifest_comes_first(seen: Observation) -> Decision | None:
    if seen.manifest_written or any(job.adopted for job in seen.jobs):
        return None
    return None if seen.stop_labeling else Decision(Action.WRITE_MANIFEST, Reason.PREPARING)


def _absent_jobs_are_created(seen: Observation) -> Decision | None:
    for job in seen.jobs:
        if job.status is None and not seen.stop_labeling:
            return Decision(Action.CREATE_JOB, Reason.CREATING_JOBS, job.name)
    return None


def _stop_labeling_stops_what_runs(seen: Observation) -> Decision | None:
    for job in seen.jobs:
        running = job.status is JobStatus.INITIALIZING or job.status is JobStatus.IN_PROGRESS
        if seen.stop_labeling and running and not job.adopted:
            return Decision(Action.STOP_JOB, Reason.STOPPING, job.name)
    return None


def _running_jobs_are_waited_for(seen: Observation) -> Decision | None:
    if any(job.status is not None and not job.status.is_terminal for job in seen.jobs):
        return Decision(Action.WAIT, Reason.STOPPING if seen.stop_labeling else Reason.LABELING)
    return None


def _what_is_left_goes_into_a_follow_up(seen: Observation) -> Decision | None:
    """Never after a stop, and not when every job failed outright: asking again would fail again."""
    stopped = seen.stop_labeling or any(job.status is JobStatus.STOPPED for job in seen.jobs)
    left = any(job.labeled < job.objects for job in seen.jobs)
    if seen.attempts_left and left and not stopped and not _failed_outright(seen.jobs):
        return Decision(Action.WRITE_MANIFEST, Reason.FOLLOW_UP)
    return None


def _nothing_labeled_is_a_failure(seen: Observation) -> Decision | None:
    """All-zero counters of a completed job are not trusted to say "nothing": its manifest is read instead."""
    unknown = any(job.status is JobStatus.COMPLETED and not job.missed for job in seen.jobs)
    if seen.labeled_before or unknown or any(job.labeled for job in seen.jobs):
        return None
    if _failed_outright(seen.jobs):
        return Decision(Action.RECORD_FAILURE, Reason.LABELING_FAILED)
    return Decision(
        Action.RECORD_FAILURE,
        Reason.NOTHING_LABELED,
        message="labeling ended without a single labeled image, so there is nothing to convert",
    )


def _what_was_labeled_is_converted(_seen: Observation) -> Decision | None:
    return Decision(Action.START_CONVERSION, Reason.CONVERTING)


def _failed_outright(jobs: tuple[JobObservation, ...]) -> bool:
    return bool(jobs) and all(job.status is JobStatus.FAILED and not job.labeled for job in jobs)


RUNGS: tuple[Callable[[Observation], Decision | None], ...] = (
    _finished_never_acts,
    _a_dataset_below_the_gates_is_held,
    _a_dataset_that_is_there_is_the_end,
    _a_suspended_round_takes_no_step,
    _a_conversion_that_has_begun_goes_on,
    _someone_elses_job_stalls,
    _an_adopted_job_must_exist,
    _stopping_before_any_job_leaves_nothing,
    _the_manifest_comes_first,
    _absent_jobs_are_created,
    _stop_labeling_stops_what_runs,
    _running_jobs_are_waited_for,
    _what_is_left_goes_into_a_follow_up,
    _nothing_labeled_is_a_failure,
    _what_was_labeled_is_converted,
)
