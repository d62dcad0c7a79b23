"""Tasks in the database: who has which picture, and what they answered. Every change is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from labelround.groundtruth.api import JobStatus
from labelround.server.boxes import Box, Size
from labelround.server.faults import Faults
from labelround.server.jobs import Job, ObjectState
from labelround.server.leases import (
    REVISABLE_MILLISECONDS,
    Lease,
    LeaseState,
    count_ready,
    earliest_revisable,
    free_object,
    lapse,
    lease_of,
    lease_row,
    make_room,
    waiting_by_place,
)
from labelround.server.rows import answer_row, given_at, job_of
from labelround.server.schema import answers, jobs, leases, objects, page_sessions, people
from labelround.server.work import Given, halted

Clock = Callable[[], int]


class TaskLost(Exception):
    """The worker no longer has the picture; the message says why."""


class TaskFinished(TaskLost):
    """The picture is finished: what the worker has of it can never be saved."""


@dataclass(frozen=True, slots=True)
class Task:
    """A picture in somebody's hands; `boxes` are those of an answer that is being changed, None without one."""

    lease: Lease
    job: Job
    source_ref: str
    boxes: tuple[Box, ...] | None = None


@dataclass(frozen=True, slots=True)
class TaskStore:
    """The tasks of one database. `clock` gives milliseconds; inside a transaction it is asked once it has begun."""

    engine: Engine
    clock: Clock

    def register(self, names: Iterable[tuple[str, str]]) -> None:
        """Remember who is who: pairs of a worker's id and name."""
        with self._writing() as connection:
            for worker, name in names:
                connection.execute(delete(people).where(people.c.worker == worker))
                connection.execute(insert(people).values(worker=worker, name=name))

    def begin_session(self, digest: str, worker: str) -> None:
        """A browser is this worker's from now on."""
        with self._writing() as connection:
            connection.execute(insert(page_sessions).values(digest=digest, worker=worker, began=self.clock()))

    def session(self, digest: str, began_after: int) -> str | None:
        """Whose browser it is."""
        chosen = (page_sessions.c.digest == digest, page_sessions.c.began > began_after)
        with self.engine.connect() as connection:
            worker: str | None = connection.scalar(select(page_sessions.c.worker).where(*chosen))
        return worker

    def running(self) -> list[Job]:
        """The jobs at which people may work, oldest first."""
        chosen = (jobs.c.status == JobStatus.IN_PROGRESS.value, jobs.c.ending.is_(None), jobs.c.total > 0)
        with self.engine.connect() as connection:
            return [
                job_of(row) for row in connection.execute(select(jobs).where(*chosen).order_by(jobs.c.id)).mappings()
            ]

    def held(self, worker: str) -> Task | None:
        """The picture that the worker has; its time begins anew if it was over and nobody took the picture."""
        with self._writing() as connection:
            now = self.clock()
            chosen = (leases.c.worker == worker, leases.c.state == LeaseState.HELD.value)
            row = connection.execute(select(leases).where(*chosen)).mappings().first()
            if row is None:
                return None
            lease = lease_of(row)
            try:
                task = _task(connection, lease, now)
            except TaskLost:
                lapse(connection, leases.c.id == lease.id)
                return None
            if lease.expires <= now:
                lease = replace(lease, expires=now + 1000 * task.job.task_seconds)
                connection.execute(update(leases).where(leases.c.id == lease.id).values(expires=lease.expires))
            return replace(task, lease=lease)

    def is_sated(self, job: Job, faults: Faults) -> bool:
        """Whether the job's stopping conditions are met by what people have answered, final or not."""
        with self.engine.connect() as connection:
            ready, labeled = count_ready(waiting_by_place(connection, job).values(), job.workers_per_object)
        return halted(job, faults, job.closed + ready, job.labeled + labeled) is not None

    def free(self, job: Job, worker: str) -> tuple[int, str] | None:
        """The place and address of the first picture that the worker may take."""
        with self.engine.connect() as connection:
            row = connection.execute(free_object(job, worker, self.clock())).first()
        return (row.place, row.source_ref) if row else None

    def grant(self, job: Job, worker: str, place: int, id: str, size: Size) -> None:
        """Give the picture to the worker, unless it is not to be had any more or the worker has another."""
        try:
            with self._writing() as connection:
                now = self.clock()
                if connection.execute(free_object(job, worker, now, place=place)).first() is None:
                    return
                make_room(connection, job, place, now)
                expires = now + 1000 * job.task_seconds
                lease = Lease(id, job.id, place, worker, LeaseState.HELD, now, expires, size)
                connection.execute(insert(leases).values(lease_row(lease)))
        except IntegrityError:
            return

    def note_unreadable(self, job: Job, place: int, id: str, reason: str) -> None:
        """Nobody can label this picture."""
        now = self.clock()
        lease = Lease(id, job.id, place, "", LeaseState.UNREADABLE, now, now, Size(1, 1), reason=reason)
        with self._writing() as connection:
            connection.execute(insert(leases).values(lease_row(lease)))

    def find(self, worker: str, id: str) -> Lease:
        """A lease of the worker's, whatever has become of it. Raises TaskLost."""
        with self.engine.connect() as connection:
            return _own(connection, worker, id)

    def job(self, lease: Lease) -> Job:
        """The job of a lease."""
        with self.engine.connect() as connection:
            return _job(connection, lease)

    def task(self, worker: str, id: str) -> Task:
        """A picture that the worker has, or has answered and may go back to. Raises TaskLost."""
        with self.engine.connect() as connection:
            return _task(connection, _own(connection, worker, id), self.clock())

    def save(self, worker: str, id: str, boxes: tuple[Box, ...] | None, reason: str = "") -> None:
        """Keep an answer, or in its place `reason`, why it was declined. Raises TaskLost.

        Saved twice, it counts once; saved anew, it takes the place of the one before, as long as that may be changed.
        """
        with self._writing() as connection:
            now = self.clock()
            lease = _own(connection, worker, id)
            given = _given(connection, lease)
            try:
                task = _task(connection, lease, now)
            except TaskFinished:
                if given and given.boxes == boxes and lease.reason == reason:
                    return
                raise
            turn = given.turn if given else _next_turn(connection, lease)
            if given:
                this = (answers.c.job_id == lease.job_id, answers.c.place == lease.place, answers.c.turn == turn)
                connection.execute(delete(answers).where(*this))
            else:
                connection.execute(update(jobs).where(jobs.c.id == lease.job_id).values(given=jobs.c.given + 1))
            answer = Given(lease.place, turn, worker, boxes, lease.size, lease.granted, now)
            connection.execute(insert(answers).values(answer_row(task.job, answer)))
            changed = {"state": LeaseState.ANSWERED.value, "turn": turn, "reason": reason, "touched": now}
            connection.execute(update(leases).where(leases.c.id == id).values(**changed, reopened=0))

    def reopen(self, worker: str, id: str) -> Task:
        """Go back to an answer, or say that one is still at it: meanwhile it is not final. Raises TaskLost."""
        with self._writing() as connection:
            now = self.clock()
            task = _task(connection, _own(connection, worker, id), now)
            if task.lease.state is LeaseState.ANSWERED:
                until = now + REVISABLE_MILLISECONDS
                connection.execute(update(leases).where(leases.c.id == id).values(reopened=until))
            return task

    def put_back(self, worker: str) -> None:
        """The worker changes no earlier answer any more."""
        chosen = (leases.c.worker == worker, leases.c.state == LeaseState.ANSWERED.value, leases.c.reopened > 0)
        with self._writing() as connection:
            connection.execute(update(leases).where(*chosen).values(reopened=0))

    def revisable(self, worker: str) -> list[Task]:
        """The answers that the worker may go back to, the newest first."""
        chosen = (leases.c.worker == worker, leases.c.state == LeaseState.ANSWERED.value)
        found: list[Task] = []
        with self.engine.connect() as connection:
            first = earliest_revisable(connection, worker)
            rows = connection.execute(
                select(leases).where(*chosen, leases.c.touched >= first).order_by(leases.c.touched.desc())
            )
            for row in rows.mappings().all():
                try:
                    found.append(_task(connection, lease_of(row), self.clock()))
                except TaskLost:
                    continue
        return found

    def close_answers(self, worker: str) -> None:
        """The worker's answers stay as they are."""
        chosen = (leases.c.worker == worker, leases.c.state == LeaseState.ANSWERED.value)
        with self._writing() as connection:
            connection.execute(update(leases).where(*chosen).values(final=True, reopened=0))

    def progress(self, job: Job, worker: str) -> dict[str, int]:
        """How many pictures the job has, how many are answered, and how many of these by the worker."""
        mine = (leases.c.job_id == job.id, leases.c.worker == worker, leases.c.turn.is_not(None))
        with self.engine.connect() as connection:
            ready, _ = count_ready(waiting_by_place(connection, job).values(), job.workers_per_object)
            count = connection.scalar(select(func.count()).select_from(leases).where(*mine)) or 0
        return {"total": job.total or 0, "done": job.closed + ready, "mine": count}

    def _writing(self) -> AbstractContextManager[Connection]:
        return self.engine.execution_options(immediate=True).begin()


