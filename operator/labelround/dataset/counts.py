"""Why boxes are left out, and what each step counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Joined:
    """What joining lines into images left out, and how many lines repeat others."""

    drops: Drops = field(default_factory=Drops)
    repeated_lines: int = 0


@dataclass(slots=True)
class Checked:
    """What reading the images themselves changed.

    `turned` counts images by orientation, those with 1 left out; `mapped` counts images whose boxes were mapped back.
    """

    drops: Drops = field(default_factory=Drops)
    turned: Counter[int] = field(default_factory=Counter)
    mapped: int = 0

    def add(self, other: Checked) -> None:
        """Add what was found of other images."""
        self.drops.update(other.drops)
        self.turned.update(other.turned)
        self.mapped += other.mapped
