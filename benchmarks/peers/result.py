"""What a run of the benchmark of conversions has found, and its file."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import msgspec

from benchmarks.timing import Run

LABELROUND = "labelround"
PROTOTYPE = "prototype"
BLOG = "blog"
LABEL_STUDIO = "label-studio"
DATUMARO = "datumaro"


@dataclass(frozen=True, slots=True)
class Measured:
    """The runs of one program, and what it wrote: how many label files, and how many boxes in them."""

    program: str
    version: str
    runs: list[Run]
    files: int
    boxes: int

    @property
    def cpu(self) -> float:
        """The median of its CPU seconds, user and system."""
        return median(run.cpu for run in self.runs)

    @property
    def seconds(self) -> float:
        """The median of its wall-clock seconds."""
        return median(run.seconds for run in self.runs)

    @property
    def megabytes(self) -> float:
        """The most memory that any of its runs took."""
        return max(run.megabytes for run in self.runs)


@dataclass(frozen=True, slots=True)
class Result:
    """One run. Of the `lines`, so many are `labeled`, with the `empty` ones; the others failed or were not sent out."""

    lines: int
    labeled: int
    empty: int
    boxes: int
    head: str
    measured: list[Measured]

    def of(self, program: str) -> Measured | None:
        """The runs of a program; None when it was left out."""
        return next((one for one in self.measured if one.program == program), None)

    def ratio(self, program: str) -> float | None:
        """How many times the CPU seconds of labelround it takes."""
        own, other = self.of(LABELROUND), self.of(program)
        return None if own is None or other is None else other.cpu / own.cpu

    def wrong(self) -> list[str]:
        """What labelround did not write."""
        own = self.of(LABELROUND)
        if own is None or (own.files, own.boxes) == (self.labeled, self.boxes):
            return []
        return [f"labelround wrote {own.boxes} boxes of {self.boxes} in {own.files} label files of {self.labeled}"]


def decode(content: bytes) -> Result:
    """What is in the file."""
    return msgspec.json.decode(content, type=Result)
