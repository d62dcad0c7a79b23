"""What can follow: the observation after each thing that a pass does, or that happens outside.

It is a model of the world around `decide`, small on purpose: one labeling job over two images, two attempts at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from labelround.conditions import Phase
from labelround.decide import Action, ConversionState, JobObservation, Observation, decide
from labelround.groundtruth.api import JobStatus
from labelround.status import PHASES

IMAGES = 2
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED)
CONVERSIONS = {
    ConversionState.QUEUED: (ConversionState.RUNNING, ConversionState.BLOCKED, ConversionState.FAILED),
    ConversionState.RUNNING: (
        ConversionState.BETWEEN,
        ConversionState.DONE,
        ConversionState.FAILED,
        ConversionState.BLOCKED,
        ConversionState.QUEUED,
    ),
    ConversionState.BETWEEN: (ConversionState.QUEUED, ConversionState.RUNNING),
    ConversionState.BLOCKED: (ConversionState.ABSENT,),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, in a few words, and what is observed afterwards."""

    what: str
    after: Observation


def starts() -> Iterator[Step]:
    """Rounds that were never looked at: with one attempt or two, or with an adopted job that is anywhere."""
    yield from (Step("a new round", Observation(attempts_left=attempts)) for attempts in (1, 2))
    adopted = JobObservation("a", None, adopted=True)
    yield Step("an adopted job", Observation(jobs=(adopted,)))
    for labeled in range(IMAGES + 1):
        for status in JobStatus:
            missed = IMAGES - labeled if status in ENDED else 0
            job = replace(adopted, status=status, labeled=labeled, missed=missed)
            yield Step("an adopted job", Observation(jobs=(job,)))


def phase(seen: Observation) -> Phase:
    """The phase that a pass shows."""
    decision = decide(seen)
    return PHASES[decision.action, decision.reason]


def steps(seen: Observation) -> Iterator[Step]:
    """Everything that may come next. Nothing comes after the recorded end."""
    if decide(seen).action in {Action.RECORD_SUCCESS, Action.RECORD_FAILURE}:
        return
    yield from _done(seen)
    for job in seen.jobs[:1]:
        yield from (Step(what, replace(seen, jobs=(changed,))) for what, changed in _job_events(job))
    for state in CONVERSIONS.get(seen.conversion, ()):
        what = "the Job is deleted" if state is ConversionState.ABSENT else f"conversion {state.value}"
        yield Step(what, replace(seen, conversion=state))
        if state is ConversionState.DONE:
            yield Step("quality not met", replace(seen, conversion=state, held="too few"))
    if seen.held:
        yield Step("spec.quality", replace(seen, held=""))
    yield Step("spec.suspend", replace(seen, suspended=not seen.suspended))
    if not seen.stop_labeling:
        yield Step("spec.stopLabeling", replace(seen, stop_labeling=True))


def reachable() -> dict[Observation, list[Step]]:
    """Every observation that can come about, with what may follow."""
    known: dict[Observation, list[Step]] = {}
    waiting = [start.after for start in starts()]
    while waiting:
        seen = waiting.pop()
        if seen not in known:
            known[seen] = list(steps(seen))
            waiting += [step.after for step in known[seen]]
    return known


def _done(seen: Observation) -> Iterator[Step]:
    """What the pass itself does."""
    decision = decide(seen)
    match decision.action:
        case Action.WRITE_MANIFEST:
            labeled = sum(job.labeled for job in seen.jobs)
            left = IMAGES - seen.labeled_before - labeled
            after = replace(
                seen,
                manifest_written=True,
                jobs=(JobObservation("a", None, left),),
                labeled_before=seen.labeled_before + labeled,
                attempts_left=seen.attempts_left - 1,
            )
            yield Step("a follow-up" if seen.jobs else "manifest written", after)
        case Action.CREATE_JOB:
            (job,) = seen.jobs
            created = replace(job, status=JobStatus.INITIALIZING)
            yield Step("labeling job created", replace(seen, jobs=(created,)))
            yield Step("the name is taken", replace(seen, jobs=(replace(created, ours=False),)))
        case Action.STOP_JOB:
            (job,) = seen.jobs
            yield Step("labeling job stopped", replace(seen, jobs=(replace(job, status=JobStatus.STOPPING),)))
        case Action.START_CONVERSION:
            in_process = (ConversionState.DONE, ConversionState.FAILED)
            for state in (ConversionState.QUEUED, ConversionState.RUNNING, *in_process):
                yield Step(f"conversion {state.value}", replace(seen, conversion=state))
            yield Step("quality not met", replace(seen, conversion=ConversionState.DONE, held="too few"))


def _job_events(job: JobObservation) -> Iterable[tuple[str, JobObservation]]:
    """What the service, or somebody with rights there, does to a labeling job."""
    objects = job.objects or IMAGES
    match job.status:
        case None if job.adopted:
            yield "the adopted job appears", replace(job, status=JobStatus.IN_PROGRESS)
        case JobStatus.INITIALIZING:
            yield "labeling begins", replace(job, status=JobStatus.IN_PROGRESS)
            yield "labeling ended", replace(job, status=JobStatus.FAILED, missed=objects)
        case JobStatus.IN_PROGRESS:
            if job.labeled < objects:
                yield "an image is labeled", replace(job, labeled=job.labeled + 1)
            left = objects - job.labeled
            yield "labeling ended", replace(job, status=JobStatus.COMPLETED, missed=left)
            yield "labeling ended", replace(job, status=JobStatus.FAILED, missed=left)
            yield "labeling job stopped", replace(job, status=JobStatus.STOPPING)
        case JobStatus.STOPPING:
            yield "labeling ended", replace(job, status=JobStatus.STOPPED, missed=objects - job.labeled)
