"""What people have answered and will no longer change: the objects that are ready to be finished."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from labelround.server.faults import Faults
from labelround.server.jobs import Job, ObjectState
from labelround.server.leases import LeaseState, count_ready, earliest_revisable, has_enough, waiting, waiting_by_place
from labelround.server.rows import given_at
from labelround.server.schema import leases, objects
from labelround.server.work import Answered, halted


def has_answers(connection: Connection, job: Job) -> bool:
    """Whether there is anything to look at."""
    return connection.execute(waiting(job).with_only_columns(leases.c.id).limit(1)).first() is not None


def answered(connection: Connection, job: Job, faults: Faults, now: int, *, everything: bool) -> list[Answered]:
    """The objects that have enough answers, in order; those that may be changed only when `everything` is wanted."""
    by_place = waiting_by_place(connection, job)
    enough = {place: found for place, found in by_place.items() if has_enough(found, job.workers_per_object)}
    ready, labeled = count_ready(enough.values(), job.workers_per_object)
    sated = halted(job, faults, job.closed + ready, job.labeled + labeled) is not None
    is_last = sated or _count_open(connection, job) == len(enough)
    earliest = {
        worker: earliest_revisable(connection, worker)
        for worker in {lease.worker for found in enough.values() for lease in found}
    }
    settled = {
        place: found
        for place, found in enough.items()
        if everything or all(lease.settles(now, earliest[lease.worker], last=is_last) for lease in found)
    }
    given = given_at(connection, job, sorted(settled))
    return [
        Answered(
            place,
            given.get(place, ()),
            tuple(lease.reason for lease in found if lease.state is LeaseState.ANSWERED and lease.reason),
            next((lease.reason for lease in found if lease.state is LeaseState.UNREADABLE), ""),
        )
        for place, found in sorted(settled.items())
    ]


def _count_open(connection: Connection, job: Job) -> int:
    is_open = (objects.c.job_id == job.id, objects.c.state == ObjectState.OPEN.value)
    return connection.scalar(select(func.count()).select_from(objects).where(*is_open)) or 0
