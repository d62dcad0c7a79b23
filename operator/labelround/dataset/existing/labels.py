"""YOLO label files: one `class x_center y_center width height` a line, in shares of the picture.

A line of a class and a polygon `x1 y1 x2 y2 x3 y3 ...` stands for the box around it, as for Ultralytics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

COLUMNS = 5


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One line of a label file. `line` counts from 1; the box is in shares (0 to 1) of the picture's sides."""

    line: int
    class_id: int
    x_center: float
    y_center: float
    width: float
    height: float
    columns: int = COLUMNS
    """How many numbers the line has: more for a polygon."""

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Center and size."""
        return self.x_center, self.y_center, self.width, self.height


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A label file as far as it could be read, and what is wrong with it: line (from 1) and a sentence's end.

    `digest` is the SHA-256 of its bytes, in hexadecimal.
    """

    rows: tuple[LabelRow, ...]
    problems: tuple[tuple[int, str], ...]
    digest: str


def parse_label_file(content: bytes) -> LabelFile:
    """Read a label file line by line, as trainers do: blank lines do not count, columns are split by white space.

    Only the form is judged here (five numbers, the first one whole), not the values.
    """
    digest = sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return LabelFile((), ((1, "is not a text file"),), digest)
    rows: list[LabelRow] = []
    problems: list[tuple[int, str]] = []
    for line, columns in enumerate(map(str.split, text.splitlines()), start=1):
        if not columns:
            continue
        row = _row(line, columns)
        if isinstance(row, LabelRow):
            rows.append(row)
        else:
            problems.append((line, row))
    return LabelFile(tuple(rows), tuple(problems), digest)


def row_of(line: int, numbers: Sequence[float]) -> LabelRow | str:
    """The row of a class and a box, or of a class and a polygon; what is wrong with it, as the end of a sentence."""
    if len(numbers) < COLUMNS or (len(numbers) > COLUMNS and len(numbers) % 2 == 0):
        return f"has {len(numbers)} columns instead of {COLUMNS}"
    if not all(map(math.isfinite, numbers)):
        return "holds a number that is not finite"
    if not float(numbers[0]).is_integer():
        return f"the class {numbers[0]:g} is not a whole number"
    x, y, width, height = numbers[1:] if len(numbers) == COLUMNS else _box_around(numbers[1:])
    return LabelRow(line, int(numbers[0]), x, y, width, height, len(numbers))


def _box_around(polygon: Sequence[float]) -> tuple[float, float, float, float]:
    """Center and size of what surrounds a polygon `x1 y1 x2 y2 ...`."""
    (left, right), (top, bottom) = ((min(side), max(side)) for side in (polygon[::2], polygon[1::2]))
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def _row(line: int, columns: list[str]) -> LabelRow | str:
    try:
        numbers = [float(column) for column in columns]
    except ValueError:
        return "holds something that is not a number"
    return row_of(line, numbers)
