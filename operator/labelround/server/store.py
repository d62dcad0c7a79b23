"""Labeling jobs in the database: every change is one transaction, and is only made where it still applies."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple, dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from labelround.groundtruth.api import JobStatus
from labelround.server.faults import Faults
from labelround.server.gathering import answered, has_answers
from labelround.server.jobs import Job, ObjectState
from labelround.server.leases import drawn_places, settle
from labelround.server.listing import ListQuery
from labelround.server.paging import page_statement
from labelround.server.rows import (
    CHUNK,
    InputObject,
    OutputObject,
    answer_row,
    closed_row,
    given_at,
    input_row,
    job_of,
    output_object,
)
from labelround.server.schema import answers, jobs, objects, people
from labelround.server.work import Halt, OpenObject, Step, ending_of, gathered

UNFINISHED = [status.value for status in JobStatus if not status.is_terminal]


class NameTaken(Exception):
    """There is a job of that name; `arn` is its ARN."""

    def __init__(self, arn: str) -> None:
        self.arn = arn
        super().__init__(arn)


@dataclass(frozen=True, slots=True)
class JobStore:
    """The jobs of one database."""

    engine: Engine

    def create(self, job: Job) -> Job:
        """Add a job; its id comes back in the result. Raises NameTaken."""
        values = {
            **{name: getattr(job, name) for name in ("name", "arn", "reference_code", "created", "modified")},
            "name_key": job.name.lower(),
            "request": json.dumps(job.request),
            "labels": json.dumps(job.labels),
            "status": job.status.value,
        }
        try:
            with self._writing() as connection:
                connection.execute(insert(jobs).values(values))
        except IntegrityError:
            raise NameTaken(self._named(job.name).arn) from None
        return self._named(job.name)

    def find(self, name: str) -> Job | None:
        """The job of that name, whatever its case."""
        with self.engine.connect() as connection:
            row = connection.execute(select(jobs).where(jobs.c.name_key == name.lower())).mappings().first()
        return job_of(row) if row else None

    def unfinished(self) -> list[Job]:
        """The jobs whose status can still change, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(jobs).where(jobs.c.status.in_(UNFINISHED)).order_by(jobs.c.id)).mappings()
            return [job_of(row) for row in rows]

    def stirring(self, running: Collection[int]) -> list[Job]:
        """The jobs that begin or are being stopped, and of those that run the ones with these ids; oldest first."""
        ids = sorted(running)
        chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
        chosen: list[ColumnElement[bool]] = [
            jobs.c.status.in_([JobStatus.INITIALIZING.value, JobStatus.STOPPING.value]),
            *(and_(jobs.c.id.in_(chunk), jobs.c.status == JobStatus.IN_PROGRESS.value) for chunk in chunks),
        ]
        with self.engine.connect() as connection:
            rows = [row for each in chosen for row in connection.execute(select(jobs).where(each)).mappings()]
        return sorted(map(job_of, rows), key=lambda job: job.id)

    def count_unfinished(self) -> int:
        """How many jobs are not at their end."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).where(jobs.c.status.in_(UNFINISHED))) or 0

    def page(self, query: ListQuery) -> list[Job]:
        """One page, and one job more when there is another page."""
        with self.engine.connect() as connection:
            return [job_of(row) for row in connection.execute(page_statement(query)).mappings()]

    def begin(self, job: Job, lines: Iterable[InputObject], now: int) -> None:
        """Take in the data objects and start the job, all or nothing; what `lines` raises undoes it."""
        total = 0
        with _spooled(lines) as rows, self._writing() as connection:
            while chunk := list(islice(rows, CHUNK)):
                total += sum(not item.kept for item in chunk)
                connection.execute(insert(objects), [input_row(job, item) for item in chunk])
            started = {"started": now, "total": total, "modified": now}
            connection.execute(update(jobs).where(_alive(job), jobs.c.total.is_(None)).values(started))
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job.id, jobs.c.status == JobStatus.INITIALIZING.value)
                .values(status=JobStatus.IN_PROGRESS.value)
            )

    def open_objects(self, job: Job, limit: int) -> list[OpenObject]:
        """The first objects that are not finished, with the turns taken at them."""
        chosen = (
            select(objects.c.place, objects.c.source_ref)
            .where(objects.c.job_id == job.id, objects.c.state == ObjectState.OPEN.value)
            .order_by(objects.c.place)
            .limit(limit)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(chosen).all()
            given = given_at(connection, job, [row.place for row in rows])
        return [OpenObject(row.place, row.source_ref, given.get(row.place, ())) for row in rows]

    def record(self, job: Job, step: Step, ending: JobStatus | None, now: int, *, stop: bool, reason: str = "") -> bool:
        """Keep a step of work, and how the job ends if it is decided. False when the job was stopped meanwhile."""
        changes: dict[str, Any] = {"status": JobStatus.STOPPING.value} if stop else {}
        if ending is not None:
            changes |= {"ending": ending.value, "ended": now, "failure_reason": reason}
        with self._writing() as connection:
            return _keep(connection, job, step, now, _working(job), changes)

    def gather(self, job: Job, faults: Faults, now: int, *, everything: bool = False) -> Step:
        """Close the objects whose answers by people are final, or with `everything` all that have enough answers.

        Whether no more are sent out, and how the job ends then, is kept with them.
        """
        with self.engine.connect() as connection:
            if not has_answers(connection, job):
                return Step()
        with self._writing() as connection:
            row = connection.execute(select(jobs).where(_alive(job))).mappings().first()
            if row is None:
                return Step()
            fresh = job_of(row)
            step = gathered(fresh, answered(connection, fresh, faults, now, everything=everything), faults, now)
            changes: dict[str, Any] = {"status": JobStatus.STOPPING.value} if step.halt is Halt.STOP else {}
            if ending := ending_of(step.halt, fresh, fresh.closed + len(step.closed)):
                reason = faults.failure_reason if ending is JobStatus.FAILED else ""
                changes |= {"ending": ending.value, "ended": now, "failure_reason": reason}
            if step.closed or changes:
                _keep(connection, fresh, step, now, _alive(fresh), changes)
                for one in step.closed:
                    settle(connection, fresh, one.index)
            return step

    def drawn(self, chosen: Sequence[Job]) -> dict[int, int]:
        """How many open objects of each job have all their answers, which may still be changed; by the job's id."""
        needed = {job.id: job.workers_per_object for job in chosen}
        with self.engine.connect() as connection:
            rows = connection.execute(drawn_places(list(needed))).all()
        return Counter(row.job_id for row in rows if row.drawn >= needed[row.job_id])

    def close_all(self, job: Job, members: Mapping[str, Any], now: int) -> None:
        """End every open object as failed, and the job as Completed."""
        with self._writing() as connection:
            is_open = (objects.c.job_id == job.id, objects.c.state == ObjectState.OPEN.value)
            values = {"state": ObjectState.FAILED.value, "members": json.dumps(members)}
            count = connection.scalar(select(func.count()).select_from(objects).where(*is_open)) or 0
            ended = {"ending": JobStatus.COMPLETED.value, "ended": now, "modified": now}
            if connection.execute(
                update(jobs).where(_working(job)).values(**ended, failed=jobs.c.failed + count)
            ).rowcount:
                closed = _next_closing(connection, job, now)
                connection.execute(update(objects).where(*is_open).values(**values, closed=closed))

    def stop(self, name: str, now: int) -> Job | None:
        """Ask a job to stop; the job as it was before. Changes nothing when its end is decided already."""
        with self._writing() as connection:
            row = connection.execute(select(jobs).where(jobs.c.name_key == name.lower())).mappings().first()
            running = [JobStatus.INITIALIZING.value, JobStatus.IN_PROGRESS.value]
            if row:
                connection.execute(
                    update(jobs)
                    .where(jobs.c.id == row["id"], jobs.c.ending.is_(None), jobs.c.status.in_(running))
                    .values(status=JobStatus.STOPPING.value, modified=now)
                )
        return job_of(row) if row else None

    def decide(self, job: Job, ending: JobStatus, now: int) -> None:
        """Settle how the job ends; its output follows."""
        self._update(job, jobs.c.ending.is_(None), ending=ending.value, ended=now, modified=now)

    def finish(self, job: Job, status: JobStatus, now: int, *, reason: str = "", output_uri: str = "") -> None:
        """Give the job its last status."""
        told = reason.encode("utf-8", "replace").decode().replace("\0", "?")  # what no database may refuse
        values = {"status": status.value, "modified": now, "failure_reason": told, "output_uri": output_uri}
        self._update(job, jobs.c.status.in_(UNFINISHED), **values)

    def unwritten(self, job: Job) -> list[int]:
        """The times of closing whose answers are not in the output yet, in order."""
        states = [ObjectState.LABELED.value, ObjectState.FAILED.value]
        waiting = (objects.c.job_id == job.id, objects.c.written.is_(False), objects.c.state.in_(states))
        with self.engine.connect() as connection:
            found = select(objects.c.closed).where(*waiting).distinct().order_by(objects.c.closed)
            return list(connection.scalars(found))

    def closed_at(self, job: Job, time: int) -> list[OutputObject]:
        """The objects closed at that time that at least one worker took a turn at."""
        asked = select(answers.c.place).where(answers.c.job_id == job.id)
        at_that_time = (objects.c.job_id == job.id, objects.c.closed == time, objects.c.place.in_(asked))
        with self.engine.connect() as connection:
            rows = connection.execute(select(objects).where(*at_that_time).order_by(objects.c.place)).mappings().all()
            given = given_at(connection, job, [row["place"] for row in rows])
        return [output_object(row, given.get(row["place"], ())) for row in rows]

    def names(self) -> dict[str, str]:
        """The people who label, by their worker ids."""
        with self.engine.connect() as connection:
            return {row.worker: row.name for row in connection.execute(select(people))}

    def mark_written(self, job: Job, time: int) -> None:
        """The answers to the objects closed at that time are in the output."""
        with self._writing() as connection:
            at_that_time = (objects.c.job_id == job.id, objects.c.closed == time)
            connection.execute(update(objects).where(*at_that_time).values(written=True))

    def mark_reported(self, job: Job, count: int) -> None:
        """The intermediate output holds so many finished objects."""
        self._update(job, jobs.c.reported < count, reported=count)

    def all_objects(self, job: Job) -> Iterator[OutputObject]:
        """Every data object, in the order of the manifest, a chunk at a time."""
        last = -1
        while True:
            chunk = (
                select(objects)
                .where(objects.c.job_id == job.id, objects.c.place > last)
                .order_by(objects.c.place)
                .limit(CHUNK)
            )
            with self.engine.connect() as connection:
                rows = connection.execute(chunk).mappings().all()
            if not rows:
                return
            yield from map(output_object, rows)
            last = rows[-1]["place"]

    def _named(self, name: str) -> Job:
        job = self.find(name)
        if job is None:
            raise LookupError(name)
        return job

    def _update(self, job: Job, condition: Any, **values: Any) -> None:
        with self._writing() as connection:
            connection.execute(update(jobs).where(jobs.c.id == job.id, condition).values(values))

    def _writing(self) -> AbstractContextManager[Connection]:
        return self.engine.execution_options(immediate=True).begin()


