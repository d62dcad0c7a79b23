"""The server's database: a file of SQLite, or a database of a PostgreSQL server. Opening it, and having it alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, make_url, select, text, update
from sqlalchemy.exc import DatabaseError, OperationalError

from labelround.errors import Conflict, InvalidInput, LabelroundError, Problem, Unavailable
from labelround.server.address import Database, PostgreSQL
from labelround.server.lock import Check, locked_file
from labelround.server.schema import SCHEMA_VERSION, metadata, versions

BUSY_SECONDS = 30
CONNECT_SECONDS = 10
DIALECT = "postgresql+psycopg"
_LOCK = int.from_bytes(hashlib.sha256(b"labelround server").digest()[:8], signed=True)
"""The advisory lock of the one server that moves the jobs; the next number is that of whoever writes."""
_CONNECTION = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "labelround-server",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""What the address does not say otherwise: a database that vanishes without a word is noticed within half a minute."""
CONNECTIONS = 10
MORE_CONNECTIONS = 30
"""With those above as many as requests are answered at a time."""
_NOTICE = ("tcp_keepalives_idle = 60", "tcp_keepalives_interval = 15", "tcp_keepalives_count = 4")
"""With these PostgreSQL notices within two minutes that a server has vanished without a word."""


def open_database(database: Database) -> Engine:
    """The database with its tables, which are made if they are not there.

    A connection with the execution option `immediate` is for writing: such transactions come one after the other.
    Raises Conflict for a database of a newer labelround, InvalidInput for one that is none of ours, and Unavailable for
    a PostgreSQL that does not answer.
    """
    if isinstance(database, Path):
        engine = _sqlite(database)
    else:
        engine = _postgresql(database, pool_size=CONNECTIONS, max_overflow=MORE_CONNECTIONS)
    try:
        _prepare(engine, str(database))
    except DatabaseError as error:
        engine.dispose()
        raise _unusable(database, error) from error
    except Exception:
        engine.dispose()
        raise
    return engine


def locked(database: Database) -> AbstractContextManager[Check]:
    """Have the database alone for as long as the context lasts. Raises Conflict when another server has it."""
    return locked_file(database) if isinstance(database, Path) else _locked_postgresql(database)


def _sqlite(path: Path) -> Engine:
    """A new file is its owner's alone, and so are those that SQLite makes beside it."""
    with suppress(OSError):  # SQLite says what is the matter
        path.touch(0o600, exist_ok=True)
    engine = create_engine(URL.create("sqlite", database=str(path)), connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """Settings of each connection. Transactions are begun by `_begin_sqlite`, not by the sqlite3 module."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once, so that it never fails half-way because another one was faster."""
    immediate = connection.get_execution_options().get("immediate", False)
    connection.execute(text("BEGIN IMMEDIATE" if immediate else "BEGIN"))


def _postgresql(database: PostgreSQL, **pool: Any) -> Engine:
    url = make_url(database.address).set(drivername=DIALECT)
    unsaid = {name: value for name, value in _CONNECTION.items() if name not in url.query}
    engine = create_engine(url, connect_args=unsaid, pool_pre_ping=True, **pool)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("immediate", False):
        connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK + 1})


@contextmanager
def _locked_postgresql(database: PostgreSQL) -> Iterator[Check]:
    """An advisory lock, which PostgreSQL lets go when the connection ends; the next connection takes it anew."""
    engine = _postgresql(database, pool_size=1, max_overflow=0)
    taken: list[bool] = []
    event.listen(engine, "connect", _taking_lock(str(database), taken))

    def check() -> bool:
        try:
            engine.connect().close()
        except DatabaseError as error:
            raise _unusable(database, error) from error
        anew = bool(taken)
        taken.clear()
        return anew

    try:
        check()
        yield check
    finally:
        engine.dispose()


def _taking_lock(shown: str, taken: list[bool]) -> Callable[[Any, Any], None]:
    """Takes the lock on a new connection, and notes it. Raises Conflict when another server has it."""

    def take(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            for setting in _NOTICE:
                cursor.execute(f"SET {setting}")
            (alone,) = cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        connection.commit()
        if not alone:
            raise _in_use(shown)
        taken.append(True)

    return take


def _in_use(shown: str) -> Conflict:
    message = f"{shown} is in use by another labelround server; wait for it to end, or name another database"
    return Conflict("DatabaseInUse", message)


def _unusable(database: Database, error: DatabaseError) -> LabelroundError:
    """What the driver says, in one line."""
    reason = " ".join(str(error.orig).split())
    if isinstance(database, PostgreSQL) and isinstance(error, OperationalError):
        return Unavailable(f"{database} cannot be reached: {reason}")
    what = f"cannot be used as the server's database ({reason})"
    return InvalidInput([Problem(str(database), what, "name another, or mend its address")])


def _prepare(engine: Engine, shown: str) -> None:
    with engine.execution_options(immediate=True).begin() as connection:
        tables = set(inspect(connection).get_table_names())
        if not tables:
            metadata.create_all(connection)
            connection.execute(insert(versions).values(version=SCHEMA_VERSION))
            return
        if versions.name not in tables:
            raise InvalidInput([Problem(shown, "is a database, but not a labelround server's", "name another")])
        version = connection.scalar(select(versions.c.version)) or 0
        if version < SCHEMA_VERSION:
            metadata.create_all(connection)
            connection.execute(update(versions).values(version=SCHEMA_VERSION))
    if version > SCHEMA_VERSION:
        raise Conflict(
            "DatabaseTooNew",
            f"{shown} was written by a newer labelround (its schema is {version}, this one's {SCHEMA_VERSION});"
            " upgrade labelround or name another database",
        )
