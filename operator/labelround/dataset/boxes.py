"""Bounding boxes: clipped to the image, mapped back from a turned picture, written as YOLO does."""

from __future__ import annotations

from collections.abc import Iterable

Box = tuple[int, float, float, float, float]
"""Class id, then left, top, width and height in pixels of the stored raster."""

MIN_DECIMALS = 6
_MAX_SIDE_FOR_MIN_DECIMALS = 500_000


def clip(box: Box, width: float, height: float) -> Box | None:
    """The part of the box inside an image of `width` x `height` pixels; None when it has no area."""
    class_id, left, top, box_width, box_height = box
    right, bottom = left + box_width, top + box_height
    if left >= 0 and top >= 0 and box_width > 0 and box_height > 0 and right <= width and bottom <= height:
        return box
    inner_left = left if left > 0 else 0.0
    inner_top = top if top > 0 else 0.0
    inner_width = min(right, width) - inner_left
    inner_height = min(bottom, height) - inner_top
    if inner_width <= 0 or inner_height <= 0 or box_width <= 0 or box_height <= 0:
        return None
    return class_id, inner_left, inner_top, inner_width, inner_height


def label_file(boxes: Iterable[Box], width: int, height: int) -> bytes:
    """YOLO's lines for clipped boxes: class id and center x, center y, width, height as shares of the image's sides."""
    line = _LINE if max(width, height) <= _MAX_SIDE_FOR_MIN_DECIMALS else _line_format(max(width, height))
    return "".join(
        [
            line
            % (
                class_id,
                (left + box_width / 2) / width,
                (top + box_height / 2) / height,
                box_width / width,
                box_height / height,
            )
            for class_id, left, top, box_width, box_height in boxes
        ]
    ).encode()


def unturn(box: Box, orientation: int, width: float, height: float) -> Box:
    """The box on the stored raster of `width` x `height` pixels, for one drawn on the picture as EXIF turns it.

    `orientation` is one of 5 to 8, those that swap the sides.
    """
    class_id, left, top, box_width, box_height = box
    raster_left = top if orientation in {5, 6} else width - top - box_height
    raster_top = left if orientation in {5, 8} else height - left - box_width
    return class_id, raster_left, raster_top, box_height, box_width


def _line_format(side: int) -> str:
    """Enough decimals that a corner, which adds two rounded numbers, stays within half a pixel."""
    decimals = max(MIN_DECIMALS, len(str(side)) + 1)
    return "%d" + f" %.{decimals}f" * 4 + "\n"


_LINE = _line_format(1)
