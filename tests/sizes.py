"""How large the slow tests are: LABELROUND_SIZE is `small`, unless `make slow` says `full`."""

from __future__ import annotations

import os
from typing import TypeVar

import pytest

FULL = os.environ.get("LABELROUND_SIZE") == "full"
only_full = (pytest.mark.slow, pytest.mark.skipif(not FULL, reason="runs with `make slow`"))

Size = TypeVar("Size")


def sized(small: Size, full: Size) -> Size:
    """The one that this run is about."""
    return full if FULL else small