@contextmanager
def _spooled(lines: Iterable[InputObject]) -> Iterator[Iterator[InputObject]]:
    """The same lines from a file: all are read before anybody else has to wait for a transaction."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(astuple(line))}\n" for line in lines)
        file.seek(0)
        yield (InputObject(*json.loads(line)) for line in file)


_CLOSING = (
    update(objects)
    .where(objects.c.job_id == bindparam("of_job"), objects.c.place == bindparam("at_place"))
    .values(state=bindparam("new_state"), members=bindparam("new_members"), closed=bindparam("new_closed"))
)


def _keep(
    connection: Connection, job: Job, step: Step, now: int, alive: ColumnElement[bool], changes: Mapping[str, Any]
) -> bool:
    """Write a step, if the job is still `alive`, and what else changes with it. Whether it was."""
    closed = _next_closing(connection, job, now)
    counted: dict[str, Any] = {
        "labeled": jobs.c.labeled + step.labeled,
        "failed": jobs.c.failed + len(step.closed) - step.labeled,
        "given": jobs.c.given + step.spent,
        "modified": now,
    }
    if not connection.execute(update(jobs).where(alive).values({**counted, **changes})).rowcount:
        return False
    if step.given:
        connection.execute(insert(answers), [answer_row(job, one) for one in step.given])
    if step.closed:
        connection.execute(_CLOSING, [closed_row(job, one, closed) for one in step.closed])
    return True


def _alive(job: Job) -> Any:
    """Whether the job's end is open."""
    return and_(jobs.c.id == job.id, jobs.c.ending.is_(None), jobs.c.status.in_(UNFINISHED))


def _working(job: Job) -> Any:
    """Whether workers may go on."""
    return and_(_alive(job), jobs.c.status == JobStatus.IN_PROGRESS.value)


def _next_closing(connection: Connection, job: Job, now: int) -> int:
    """The time of closing for one step: now, but later than that of every step before."""
    last = connection.scalar(select(func.max(objects.c.closed)).where(objects.c.job_id == job.id))
    return max(now, 1 + (last or 0))
