"""How long `labelround --help` takes: what everyone waits for at every command."""

from __future__ import annotations

import statistics
import sys

from benchmarks.timing import run

REPEATS = 20
GOAL_MILLISECONDS = 150


def measure_start() -> str:
    """What there is to say about starting."""
    helps = [run([sys.executable, "-m", "labelround", "--help"]).seconds * 1000 for _ in range(REPEATS)]
    bare = [run([sys.executable, "-c", "pass"]).seconds * 1000 for _ in range(REPEATS)]
    middle, floor = statistics.median(helps), statistics.median(bare)
    return (
        f"The median of {REPEATS} runs of `labelround --help` is {middle:.0f} ms (the goal: {GOAL_MILLISECONDS}); "
        f"an empty Python program takes {floor:.0f} ms, so the ratio is {middle / floor:.1f}.\n"
    )
