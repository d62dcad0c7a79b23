"""The page about writing and listing many objects, from figures alone; and the benchmark itself over a few."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.figures import encode
from benchmarks.store.client import CLIENTS
from benchmarks.store.measuring import Result, decode
from benchmarks.store.page import render
from benchmarks.timing import Run

QUICK = [Run(2.0, 1.0, 60.0), Run(3.0, 3.0, 64.0), Run(2.0, 2.0, 61.0)]
SLOW = [Run(20.0, 18.0, 50.0)] * 3
RESULT = Result(
    4000, 50_000, "2026-01-01. A machine.", {"labelround": QUICK, "boto3": SLOW}, {"labelround": QUICK, "boto3": SLOW}
)


def test_medians_are_shown_for_as_many_objects_as_people_compare() -> None:
    """A thousand label files, a hundred thousand keys."""
    written, _, listed = render(RESULT).partition("listed")

    assert "| labelround | 0.50 | 1.0 x | 2.0 | 64 | 1.00, 3.00, 2.00 |" in written
    assert "| boto3 | 4.50 | 9.0 x | 20.0 | 50 |" in written
    assert "would write 2,000 label files a second" in written
    assert "| labelround | 4.00 | 1.0 x |" in listed


def test_figures_can_be_read_again() -> None:
    """The page of a run can be made anew."""
    assert decode(encode(RESULT)) == RESULT


@pytest.mark.minio
def test_the_benchmark_measures_a_few_objects(tmp_path: Path) -> None:
    """Each client writes, and finds by its listing, as many as it should."""
    code = main(["store", "20", "--keys", "30", "--runs", "1", "--results", str(tmp_path)])

    result = decode((tmp_path / "store.json").read_bytes())
    assert code == 0
    assert result.written.keys() == result.listed.keys() == set(CLIENTS)
