"""The statement behind one page of ListLabelingJobs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, or_, select

from labelround.server.listing import ListQuery
from labelround.server.schema import jobs


def page_statement(query: ListQuery) -> Select[Any]:
    """The jobs of the page, and one more when there is another page."""
    keys = {"Name": jobs.c.name_key, "CreationTime": jobs.c.created, "Status": jobs.c.status}
    key = keys[query.sort_by]
    statement = select(jobs)
    bounds = {
        jobs.c.created: (query.created_after, query.created_before),
        jobs.c.modified: (query.modified_after, query.modified_before),
    }
    for column, (after, before) in bounds.items():
        if after is not None:
            statement = statement.where(column >= after)
        if before is not None:
            statement = statement.where(column <= before)
    if query.name_contains:
        statement = statement.where(jobs.c.name_key.contains(query.name_contains.lower(), autoescape=True))
    if query.status is not None:
        statement = statement.where(jobs.c.status == query.status)
    if query.start is not None:
        value, last = query.start
        further = key < value if query.descending else key > value
        tied = jobs.c.id < last if query.descending else jobs.c.id > last
        statement = statement.where(or_(further, and_(key == value, tied)))
    order = [key.desc(), jobs.c.id.desc()] if query.descending else [key, jobs.c.id]
    return statement.order_by(*order).limit(query.limit + 1)
