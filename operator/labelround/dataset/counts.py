"""Why boxes are left out."""

from __future__ import annotations

from collections import Counter
from enum import Enum


class Drop(Enum):
    """Why a box of a manifest is not in the dataset; the value is its name in the report."""

    NO_AREA = "no_area"
    """It has no area inside the image."""
    DUPLICATE = "duplicate_box"
    """The image has the same box of the same class already."""
    REPEATED_LINE = "repeated_line"
    """Its manifest says the same in another line."""
    SUPERSEDED = "superseded_attempt"
    """A later attempt labeled the image again."""
    FAILED_IMAGE = "failed_image"
    """Its image is not in the dataset."""


class Drops(Counter[Drop]):
    """How many boxes were left out, by reason."""
