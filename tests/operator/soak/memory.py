"""The memory of the operators, looked at again and again."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.operator.process import OperatorProcess

PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The resident memory of a process at some time."""

    replica: int
    pid: int
    mib: float


@dataclass
class Memory:
    """All samples of a soak, in order."""

    operators: Sequence[OperatorProcess]
    samples: list[Sample] = field(default_factory=list)

    def now(self) -> dict[int, Sample]:
        """A sample of each operator that runs, by replica."""
        found = {}
        for replica, operator in enumerate(self.operators):
            try:
                found[replica] = Sample(replica, operator.pid, operator.memory_mib())
            except (OSError, StopIteration):  # it has just been killed
                continue
        self.samples += found.values()
        return found

    def watch(self, over: threading.Event) -> None:
        """Look until it is over."""
        while not over.wait(PAUSE_SECONDS):
            self.now()

    def peak(self) -> float:
        return max(sample.mib for sample in self.samples)


def grown(before: dict[int, Sample], after: dict[int, Sample]) -> dict[int, float]:
    """By how many MiB each replica has grown that is the same process as before."""
    return {
        replica: sample.mib - before[replica].mib
        for replica, sample in after.items()
        if replica in before and before[replica].pid == sample.pid
    }
