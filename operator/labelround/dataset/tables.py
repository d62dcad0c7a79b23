"""The tables of a dataset as CSV: UTF-8, commas, `\\n` at the end of each row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import IO, Any

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


class _Rows:
    """Takes the rows of a `csv.writer`, and ends each with a newline alone.

    The writer puts quotes around what holds a character of its line end, so that end must have the carriage return:
    readers take a bare one, which a key may hold, for the end of a row.
    """

    END = "\r\n"

    def __init__(self, file: IO[str]) -> None:
        self._write = file.write

    def write(self, row: str) -> None:
        self._write(row[:-2] + "\n")


def table(file: IO[str]) -> Any:
    """A writer of rows into `file`, which must not translate line ends."""
    return csv.writer(_Rows(file), lineterminator=_Rows.END)


def annotation_rows(name: str, boxes: Iterable[Box], labels: tuple[str, ...], width: int, height: int) -> list[Any]:
    """The rows of `annot.csv` for one image; boxes in pixels, whole numbers without a fraction."""
    return [
        (name, labels[class_id], *[int(side) if side.is_integer() else side for side in sides], width, height)
        for class_id, *sides in boxes
    ]


def read_rows(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a table, by column."""
    return csv.DictReader(lines)
