"""How long a program takes and how much memory, as its user sees it: the whole process.

`python -m benchmarks.timing PROGRAM ARGUMENT...` tells it as JSON. To Linux, the peak of a process that was just
started is that of whoever started it, so a large process measures through this small one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program. `cpu` is user and system time."""

    seconds: float
    cpu: float
    megabytes: float


def run(command: Sequence[str | Path], *, told: int | None = subprocess.DEVNULL) -> Run:
    """Run it to its end; its stderr goes to `told`. Raises CalledProcessError when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def best(runs: Sequence[Run]) -> Run:
    """The quickest: what disturbs a run only makes it slower."""
    return min(runs, key=lambda one: one.seconds)


if __name__ == "__main__":
    print(json.dumps(asdict(run(sys.argv[1:], told=None))))
