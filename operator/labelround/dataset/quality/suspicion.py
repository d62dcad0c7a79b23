"""Boxes that a person should look at: most are slips of the hand, some are as they should be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from labelround.dataset.boxes import Box

FULL_IMAGE = 0.99
"""A box of this share of the picture's width and of its height is taken for one around the whole picture."""
_ROUNDING = 1e-4
"""Label files give six decimals: so far may an overlap lie beside that of the boxes in pixels."""


class Suspicion(Enum):
    """What is odd about a box; the value is its name in reports."""

    TINY = "tiny"
    """A side is shorter than a hundredth of the picture's: less than a cell of the finest grid of a YOLO model."""
    HUGE = "huge"
    """It covers nine tenths of the picture, but not all."""
    FULL_IMAGE = "full_image"
    """It goes around the whole picture."""
    OVERLAP = "overlap"
    """It lies on another box of its class: most likely one object was drawn twice."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a box is suspicious.

    `tiny` is the share of the picture's side that both sides of a box must reach, `huge` the share of its area that a
    box must stay below, `overlap` the intersection over union with another box of the class that it must stay below.
    """

    tiny: float = 0.01
    huge: float = 0.9
    overlap: float = 0.8


LIMITS = Limits()


class Suspected(NamedTuple):
    """A box by its place in the list of its picture, from 0.

    `value` is the shorter side's share of the picture's for TINY, the overlap for OVERLAP, else the share of the
    picture's area. `other` is the earlier box of an OVERLAP, else None.
    """

    kind: Suspicion
    box: int
    value: float
    other: int | None = None


def suspected(boxes: Sequence[Box], width: float, height: float, limits: Limits = LIMITS) -> list[Suspected]:
    """The suspicious boxes of one picture, which is `width` x `height` in the boxes' own measure."""
    narrow, low, most = limits.tiny * width, limits.tiny * height, limits.huge * width * height
    most = min(most, FULL_IMAGE * FULL_IMAGE * width * height)
    found = []
    for number, (_, _, _, box_width, box_height) in enumerate(boxes):
        if box_width < narrow or box_height < low:
            found.append(Suspected(Suspicion.TINY, number, min(box_width / width, box_height / height)))
        elif box_width * box_height >= most:
            share = box_width * box_height / (width * height)
            if box_width >= FULL_IMAGE * width and box_height >= FULL_IMAGE * height:
                found.append(Suspected(Suspicion.FULL_IMAGE, number, share))
            elif share >= limits.huge:
                found.append(Suspected(Suspicion.HUGE, number, share))
    if len(boxes) > 1:
        found += _overlaps(boxes, limits.overlap - _ROUNDING)
    return found


def _overlaps(boxes: Sequence[Box], least: float) -> Iterator[Suspected]:
    """Each box with the earlier one of its class that it overlaps most, if that is so much.

    Along the left edges: where more than the rest of a box's width lies between two, they cannot overlap so much.
    """
    best: dict[int, tuple[float, int]] = {}
    order = sorted([(*box, number) for number, box in enumerate(boxes)])
    count = len(order)
    for place, (class_id, left, _, width, _, one) in enumerate(order):
        farthest = left + (1 - least) * width
        following = place + 1
        while following < count and order[following][0] == class_id and order[following][1] <= farthest:
            other = order[following][5]
            following += 1
            overlap = intersection_over_union(boxes[one], boxes[other])
            if overlap >= least:
                earlier, later = sorted((one, other))
                known = best.get(later, (0.0, 0))
                best[later] = max(known, (overlap, earlier), key=lambda found: (found[0], -found[1]))
    for later in sorted(best):
        overlap, earlier = best[later]
        yield Suspected(Suspicion.OVERLAP, later, overlap, earlier)


def intersection_over_union(one: Box, other: Box) -> float:
    """The common area of two boxes as a share of the area that they cover together; 0 when they cover none."""
    _, left, top, width, height = one
    _, other_left, other_top, other_width, other_height = other
    common_width = min(left + width, other_left + other_width) - max(left, other_left)
    common_height = min(top + height, other_top + other_height) - max(top, other_top)
    if common_width <= 0 or common_height <= 0:
        return 0.0
    common = common_width * common_height
    return common / (width * height + other_width * other_height - common)
