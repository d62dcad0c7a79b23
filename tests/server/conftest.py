"""A place to label in for every test of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.labeling import Front, Place
from tests.servers.postgresql import PostgreSQLServer, running_postgresql


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    """A server's HTTP side and a stock client of it."""
    with Front.listening() as front:
        yield front


@pytest.fixture
def place(tmp_path: Path, front: Front) -> Place:
    """Four images, and workers who know what is on them; nothing runs yet."""
    return Place(tmp_path, front)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQLServer]:
    """A PostgreSQL server."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest, place: Place) -> None:
    """Every test that uses it runs with the jobs in a file, and in a database of the server."""
    if request.param == "postgresql":
        server: PostgreSQLServer = request.getfixturevalue("postgresql")
        place.change(database=server.new_database())
