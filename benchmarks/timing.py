"""How long a program takes and how much memory, as its user sees it: the whole process.

`python -m benchmarks.timing [--or CODE] PROGRAM ARGUMENT...` tells it as JSON; the program ends with 0, or with CODE.
To Linux, the peak of a process that was just started is that of whoever started it, so a large process measures through
this small one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program. `cpu` is user and system time."""

    seconds: float
    cpu: float
    megabytes: float


def run(command: Sequence[str | Path], *, told: int | None = subprocess.DEVNULL, codes: Collection[int] = (0,)) -> Run:
    """Run it to its end; its stderr goes to `told`. Raises CalledProcessError when it ends with none of `codes`."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def measured(
    command: Sequence[str | Path], variables: Mapping[str, str], *, cwd: Path | None = None, code: int = 0
) -> Run:
    """One process, started by a small one. Raises RuntimeError when it ends with neither 0 nor `code`.

    `variables` add to those of this process.
    """
    small = [sys.executable, "-m", "benchmarks.timing", "--or", str(code), *map(str, command)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), **variables}
    ended = subprocess.run(small, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"{' '.join(small)} failed:\n{ended.stderr[-4000:]}")
    return Run(**json.loads(ended.stdout.splitlines()[-1]))


def main(arguments: list[str]) -> None:
    """Run a program and print how it was."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timing")
    parser.add_argument("--or", type=int, default=0, dest="code")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    print(json.dumps(asdict(run(given.command, told=None, codes={0, given.code}))))


if __name__ == "__main__":
    main(sys.argv[1:])
