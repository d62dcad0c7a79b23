"""The tables of the server's database, and opening it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Engine,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from labelround.errors import Conflict, InvalidInput, Problem

SCHEMA_VERSION = 1
BUSY_SECONDS = 30

metadata = MetaData()

versions = Table("labelround_schema", metadata, Column("version", Integer, primary_key=True))

jobs = Table(
    "labeling_jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("name_key", String, nullable=False, unique=True),  # in lower case
    Column("arn", String, nullable=False),
    Column("reference_code", String, nullable=False),
    Column("request", String, nullable=False),  # JSON
    Column("labels", String, nullable=False),  # JSON
    Column("status", String, nullable=False, index=True),
    Column("created", Integer, nullable=False, index=True),
    Column("modified", Integer, nullable=False),
    Column("started", Integer, nullable=False, default=0),
    Column("total", Integer),
    Column("labeled", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("given", Integer, nullable=False, default=0),
    Column("reported", Integer, nullable=False, default=0),
    Column("ending", String),
    Column("ended", Integer, nullable=False, default=0),
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
    Column("closed", Integer, nullable=False, default=0),  # when; equal in one step of work
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
    Column("accepted", Integer, nullable=False),
    Column("submitted", Integer, nullable=False),
)


def open_database(path: Path) -> Engine:
    """The database in the file `path`, with its tables, which are made if they are not there.

    Raises Conflict for a database of a newer labelround, and InvalidInput for a file that is none of ours.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    try:
        _prepare(engine, path)
    except DatabaseError as error:
        engine.dispose()
        raise InvalidInput(
            [Problem(str(path), f"cannot be used as the server's database ({error.orig})", "name another file")]
        ) from error
    except Exception:
        engine.dispose()
        raise
    return engine


def _prepare(engine: Engine, path: Path) -> None:
    with engine.execution_options(immediate=True).begin() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            metadata.create_all(connection)
            connection.execute(insert(versions).values(version=SCHEMA_VERSION))
            return
        if versions.name not in tables:
            raise InvalidInput(
                [Problem(str(path), "is a database, but not a labelround server's", "name another file")]
            )
        version = connection.scalar(select(versions.c.version))
    if version != SCHEMA_VERSION:
        raise Conflict(
            "DatabaseTooNew",
            f"{path} was written by a newer labelround (its schema is {version}, this one's {SCHEMA_VERSION});"
            " upgrade labelround or name another database",
        )


def _set_up(connection: Any, _record: Any) -> None:
    """Settings of each connection. Transactions are begun by `_begin`, not by the sqlite3 module."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Any) -> None:
    """A writer takes the lock at once, so that it never fails half-way because another one was faster."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.execute(text("BEGIN IMMEDIATE" if immediate else "BEGIN"))
