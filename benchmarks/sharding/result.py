"""What a run of the benchmark of shards has found, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from benchmarks.timing import Run

NUMBERS = (1, 2, 4)
"""How many shards each conversion has; one in a single process comes before."""
MEMORY_MB = 256.0
"""The most that any process may take."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One conversion. `shards` is 0 for one in a single process; `processes` are all runs, by step.

    `seconds` is from its beginning to its end; `server` the CPU seconds of the S3 server meanwhile. `differing` counts
    files whose bytes are not those of the single process.
    """

    shards: int
    seconds: float
    server: float
    processes: Mapping[str, list[Run]]
    differing: int = 0

    @property
    def cpu(self) -> float:
        """CPU seconds of all its processes."""
        return sum(run.cpu for runs in self.processes.values() for run in runs)

    @property
    def peak(self) -> float:
        """The most that one of its processes took, in MB."""
        return max(run.megabytes for runs in self.processes.values() for run in runs)


@dataclass(frozen=True, slots=True)
class Result:
    """One run. `files` is how many objects a dataset has, `at_once` how many shards ran at a time."""

    images: int
    boxes: int
    files: int
    at_once: int
    head: str
    conversions: list[Conversion]

    def wrong(self) -> list[str]:
        """What did not come right."""
        found = []
        for one in self.conversions:
            if one.differing:
                found.append(f"{one.differing} files of {one.shards} shards are not those of the single process")
            if one.shards and one.peak > MEMORY_MB:
                found.append(f"a process of {one.shards} shards took {one.peak:.0f} MB, more than {MEMORY_MB:.0f}")
        return found


def decode(content: bytes) -> Result:
    """What is in the file."""
    return msgspec.json.decode(content, type=Result)
