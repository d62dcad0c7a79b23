"""The world that tests of rounds run in."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.round.world import World, furnished


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Five pictures, and workers who know what is on them."""
    return furnished(tmp_path)
