"""Counts of boxes by size, place and suspicion, which add up: over pictures, and over the shards of a conversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from labelround.dataset.boxes import Box
from labelround.dataset.quality.suspicion import Suspicion, suspected

SIZES = ("small", "medium", "large")
"""As COCO calls them: an area under 32 x 32 pixels, under 96 x 96, and above."""
SMALL, MEDIUM = 32 * 32, 96 * 96
GRID = 5
"""Centers are counted by so many rows and columns of the picture."""
SUSPICIONS = tuple(Suspicion)


def size_of(width: float, height: float) -> int:
    """Which of `SIZES` a box of so many pixels has."""
    area = width * height
    return 0 if area < SMALL else 1 if area < MEDIUM else 2


def cell_of(x: float, y: float) -> int:
    """The cell of the grid with the point, in shares of the picture's sides: row by row, from the top left."""
    return _step(y) * GRID + _step(x)


def _step(share: float) -> int:
    return min(max(int(share * GRID), 0), GRID - 1)


@dataclass(slots=True)
class BoxFigures:
    """Boxes by size, by the place of their centers and by what is suspicious about them.

    `suspicious` is in the order of `Suspicion`; a box may be of two kinds, and counts in `suspected` once.
    """

    sizes: list[int] = field(default_factory=lambda: [0] * len(SIZES))
    centers: list[int] = field(default_factory=lambda: [0] * (GRID * GRID))
    suspicious: list[int] = field(default_factory=lambda: [0] * len(SUSPICIONS))
    suspected: int = 0

    def count(self, boxes: Sequence[Box], width: int, height: int) -> None:
        """Count the boxes of one picture, in pixels, by the usual limits."""
        sizes, centers = self.sizes, self.centers
        for _, left, top, box_width, box_height in boxes:
            area = box_width * box_height  # as `size_of` and `cell_of` do, whose calls would take longer than the rest
            sizes[0 if area < SMALL else 1 if area < MEDIUM else 2] += 1
            column, row = int((left + box_width / 2) * GRID / width), int((top + box_height / 2) * GRID / height)
            centers[min(row, GRID - 1) * GRID + min(column, GRID - 1)] += 1
        found = suspected(boxes, width, height)
        for each in found:
            self.suspicious[SUSPICIONS.index(each.kind)] += 1
        self.suspected += len({each.box for each in found})

    def grid(self) -> tuple[tuple[int, ...], ...]:
        """`centers` by rows."""
        return tuple(tuple(self.centers[row * GRID : (row + 1) * GRID]) for row in range(GRID))

    def add(self, other: BoxFigures) -> None:
        """Add what was counted of other pictures."""
        for own, more in (
            (self.sizes, other.sizes),
            (self.centers, other.centers),
            (self.suspicious, other.suspicious),
        ):
            own[:] = [a + b for a, b in zip(own, more, strict=True)]
        self.suspected += other.suspected
