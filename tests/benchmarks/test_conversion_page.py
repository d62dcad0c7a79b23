"""The page about conversions, from figures alone; and the benchmark itself over a few lines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from benchmarks.__main__ import main
from benchmarks.peers.page import render, table
from benchmarks.peers.result import BLOG, LABELROUND, PROTOTYPE, Measured, Result, decode
from benchmarks.timing import Run

OWN = Measured(LABELROUND, "0.1.0", [Run(3.0, 2.0, 40.0), Run(2.0, 1.5, 45.0), Run(9.0, 2.5, 41.0)], 90, 250)
STRAIGHT = Measured(PROTOTYPE, "", [Run(1.0, 1.0, 15.0)], 90, 250)
SLOW = Measured(BLOG, "8e4f4583", [Run(30.0, 28.0, 90.0)], 80, 250)
RESULT = Result(100, 90, 10, 250, "2026-01-01. A machine.", [OWN, STRAIGHT, SLOW])


def test_the_medians_are_shown_as_parts_of_labelrounds() -> None:
    """With the most memory of all runs, and what each wrote."""
    page = render(RESULT)

    assert "| `labelround convert` 0.1.0 | 2.00 | 1.0 x | 3.00 | 45 | 90 | 250 |" in page
    assert "| `benchmarks/prototype.py` | 1.00 | 0.5 x | 1.00 | 15 | 90 | 250 |" in page
    assert "| the AWS blog's scripts 8e4f4583 | 28.00 | 14 x | 30.00 | 90 | 80 | 250 |" in page
    assert "| `labelround convert` | 2.00, 1.50, 2.50 |" in page


def test_a_program_that_was_left_out_has_no_ratio() -> None:
    """A large run is one of labelround and the prototype alone."""
    row = table([replace(RESULT, measured=[OWN, STRAIGHT])]).splitlines()[-1]

    assert row == "| 100 | 2.0 s, 45 MB | 0.5 x | – | – | – |"


def test_what_labelround_lost_is_told() -> None:
    """A figure of a conversion that is not whole is worth nothing."""
    lost = replace(RESULT, measured=[replace(OWN, boxes=249), STRAIGHT])

    assert "labelround wrote 249 boxes of 250" in render(lost)
    assert RESULT.wrong() == []


def test_the_benchmark_measures_a_few_lines(tmp_path: Path) -> None:
    """Whole processes, and their figures can be read again."""
    code = main(["conversion", "60", "--no-peers", "--runs", "1", "--results", str(tmp_path)])

    result = decode((tmp_path / "conversion-60.json").read_bytes())
    assert code == 0
    assert {one.program: (one.files, one.boxes) for one in result.measured} == {
        LABELROUND: (result.labeled, result.boxes),
        PROTOTYPE: (result.labeled, result.boxes),
    }
    assert (tmp_path / "conversion-60.md").read_text(encoding="utf-8") == render(result)