def _own(connection: Connection, worker: str, id: str) -> Lease:
    """The worker's own lease; others' do not exist for it."""
    row = connection.execute(select(leases).where(leases.c.id == id, leases.c.worker == worker)).mappings().first()
    if row is None:
        raise TaskLost("this picture is not yours")
    return lease_of(row)


def _job(connection: Connection, lease: Lease) -> Job:
    return job_of(connection.execute(select(jobs).where(jobs.c.id == lease.job_id)).mappings().one())


def _task(connection: Connection, lease: Lease, now: int) -> Task:
    """What there is to do under a lease. Raises TaskLost when that is over."""
    job = _job(connection, lease)
    this = (objects.c.job_id == lease.job_id, objects.c.place == lease.place)
    item: Any = connection.execute(select(objects.c.source_ref, objects.c.state).where(*this)).one()
    if job.status is not JobStatus.IN_PROGRESS or job.ending is not None or now >= job.tasks_expire:
        raise TaskFinished("the job has ended")
    if lease.state is LeaseState.LAPSED:
        raise TaskLost("its time was over, and somebody else has it now")
    if item.state != ObjectState.OPEN.value or lease.state is LeaseState.SETTLED:
        raise TaskFinished("it is finished, and can no longer be changed")
    if lease.state is LeaseState.ANSWERED:
        earliest = earliest_revisable(connection, lease.worker)
        if lease.settles(now, earliest, last=False):
            raise TaskFinished("its answer is final")
    given = _given(connection, lease)
    return Task(lease, job, item.source_ref, given.boxes if given else None)


def _given(connection: Connection, lease: Lease) -> Given | None:
    """The answer under a lease."""
    if lease.turn is None:
        return None
    turns = given_at(connection, _job(connection, lease), [lease.place])[lease.place]
    return next(one for one in turns if one.turn == lease.turn)


def _next_turn(connection: Connection, lease: Lease) -> int:
    this = (answers.c.job_id == lease.job_id, answers.c.place == lease.place)
    last: int | None = connection.scalar(select(func.max(answers.c.turn)).where(*this))
    return 0 if last is None else last + 1
