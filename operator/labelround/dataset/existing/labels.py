"""YOLO label files: one `class x_center y_center width height` a line, in shares of the picture."""

from __future__ import annotations

import math
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


def _row(line: int, columns: list[str]) -> LabelRow | str:
    if len(columns) != COLUMNS:
        return f"has {len(columns)} columns instead of {COLUMNS}"
    try:
        numbers = [float(column) for column in columns]
    except ValueError:
        return "holds something that is not a number"
    if not all(map(math.isfinite, numbers)):
        return "holds a number that is not finite"
    if not numbers[0].is_integer():
        return f"the class {columns[0]} is not a whole number"
    return LabelRow(line, int(numbers[0]), *numbers[1:])
