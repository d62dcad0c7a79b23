"""The tables of a dataset as CSV: UTF-8, commas, `\\n` at the end of each row."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from labelround.dataset.boxes import Box
from labelround.dataset.lines import MAX_LINE_BYTES

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
            f"{name},{labels[class_id]},{number(left)},{number(top)},{number(box_width)},{number(box_height)}{end}"
            for class_id, left, top, box_width, box_height in boxes
        ]
    )


def number(value: float) -> float | int:
    """A number as it stands in a table: without a fraction when it has none."""
    whole = int(value)
    return whole if whole == value else value


def rows_of(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """The rows of a table without its header, from a stream of byte chunks."""
    return csv.reader(_lines(chunks))


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines, each with its end; a cell may hold line ends of any kind."""
    decode = codecs.getincrementaldecoder("utf-8")().decode
    rest = ""
    for chunk in chunks:
        *ended, rest = (rest + decode(chunk)).split("\n")
        for line in ended:
            yield f"{line}\n"


@contextmanager
def long_cells() -> Iterator[None]:
    """A cell may hold as much as a line of a manifest."""
    limit = csv.field_size_limit(MAX_LINE_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def read_rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a table, by column."""
    return csv.DictReader(lines)
