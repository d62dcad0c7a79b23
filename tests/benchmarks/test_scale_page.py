"""The page about the operator over many rounds, from figures alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import encode, write
from benchmarks.scale.page import render
from benchmarks.scale.result import (
    COLD,
    IDLE,
    LONG,
    OPERATOR,
    RESTART,
    STEADY,
    TIMER,
    Measured,
    Result,
    decode,
)

KEPT = Path(__file__).parents[2] / "benchmarks" / "results"


def measured(name: str, **changes: Any) -> Measured:
    plain = Measured(
        name=name,
        seconds=100.0,
        cpu=2.0,
        memory=150.0,
        peak=200.0,
        passes=0.0,
        servers={"etcd": 1.0},
        kubernetes={"get leases": 50, "patch leases": 50},
        labeling={"ListLabelingJobs": 10},
        s3={},
    )
    return replace(plain, **changes)


def result(**changes: Any) -> Result:
    own = [measured(COLD, seconds=400.0, passes=30_000.0), measured(RESTART, seconds=50.0), measured(STEADY)]
    timer = [
        measured(RESTART, seconds=100.0, cpu=8.0, peak=800.0),
        measured(STEADY, cpu=40.0),
        measured(IDLE, cpu=40.0),
    ]
    plain = Result(
        rounds=10_000,
        date="2026-01-01",
        machine="A machine, 2 cores.",
        versions={"labelround": "1.0", "kube-apiserver": "v1.37.2"},
        windows=LONG,
        created=30.0,
        programs={OPERATOR: [*own, measured(IDLE, cpu=0.5)], TIMER: timer},
        wrong=[],
    )
    return replace(plain, **changes)


def row(page: str, name: str) -> list[str]:
    """The cells of the first table row with this name, without it."""
    line = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_page_says_of_each_aim_whether_it_is_met() -> None:
    """Nobody has to compare numbers; and the cold start is told beside the warm one."""
    page = render(result())

    assert row(page, "from a start of the operator to a steady state, in under 5 minutes") == ["50 s", "met"]
    assert row(page, "from nothing (cold), in under 5 minutes") == ["400 s", "not met"]
    assert row(page, "at most 300 MB of memory, ever") == ["200 MB", "met"]
    assert row(page, "at rest less than 1% of a core") == ["0.50%", "met"]


def test_a_smaller_run_says_that_the_aims_are_about_more_rounds() -> None:
    """Its numbers look better than they would."""
    page = render(result(rounds=1_000))

    assert "The aims are about 10,000 rounds; these are 1,000." in page
    assert "The aims are about" not in render(result())


def test_the_two_programs_stand_side_by_side() -> None:
    """Four stretches of the operator, three of the timer, which makes no labeling job."""
    page = render(result())

    assert row(page, "CPU seconds") == ["2.00", "2.00", "2.00", "0.50", "8.00", "40.00", "40.00"]
    assert row(page, "passes a second") == ["75.0", "–", "–", "–", "–", "–", "–"]
    assert row(page, "`ListLabelingJobs`") == ["10"] * 7


def test_ratios_are_for_each_second_where_a_stretch_has_no_end_of_its_own() -> None:
    """A stretch may be watched for longer with one program than with the other."""
    programs = {OPERATOR: [measured(COLD), measured(RESTART), measured(STEADY, seconds=200.0, cpu=2.0), measured(IDLE)],
                TIMER: [measured(RESTART), measured(STEADY, cpu=4.0), measured(IDLE)]}  # fmt: skip

    page = render(result(programs=programs))

    assert row(page, "CPU") == ["1", "0.25", "1"]
    assert row(page, "Kubernetes calls, those for the Lease aside") == ["–", "–", "–"]


def test_what_did_not_come_right_stands_on_the_page() -> None:
    """Figures of a run that went wrong must not pass for others."""
    page = render(result(wrong=["9,999 rounds are Labeling"]))

    assert "This did not come right:\n\n- 9,999 rounds are Labeling" in page


def test_the_figures_come_back_from_their_file(tmp_path: Path) -> None:
    """So the page can be made anew without a run."""
    file = tmp_path / "new" / "operator.json"

    write(file, encode(result()))

    assert decode(file.read_bytes()) == result()
    assert [each.name for each in file.parent.iterdir()] == ["operator.json"]


@pytest.mark.parametrize("figures", sorted(KEPT.glob("operator-*.json")), ids=lambda file: file.stem)
def test_each_page_that_is_kept_is_that_of_its_figures(figures: Path) -> None:
    """`python -m benchmarks page FILE` writes it anew after a change of the page."""
    page = figures.with_suffix(".md").read_text("utf-8")

    assert page == render(decode(figures.read_bytes()))
