"""Boxes as workers draw them, and how much two of them agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """One drawn box, in pixels of the stored picture; `label` is a class name."""

    label: str
    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's size in pixels."""

    width: int
    height: int


def intersection_over_union(one: Box, other: Box) -> float:
    """The Jaccard index of two boxes' areas, 0 to 1; 1 for equal boxes, also when they have no area."""
    if one == other:
        return 1.0
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    shared = width * height if width > 0 and height > 0 else 0.0
    united = one.width * one.height + other.width * other.height - shared
    return min(1.0, shared / united) if united > 0 else 0.0
