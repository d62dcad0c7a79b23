"""What the workers of one job do next: a pure step from open objects to answers and results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from labelround.groundtruth.api import JobStatus
from labelround.server import results
from labelround.server.answers import Answer, Answers
from labelround.server.boxes import Box, Size
from labelround.server.consolidation import consolidate
from labelround.server.faults import Faults
from labelround.server.jobs import Job, ObjectState
from labelround.server.workers import Workforce, worker_id


class UnreadableImage(Exception):
    """The image's size is not known; the message says why."""


@dataclass(frozen=True, slots=True)
class Given:
    """One worker's turn at one object: the boxes, or None when the task was declined. Times are milliseconds."""

    index: int
    turn: int
    worker: str
    boxes: tuple[Box, ...] | None
    size: Size
    accepted: int
    submitted: int


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An unfinished data object, with the turns that were taken at it; `index` is its place in the manifest."""

    index: int
    source_ref: str
    given: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Closed:
    """A finished object; `members` are what its line of the output manifest gains."""

    index: int
    state: ObjectState
    members: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """An object that people have answered; `reasons` are those for declining it, `unreadable` why nobody could."""

    index: int
    given: tuple[Given, ...] = ()
    reasons: tuple[str, ...] = ()
    unreadable: str = ""


class Halt(Enum):
    """Why no more objects are sent out."""

    STOP = "the job stops with what it has"
    FAIL = "the job fails"
    EXPIRE = "the tasks of all open objects expire"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of work adds. `spent` is the budget it used; `halt` says that no object is sent out after it."""

    given: tuple[Given, ...] = ()
    closed: tuple[Closed, ...] = ()
    spent: int = 0
    halt: Halt | None = None

    @property
    def labeled(self) -> int:
        return sum(closed.state is ObjectState.LABELED for closed in self.closed)


@dataclass(frozen=True, slots=True)
class Bench:
    """Who works, and from what; nobody does without `answers`. `delay` is in milliseconds.

    `read_size` reads the header of an image and raises UnreadableImage.
    """

    answers: Answers | None
    workforce: Workforce
    faults: Faults
    region: str
    delay: int
    read_size: Callable[[str], Size]


def work(job: Job, objects: Iterable[OpenObject], budget: int, bench: Bench, now: int) -> Step:
    """Let workers take up to `budget` turns at `objects`, which come in the order of the manifest."""
    given: list[Given] = []
    closed: list[Closed] = []
    labeled = job.labeled
    spent = 0
    for item in objects:
        halt = halted(job, bench.faults, job.closed + len(closed), labeled)
        if bench.answers is None or halt is not None or spent >= budget:
            break
        desk = _Desk(job, item, bench, now, budget - spent)
        result = desk.result(bench.answers.find(item.source_ref))
        spent += max(1, len(desk.taken))
        given += desk.taken
        if result is not None:
            closed.append(result)
            labeled += result.state is ObjectState.LABELED
    return Step(tuple(given), tuple(closed), spent, halted(job, bench.faults, job.closed + len(closed), labeled))


def halted(job: Job, faults: Faults, closed: int, labeled: int) -> Halt | None:
    """Whether the job's stopping conditions, or a fault, end the work after `closed` objects."""
    if faults.fail_after is not None and closed >= faults.fail_after:
        return Halt.FAIL
    if faults.stop_after is not None and closed >= faults.stop_after:
        return Halt.STOP
    if faults.expire_after is not None and closed >= faults.expire_after:
        return Halt.EXPIRE
    conditions = job.request.get("StoppingConditions", {})
    count = conditions.get("MaxHumanLabeledObjectCount")
    share = conditions.get("MaxPercentageOfInputDatasetLabeled")
    enough = count is not None and labeled >= count
    enough |= share is not None and 100 * labeled >= share * (job.total or 0)
    return Halt.STOP if enough and closed < (job.total or 0) else None


def due(job: Job, now: int, delay: int, at_most: int) -> int:
    """How many turns the workers of a job may take now; `delay` is in milliseconds."""
    if not delay:
        return at_most
    return max(0, min(at_most, (now - job.started) // delay - job.given))


def next_due(job: Job, delay: int) -> int:
    """When the workers of a job may take the next turn, if `delay` holds them back."""
    return job.started + delay * (job.given + 1)


def ending_of(halt: Halt | None, job: Job, closed: int) -> JobStatus | None:
    """How a job ends after a step that leaves `closed` objects finished; None while it goes on."""
    if halt is Halt.FAIL:
        return JobStatus.FAILED
    return JobStatus.COMPLETED if closed >= (job.total or 0) else None


def judged(
    job: Job, index: int, turns: Sequence[Given], size: Size, now: int, reasons: Sequence[str] = ()
) -> Closed | None:
    """The result of all turns: labeled with enough answers, failed with as many declines, else not yet known.

    `reasons` are those that workers gave for declining.
    """
    answers = [turn.boxes for turn in turns if turn.boxes is not None]
    needed = job.workers_per_object
    if len(answers) >= needed:
        members = results.labeled(job, size, consolidate(answers), now)
        return Closed(index, ObjectState.LABELED, members)
    if len(turns) - len(answers) >= needed:
        return Closed(index, ObjectState.FAILED, results.failed(job, results.declined(reasons)))
    return None


def gathered(job: Job, items: Iterable[Answered], faults: Faults, now: int) -> Step:
    """The objects that people have finished, as long as the job's stopping conditions let it go on."""
    closed: list[Closed] = []
    labeled = job.labeled
    for item in items:
        if halted(job, faults, job.closed + len(closed), labeled) is not None:
            break
        if item.unreadable:
            failure = results.failed(job, results.unreadable(item.unreadable))
            result: Closed | None = Closed(item.index, ObjectState.FAILED, failure)
        else:
            result = judged(job, item.index, item.given, item.given[0].size, now, item.reasons)
        if result is not None:
            closed.append(result)
            labeled += result.state is ObjectState.LABELED
    return Step((), tuple(closed), 0, halted(job, faults, job.closed + len(closed), labeled))


@dataclass(slots=True)
class _Desk:
    """One object while workers take turns at it."""

    job: Job
    item: OpenObject
    bench: Bench
    now: int
    budget: int
    taken: list[Given] = field(default_factory=list)

    def result(self, answer: Answer | None) -> Closed | None:
        """The finished object, or None when the budget was used up before."""
        every = self.bench.faults.fail_every
        if answer is None or (every and (self.item.index + 1) % every == 0):
            return self._failed(results.EXPIRED)
        try:
            size = answer.size or self.bench.read_size(self.item.source_ref)
        except UnreadableImage as error:
            return self._failed(results.unreadable(str(error)))
        turns = list(self.item.given)
        while (result := judged(self.job, self.item.index, turns, size, self.now)) is None and self._may_go_on():
            turn = self._turn(answer.boxes, size, len(turns))
            turns.append(turn)
            self.taken.append(turn)
        return result

    def _turn(self, truth: tuple[Box, ...], size: Size, number: int) -> Given:
        """The next worker's answer."""
        boxes = self.bench.workforce.answer(
            truth, size, self.job.labels, job=self.job.name, image=self.item.source_ref, turn=number
        )
        worker = worker_id(self.bench.region, number)
        return Given(self.item.index, number, worker, boxes, size, self.now - self.bench.delay, self.now)

    def _may_go_on(self) -> bool:
        return len(self.taken) < self.budget

    def _failed(self, reason: str) -> Closed:
        return Closed(self.item.index, ObjectState.FAILED, results.failed(self.job, reason))
