"""Jobs in a PostgreSQL database: one server moves them, and it outlives a database that does not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import inspect, text
from tests.server.labeling import Place, client, request, server_process
from tests.servers.postgresql import PostgreSQLServer
from tests.servers.waiting import until

from labelround.errors import Conflict, InvalidInput, Unavailable
from labelround.server import background, parse_database
from labelround.server.address import PostgreSQL
from labelround.server.database import open_database
from labelround.server.schema import SCHEMA_VERSION
from labelround.server.service import opened
from labelround.server.settings import utc_now

PASSWORD = "p%40ss%2Fword"
LET_GO = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture
def database(place: Place, postgresql: PostgreSQLServer) -> PostgreSQL:
    """A database of the place."""
    database = postgresql.new_database()
    place.change(database=database, tick=0.01)
    return database


def status(api: Any, name: str = "pens-1") -> str:
    found: str = api.describe_labeling_job(LabelingJobName=name)["LabelingJobStatus"]
    return found


def test_one_server_has_a_database_at_a_time(place: Place, database: PostgreSQL) -> None:
    """The second is refused, and may have it when the first has ended."""
    with (
        opened(place.settings, place.buckets),
        pytest.raises(Conflict, match="is in use by another labelround server"),
        opened(place.settings, place.buckets),
    ):
        pass

    with opened(place.settings, place.buckets):
        pass


def test_a_server_goes_on_when_its_database_comes_back(
    place: Place, database: PostgreSQL, postgresql: PostgreSQLServer
) -> None:
    """It still has it alone, and every job goes on."""
    place.change(delay=0.2, clock=utc_now)
    with background(place.settings, place.buckets) as url:
        api = client(url)
        api.create_labeling_job(**request())
        until(lambda: status(api) == "InProgress", "the job begins")

        postgresql.stop()
        with pytest.raises(api.exceptions.ClientError, match="InternalFailure"):
            status(api)
        postgresql.start()

        until(lambda: completed(api), "the job ends", 60)
        with pytest.raises(Conflict, match="is in use"), opened(place.settings, place.buckets):
            pass
    assert len(place.output()) == 4


def completed(api: Any, name: str = "pens-1") -> bool:
    return status(api, name) == "Completed"


def test_a_server_that_is_killed_leaves_the_database_to_the_next(place: Place, database: PostgreSQL) -> None:
    """Which goes on with every job."""
    place.change(delay=0.2)
    assert isinstance(place.settings.answers, bytes)
    (place.path / "truth.manifest").write_bytes(place.settings.answers)
    with process(place, database) as (url, server):
        client(url).create_labeling_job(**request())
        until(lambda: status(client(url)) == "InProgress", "the job begins")
        server.kill()
        server.wait()

    with process(place, database) as (url, _):
        until(lambda: completed(client(url)), "the job ends", 60)
    assert len(place.output()) == 4


@contextmanager
def process(place: Place, database: PostgreSQL) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`labelround server` with the address in its environment, ready."""
    command = [sys.executable, "-m", "labelround", "server", "--root", str(place.path / "buckets"), "--delay", "0.2"]
    command += ["--answers", str(place.path / "truth.manifest")]
    with server_process(command, LABELROUND_SERVER_DATABASE=database.address) as (url, server):
        yield url, server
    said = server.communicate()[1]
    assert PASSWORD not in said
    assert f"The jobs are kept in {database}." in said


def test_a_database_that_does_not_answer_is_told(place: Place) -> None:
    """Without its password."""
    place.change(database=parse_database(f"postgresql://me:{PASSWORD}@127.0.0.1:9/jobs"))

    with pytest.raises(Unavailable) as refusal, opened(place.settings, place.buckets):
        pass

    assert str(refusal.value).startswith("postgresql://me@127.0.0.1:9/jobs cannot be reached: ")
    assert PASSWORD not in str(refusal.value)


def test_a_newer_database_is_refused(database: PostgreSQL) -> None:
    """Rather than misread."""
    open_database(database).dispose()
    with psycopg.connect(database.address) as connection:
        connection.execute("UPDATE labelround_schema SET version = version + 1")

    with pytest.raises(Conflict, match=f"its schema is {SCHEMA_VERSION + 1}, this one's {SCHEMA_VERSION}"):
        open_database(database)


def test_another_programs_database_is_refused(database: PostgreSQL) -> None:
    """Its tables are none of ours."""
    with psycopg.connect(database.address) as connection:
        connection.execute("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(InvalidInput, match="not a labelround server's"):
        open_database(database)


def test_names_are_sorted_by_their_characters(database: PostgreSQL) -> None:
    """As in SQLite, whatever the language of the database is."""
    engine = open_database(database)
    columns = {column["name"]: column["type"] for column in inspect(engine).get_columns("labeling_jobs")}
    engine.dispose()

    assert {getattr(columns[name], "collation", None) for name in ("name_key", "status")} == {"C"}


def test_what_another_server_began_is_looked_at(place: Place, database: PostgreSQL) -> None:
    """A server that loses its connection, and so the database for a while, moves every job when it has it again."""
    place.change(clock=utc_now, tick=1.0)
    with background(place.settings, place.buckets) as url:
        api = client(url)
        api.create_labeling_job(**request("pens-0"))
        until(lambda: completed(api, "pens-0"), "the server works")
        with psycopg.connect(database.address, autocommit=True) as connection:
            connection.execute(LET_GO)
        other = replace(place.settings, tick=0.01, delay=1000.0)
        with background(other, place.buckets) as another:
            client(another).create_labeling_job(**request())
            until(lambda: status(api) == "InProgress", "the other begins it")

        until(lambda: completed(api), "the first ends it", 60)


def test_an_option_that_libpq_does_not_know_is_told(postgresql: PostgreSQLServer, place: Place) -> None:
    """In one line, as every wrong input."""
    place.change(database=parse_database(f"{postgresql.new_database().address}?sslmod=require"))

    unusable = pytest.raises(InvalidInput, match="cannot be used as the server's database")
    with unusable as refusal, opened(place.settings, place.buckets):
        pass

    assert "sslmod" in str(refusal.value)


def test_the_address_may_say_otherwise(database: PostgreSQL) -> None:
    """Its own parameters win over those that the server would choose."""
    engine = open_database(PostgreSQL(f"{database.address}?application_name=mine"))
    with engine.connect() as connection:
        name = connection.scalar(text("SHOW application_name"))
    engine.dispose()

    assert name == "mine"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("me:secret@host/jobs", "database: may be an address or a path"),
        ("postgresql://me:/secret@host/jobs", "is no complete address"),
        ("postgresql://me:p@secret@host/jobs", "is no complete address"),
        ("postgresql://me:55/secret@host:5432/jobs", "is no complete address"),
        ("mysql://me:secret@host/jobs", "database: mysql:// is not supported; write a path or postgresql://"),
        ("postgresql://me:secret@host", "database: is no complete address of a PostgreSQL database; write"),
        ("postgresql:///jobs", "is no complete address"),
        ("postgresql://me:secret@host:many/jobs", "is no complete address"),
    ],
)
def test_an_address_that_is_none_is_refused(text: str, what: str) -> None:
    """Without what may be its password."""
    with pytest.raises(InvalidInput) as refusal:
        parse_database(text)

    assert what in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_an_address_shows_no_password() -> None:
    """Neither in messages nor in what a debugger prints."""
    database = parse_database(f"postgres://me:{PASSWORD}@db.example:5433/jobs?sslmode=require\n")

    assert str(database) == "postgresql://me@db.example:5433/jobs"
    assert PASSWORD not in f"{database!r}{database}"
