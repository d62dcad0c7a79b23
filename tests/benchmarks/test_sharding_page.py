"""The page about a large round in shards, from figures alone; and the benchmark itself over a few pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.figures import encode
from benchmarks.sharding.page import render
from benchmarks.sharding.result import Conversion, Result, decode
from benchmarks.timing import Run

KEPT = Path(__file__).parents[2] / "benchmarks" / "results"
WHOLE = Conversion(0, 10.0, 3.0, {"whole": [Run(9.0, 8.0, 90.0)]})
TWO = Conversion(
    2,
    7.0,
    4.0,
    {
        "index": [Run(2.0, 1.0, 80.0)],
        "shard": [Run(4.0, 3.0, 70.0), Run(3.0, 3.0, 75.0)],
        "finish": [Run(1.0, 1.0, 60.0)],
    },
)
RESULT = Result(1000, 4000, 1007, 2, "2026-01-01. A machine.", [WHOLE, TWO])


def test_the_cost_of_an_image_is_shown_beside_that_of_the_single_process() -> None:
    """All processes together; of the shards, the slowest and the largest."""
    page = render(RESULT)

    assert "| single process | 10.0 | 8.0 | 3.0 | 8.00 | 1.00 | 100 |" in page
    assert "| 2 | 7.0 | 8.0 | 4.0 | 8.00 | 1.00 | 143 |" in page
    assert "| 2 | 2.0 | 4.0 | 1.0 | 80 | 75 | 60 |" in page
    assert "the same 1,007 files, byte for byte" in page


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (replace(TWO, differing=3), "3 files of 2 shards are not those of the single process"),
        (replace(TWO, processes={**TWO.processes, "finish": [Run(1.0, 1.0, 300.0)]}), "took 300 MB, more than 256"),
    ],
    ids=["other bytes", "too much memory"],
)
def test_what_did_not_come_right_is_told(bad: Conversion, told: str) -> None:
    """And nothing else is claimed."""
    result = replace(RESULT, conversions=[WHOLE, bad])

    page = render(result)

    assert len(result.wrong()) == 1
    assert told in page
    assert "byte for byte" not in page


def test_figures_can_be_read_again() -> None:
    """The page of a run can be made anew."""
    assert decode(encode(RESULT)) == RESULT


@pytest.mark.parametrize("figures", sorted(KEPT.glob("shards-*.json")), ids=lambda path: path.stem)
def test_the_kept_pages_are_those_of_their_figures(figures: Path) -> None:
    """And all came right in them."""
    result = decode(figures.read_bytes())

    assert figures.with_suffix(".md").read_text(encoding="utf-8") == render(result)
    assert result.wrong() == []


@pytest.mark.minio
def test_the_benchmark_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over a few pictures: every dataset has the same bytes."""
    code = main(["shards", "50", "--results", str(tmp_path)])

    assert code == 0, capsys.readouterr()
    result = decode((tmp_path / "shards-50.json").read_bytes())
    assert [one.shards for one in result.conversions] == [0, 1, 2, 4]
    assert [one.differing for one in result.conversions] == [0] * 4
