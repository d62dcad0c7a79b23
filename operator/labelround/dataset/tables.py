"""The tables of a dataset as CSV: UTF-8, commas, `\\n` at the end of each row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from labelround.dataset.boxes import Box

ANNOTATION_COLUMNS = (
    "img_file",
    "category",
    "box_left",
    "box_top",
    "box_width",
    "box_height",
    "img_width",
    "img_height",
)
IMAGE_COLUMNS = ("source_ref", "image", "label_file", "split", "state", "boxes", "width", "height", "reason")
GROUP_COLUMNS = ("source_ref", "group")
CONFLICT_COLUMNS = ("source_ref", "image", "kept", "kept_boxes", "other", "other_boxes")


_SPECIAL = re.compile('[,"\r\n]')


def cell(text: str) -> str:
    """A text as it stands in a table."""
    return '"' + text.replace('"', '""') + '"' if _SPECIAL.search(text) else text


def header(columns: Iterable[str]) -> str:
    """The first row of a table."""
    return ",".join(columns) + "\n"


def annotation_rows(name: str, boxes: Iterable[Box], labels: Sequence[str], width: int, height: int) -> str:
    """The rows of `annot.csv` for one image; boxes in pixels, whole numbers without a fraction.

    `name` and `labels` are cells.
    """
    end = f",{width},{height}\n"
    return "".join(
        [
            f"{name},{labels[class_id]},{_number(left)},{_number(top)},{_number(box_width)},{_number(box_height)}{end}"
            for class_id, left, top, box_width, box_height in boxes
        ]
    )


def _number(value: float) -> float | int:
    whole = int(value)
    return whole if whole == value else value


def read_rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a table, by column."""
    return csv.DictReader(lines)
