"""Leases: a person has one picture at a time, for as long as the job's task time limit, or as nobody else takes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, update

from labelround.server.boxes import Size
from labelround.server.jobs import Job, ObjectState
from labelround.server.schema import leases, objects

REVISABLE_ANSWERS = 5
"""How many of their last answers a person may change."""
REVISABLE_MILLISECONDS = 300_000
"""For how long an answer may be changed, from when it was given or last gone back to; then it is final."""
LAST_MILLISECONDS = 15_000
"""The same when nothing is left to do in the job."""
CLOCK_MILLISECONDS = 15_000
"""How far ahead a time may lie before it tells that the clock was put back, not that two threads have read it."""


class LeaseState(Enum):
    """How far a lease has come."""

    HELD = "held"
    ANSWERED = "answered"  # boxes were drawn, or it was declined; may be changed as long as the object is open
    SETTLED = "settled"  # the object is finished, with this answer
    LAPSED = "lapsed"  # somebody else has the picture, or the object was finished without this worker
    UNREADABLE = "unreadable"  # the picture cannot be read: nobody's lease, a note for whoever moves the job


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's turn at one object; times are milliseconds. `reason` is why it was declined, empty otherwise."""

    id: str
    job_id: int
    place: int
    worker: str
    state: LeaseState
    granted: int
    expires: int
    size: Size
    turn: int | None = None
    reason: str = ""
    touched: int = 0
    reopened: int = 0
    final: bool = False

    def settles(self, now: int, earliest_revisable: int, *, last: bool) -> bool:
        """Whether the worker can no longer change the answer.

        `earliest_revisable` is when the oldest answer was given that the worker may still go back to; `last` says that
        nothing is left to do in the job.
        """
        if self.state is LeaseState.UNREADABLE or self.final:
            return True
        if now < self.reopened <= now + REVISABLE_MILLISECONDS + CLOCK_MILLISECONDS:
            return False
        patience = LAST_MILLISECONDS if last else REVISABLE_MILLISECONDS
        is_recent = now - patience < self.touched <= now + CLOCK_MILLISECONDS
        return self.touched < earliest_revisable or not is_recent


def lease_of(row: Mapping[Any, Any]) -> Lease:
    """A row of the table."""
    values = {name: row[name] for name in Lease.__dataclass_fields__ if name not in {"state", "size"}}
    return Lease(**values, state=LeaseState(row["state"]), size=Size(row["width"], row["height"]))


def lease_row(lease: Lease) -> dict[str, Any]:
    """A lease as a row of the table."""
    values = {name: getattr(lease, name) for name in Lease.__dataclass_fields__ if name not in {"state", "size"}}
    return {**values, "state": lease.state.value, "width": lease.size.width, "height": lease.size.height}


def free_object(job: Job, worker: str, now: int, *, place: int | None = None) -> Select[Any]:
    """The first object of the job (or the one at `place`) that the worker may take.

    It is open, has room for one more answer, and this worker has had no turn at it.
    """
    this = and_(leases.c.job_id == objects.c.job_id, leases.c.place == objects.c.place)
    had = exists().where(this, leases.c.worker == worker, _in(LeaseState.HELD, LeaseState.ANSWERED))
    unreadable = exists().where(this, _in(LeaseState.UNREADABLE))
    held = and_(_in(LeaseState.HELD), leases.c.expires > now)
    drawn = and_(_in(LeaseState.ANSWERED), leases.c.reason == "")
    declined = and_(_in(LeaseState.ANSWERED), leases.c.reason != "")
    needed = job.workers_per_object
    chosen = [
        objects.c.job_id == job.id,
        objects.c.state == ObjectState.OPEN.value,
        _count(this, or_(held, drawn)) < needed,
        _count(this, declined) < needed,
        ~had,
        ~unreadable,
    ]
    if place is not None:
        chosen.append(objects.c.place == place)
    return select(objects.c.place, objects.c.source_ref).where(*chosen).order_by(objects.c.place).limit(1)


