"""The tables of the server's database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, text

SCHEMA_VERSION = 2
"""Since 1: `leases`, `people` and `page_sessions` were added; a database of 1 gains them when it is opened."""
LARGE = BigInteger().with_variant(Integer, "sqlite")
"""Ids, and times in milliseconds: 64 bits, everywhere."""
SORTED = String().with_variant(String(collation="C"), "postgresql")
"""Text that is sorted by its characters' numbers, everywhere."""

metadata = MetaData()

versions = Table("labelround_schema", metadata, Column("version", Integer, primary_key=True))

jobs = Table(
    "labeling_jobs",
    metadata,
    Column("id", LARGE, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", SORTED, nullable=False, unique=True),  # in lower case
    Column("arn", String, nullable=False),
    Column("reference_code", String, nullable=False),
    Column("request", String, nullable=False),  # JSON
    Column("labels", String, nullable=False),  # JSON
    Column("status", SORTED, nullable=False, index=True),
    Column("created", LARGE, nullable=False, index=True),
    Column("modified", LARGE, nullable=False),
    Column("started", LARGE, nullable=False, default=0),
    Column("total", Integer),
    Column("labeled", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("given", Integer, nullable=False, default=0),
    Column("reported", Integer, nullable=False, default=0),
    Column("ending", String),
    Column("ended", LARGE, nullable=False, default=0),
    Column("failure_reason", String, nullable=False, default=""),
    Column("output_uri", String, nullable=False, default=""),
)

objects = Table(
    "data_objects",
    metadata,
    Column("job_id", ForeignKey("labeling_jobs.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("line", String, nullable=False),
    Column("source_ref", String, nullable=False),
    Column("state", String, nullable=False),
    Column("members", String, nullable=False, default="{}"),  # JSON: what the output line gains
    Column("closed", LARGE, nullable=False, default=0),  # when; equal in one step of work
    Column("written", Boolean, nullable=False, default=False),  # whether the workers' answers are in the output
)
Index("open_objects", objects.c.job_id, objects.c.state, objects.c.place)
Index("unwritten_objects", objects.c.job_id, objects.c.written, objects.c.closed)

answers = Table(
    "answers",
    metadata,
    Column("job_id", ForeignKey("labeling_jobs.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("worker", String, nullable=False),
    Column("boxes", String),  # JSON; none for a declined task
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("accepted", LARGE, nullable=False),
    Column("submitted", LARGE, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("id", String, primary_key=True),
    Column("job_id", ForeignKey("labeling_jobs.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("worker", String, nullable=False),
    Column("state", String, nullable=False),
    Column("granted", LARGE, nullable=False),
    Column("expires", LARGE, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("turn", Integer),  # of the answer; none before there is one
    Column("reason", String, nullable=False, default=""),  # why it was declined, or why the picture cannot be read
    Column("touched", LARGE, nullable=False, default=0),  # when it was last answered
    Column("reopened", LARGE, nullable=False, default=0),  # until when the worker may be changing the answer
    Column("final", Boolean, nullable=False, default=False),  # whether the worker has said that it stays so
)
Index("leases_of_objects", leases.c.job_id, leases.c.place, leases.c.state)
Index("leases_by_state", leases.c.job_id, leases.c.state)
Index("leases_of_workers", leases.c.worker, leases.c.state, leases.c.touched)
_HELD = text("state = 'held'")
Index("one_lease_a_worker", leases.c.worker, unique=True, sqlite_where=_HELD, postgresql_where=_HELD)

people = Table("people", metadata, Column("worker", String, primary_key=True), Column("name", String, nullable=False))

page_sessions = Table(
    "page_sessions",
    metadata,
    Column("digest", String, primary_key=True),  # of what the browser's cookie holds
    Column("worker", String, nullable=False),
    Column("began", LARGE, nullable=False),
)
