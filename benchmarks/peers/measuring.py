"""Runs all programs in turn, as often as is asked for, and counts what each wrote."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.peers.programs import Program, own, peers
from benchmarks.peers.result import Measured, Result
from benchmarks.peers.scene import furnish
from benchmarks.timing import Run, measured

NOT_LABELS = frozenset({"classes.txt", "train.txt"})


def measure_conversion(lines: int, names: Sequence[str], repeats: int, say: Callable[[str], None]) -> Result:
    """labelround, the prototype and the peers `names` on the same boxes, one after the other, `repeats` times.

    Nothing is deleted before the end: ext4 is slow to make files where others were deleted a moment ago.
    """
    head = f"{datetime.now(UTC):%Y-%m-%d}. {describe_machine()}"
    with tempfile.TemporaryDirectory(prefix="labelround-conversion-") as home:
        folder = Path(home)
        say(f"writing {lines:,} lines")
        scene = furnish(folder / "scene", lines)
        runs: dict[str, list[Run]] = defaultdict(list)
        for number in range(repeats):
            output = folder / f"run-{number}"
            programs = [*own(scene, output), *peers(scene, output, names)]
            for program in programs:
                runs[program.name].append(_run(program, output / "work"))
                say(f"{program.name}: {runs[program.name][number].cpu:.2f} CPU seconds")
        measured = [Measured(each.name, each.version, runs[each.name], *_count(each.output)) for each in programs]
    return Result(lines, scene.labeled, scene.empty, scene.boxes, head, measured)


def _run(program: Program, work: Path) -> Run:
    """One process in a folder of its own."""
    work.mkdir(parents=True, exist_ok=True)
    return measured(program.command, {}, cwd=work, code=program.code)


def _count(output: Path) -> tuple[int, int]:
    """How many label files there are, and how many boxes."""
    files = [path for path in output.rglob("*.txt") if path.name not in NOT_LABELS]
    return len(files), sum(path.read_bytes().strip().count(b"\n") + 1 for path in files if path.stat().st_size)