def drawn_places(job_ids: list[int]) -> Select[Any]:
    """The objects with answers that may still be changed, and how many of them hold boxes."""
    chosen = (leases.c.job_id.in_(job_ids), _in(LeaseState.ANSWERED), leases.c.reason == "", _is_open())
    columns = (leases.c.job_id, leases.c.place)
    return select(*columns, func.count().label("drawn")).where(*chosen).group_by(*columns)


def waiting(job: Job) -> Select[Any]:
    """The leases of the job that its engine has to look at."""
    chosen = (leases.c.job_id == job.id, _in(LeaseState.ANSWERED, LeaseState.UNREADABLE), _is_open())
    return select(leases).where(*chosen)


def waiting_by_place(connection: Connection, job: Job) -> dict[int, list[Lease]]:
    """The same, by their objects."""
    rows = connection.execute(waiting(job).order_by(leases.c.place, leases.c.turn)).mappings()
    return {place: list(found) for place, found in groupby(map(lease_of, rows), key=lambda lease: lease.place)}


def has_enough(found: Sequence[Lease], needed: int) -> bool:
    """Whether nobody else has to look at the object."""
    declined = sum(bool(lease.reason) for lease in found)
    unreadable = any(lease.state is LeaseState.UNREADABLE for lease in found)
    return unreadable or declined >= needed or len(found) - declined >= needed


def count_ready(found: Collection[Sequence[Lease]], needed: int) -> tuple[int, int]:
    """Of the objects with these leases: how many nobody else has to look at, and how many of them are labeled."""
    ready = [answers for answers in found if has_enough(answers, needed)]
    labeled = sum(sum(not lease.reason for lease in answers) >= needed for answers in ready)
    return len(ready), labeled


def make_room(connection: Connection, job: Job, place: int, now: int) -> None:
    """Let one more worker at the object: who had it longest beyond their time has lost it, if there is none."""
    this = (leases.c.job_id == job.id, leases.c.place == place)
    taken = or_(_in(LeaseState.HELD), and_(_in(LeaseState.ANSWERED), leases.c.reason == ""))
    count = connection.scalar(select(func.count()).select_from(leases).where(*this, taken)) or 0
    over = select(leases.c.id).where(*this, _in(LeaseState.HELD), leases.c.expires <= now).order_by(leases.c.expires)
    lost = connection.scalars(over.limit(max(0, count + 1 - job.workers_per_object))).all()
    lapse(connection, leases.c.id.in_(lost))


def lapse(connection: Connection, *chosen: ColumnElement[bool]) -> None:
    """Take the picture from whoever holds it."""
    held = leases.c.state == LeaseState.HELD.value
    connection.execute(update(leases).where(held, *chosen).values(state=LeaseState.LAPSED.value))


def earliest_revisable(connection: Connection, worker: str) -> int:
    """When the oldest answer was given that the worker may go back to."""
    last = (
        select(leases.c.touched)
        .where(leases.c.worker == worker, _in(LeaseState.ANSWERED, LeaseState.SETTLED))
        .order_by(leases.c.touched.desc())
        .limit(1)
        .offset(REVISABLE_ANSWERS - 1)
    )
    return connection.scalar(last) or 0


def settle(connection: Connection, job: Job, place: int) -> None:
    """The object is finished: its answers stay as they are, and whoever still holds it has lost it."""
    this = (leases.c.job_id == job.id, leases.c.place == place)
    lapse(connection, *this)
    answered = _in(LeaseState.ANSWERED, LeaseState.UNREADABLE)
    connection.execute(update(leases).where(*this, answered).values(state=LeaseState.SETTLED.value))


def _is_open() -> ColumnElement[bool]:
    """Whether the object of a lease is not finished; simulated workers finish objects without a look at leases."""
    this = (objects.c.job_id == leases.c.job_id, objects.c.place == leases.c.place)
    return exists().where(*this, objects.c.state == ObjectState.OPEN.value).correlate(leases)


def _in(*states: LeaseState) -> ColumnElement[bool]:
    return leases.c.state.in_([state.value for state in states])


def _count(*chosen: ColumnElement[bool]) -> Any:
    return select(func.count()).where(*chosen).correlate(objects).scalar_subquery()
