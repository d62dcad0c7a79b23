"""A place to label in for every test of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.labeling import Front, Place


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    """A server's HTTP side and a stock client of it."""
    with Front.listening() as front:
        yield front


@pytest.fixture
def place(tmp_path: Path, front: Front) -> Place:
    """Four images, and workers who know what is on them; nothing runs yet."""
    return Place(tmp_path, front)
