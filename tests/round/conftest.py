"""The world that tests of rounds run in."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.round.world import IMAGES, NAMES, World, picture


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Five pictures, and workers who know what is on them."""
    made = World(tmp_path)
    for index, name in enumerate(NAMES):
        made.bucket.write(f"{IMAGES}{name}", picture(40 * index))
    return made
