"""The suspicious boxes of a dataset, each with its picture and its line: all are counted, the first are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from labelround.dataset.boxes import Box
from labelround.dataset.existing import LabelFile, LabelRow, Listed
from labelround.dataset.naming import LABEL_EXTENSION
from labelround.dataset.quality.suspicion import Limits, Suspected, Suspicion, suspected

KEPT = 1000
"""So many boxes of each kind are named."""


@dataclass(frozen=True, slots=True)
class FoundBox:
    """A suspicious box. `line` is its line in the label file, from 1, and `other_line` that of the box it overlaps.

    Where a line is no box, as in XML and JSON, they are the numbers of the boxes of the picture.
    `value` is what was compared with the limit; see `Suspected`.
    """

    kind: Suspicion
    image_file: str
    label_file: str
    line: int
    name: str
    value: float
    other_line: int | None = None

    def __str__(self) -> str:
        return f"{self.image_file}: {self.box}"

    @property
    def box(self) -> str:
        """Which box it is, and what is odd about it."""
        has_lines = self.label_file.endswith(LABEL_EXTENSION)
        other = f"the box of line {self.other_line}" if has_lines else f"box {self.other_line}"
        place = f"{self.label_file}:{self.line}" if has_lines else f"{self.label_file}, box {self.line}"
        return f"{self.name} ({place}) {_SAID[self.kind].format(value=self.value, other=other)}"


_SAID = {
    Suspicion.TINY: "is tiny: one side is {value:.2%} of the picture's",
    Suspicion.HUGE: "is huge: it covers {value:.1%} of the picture",
    Suspicion.FULL_IMAGE: "goes around the whole picture",
    Suspicion.OVERLAP: "lies on {other}, of the same class: their overlap is {value:.2f}",
}


@dataclass
class FoundBoxes:
    """Looks at one picture after the other. `names` are the class names; `boxes` counts a box of two kinds once."""

    limits: Limits
    names: Sequence[str]
    boxes: int = 0
    counts: Counter[Suspicion] = field(default_factory=lambda: Counter(dict.fromkeys(Suspicion, 0)))
    _kept: dict[Suspicion, list[FoundBox]] = field(default_factory=lambda: {kind: [] for kind in Suspicion})

    def look(self, entry: Listed, labels: LabelFile) -> None:
        """Judge the boxes of one picture."""
        rows = labels.rows
        numbers: set[int] = set()
        for each in suspected([_box(row) for row in rows], 1, 1, self.limits):
            numbers.add(each.box)
            self.counts[each.kind] += 1
            if len(self._kept[each.kind]) < KEPT:
                self._kept[each.kind].append(self._found(entry, rows, each))
        self.boxes += len(numbers)

    def kept(self) -> tuple[FoundBox, ...]:
        """The first of each kind, kind by kind."""
        return tuple(found for kind in Suspicion for found in self._kept[kind])

    def _found(self, entry: Listed, rows: Sequence[LabelRow], each: Suspected) -> FoundBox:
        row = rows[each.box]
        name = self.names[row.class_id] if 0 <= row.class_id < len(self.names) else f"class {row.class_id}"
        other = None if each.other is None else rows[each.other].line
        return FoundBox(each.kind, entry.image_file, entry.label_file, row.line, name, each.value, other)


def _box(row: LabelRow) -> Box:
    return (row.class_id, row.x_center - row.width / 2, row.y_center - row.height / 2, row.width, row.height)
