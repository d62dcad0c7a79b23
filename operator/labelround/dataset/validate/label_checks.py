"""Checks of one label file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labelround.dataset.existing import LabelFile, LabelRow
from labelround.dataset.existing.labels import COLUMNS
from labelround.dataset.validate.findings import Finding, Rule

BEYOND = 1e-3
"""A box may reach this share of a side beyond its picture: files with four decimals round that far."""


def check_labels(where: str, labels: LabelFile, names: Sequence[str], fix: str) -> Iterator[Finding]:
    """What a trainer refuses or changes in the label file `where`. `fix` says what a line should be."""
    for line, problem in labels.problems:
        yield Finding(Rule.LABEL_FORMAT, f"{where}:{line}", problem, fix)
    first: dict[tuple[object, ...], int] = {}
    for row in labels.rows:
        place = f"{where}:{row.line}"
        if fix and row.columns != COLUMNS:
            yield Finding(Rule.LABEL_FORMAT, place, f"has {row.columns} columns instead of {COLUMNS}", fix)
        yield from _check_row(place, row, names)
        earlier = first.setdefault((row.class_id, *row.box), row.line)
        if earlier != row.line:
            yield Finding(Rule.LABEL_DUPLICATE, place, f"is the same as line {earlier}")


def _check_row(place: str, row: LabelRow, names: Sequence[str]) -> Iterator[Finding]:
    if not 0 <= row.class_id < len(names):
        what = f"the class {row.class_id} is not one of the {len(names)} classes (0 to {len(names) - 1})"
        yield Finding(Rule.LABEL_CLASS, place, what)
    if row.width <= 0 or row.height <= 0:
        yield Finding(Rule.LABEL_VALUE, place, f"the box has no area ({row.width:g} x {row.height:g})")
    elif not all(0 <= value <= 1 for value in row.box):
        yield Finding(Rule.LABEL_VALUE, place, f"not all values are from 0 to 1 ({_values(row)})")
    elif any(
        center - side / 2 < -BEYOND or center + side / 2 > 1 + BEYOND
        for center, side in ((row.x_center, row.width), (row.y_center, row.height))
    ):
        yield Finding(Rule.LABEL_BEYOND, place, f"the box reaches beyond the picture ({_values(row)})")


def _values(row: LabelRow) -> str:
    return " ".join(f"{value:g}" for value in row.box)
