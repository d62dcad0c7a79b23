"""What makes the benchmark of the operator fail, and that no duration does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.scale.result import COLD, IDLE, STEADY, Measured
from benchmarks.scale.verdict import problems

ROUNDS = 3
ALL_LABELING = {"Labeling": ROUNDS}
QUIET = Measured(
    name=IDLE,
    seconds=9_999.0,
    cpu=9_999.0,
    memory=9_999.0,
    peak=9_999.0,
    passes=0.0,
    servers={},
    kubernetes={"get leases": 75, "patch leases": 75, "list labelingrounds": 1, "watch labelingrounds": 1},
    labeling={"ListLabelingJobs": 3, "DescribeWorkteam": 1},
    s3={"getobject": 3, "headobject": 1},
)
START = replace(QUIET, name=COLD, labeling={"CreateLabelingJob": ROUNDS}, kubernetes={"patch labelingrounds/status": 9})
STRETCHES = [START, replace(START, name=STEADY, labeling={}), QUIET]


def test_all_came_right_however_long_it_took() -> None:
    """The Lease is renewed at rest, and everything may be read."""
    wrong = list(problems(ROUNDS, STRETCHES, ALL_LABELING, []))

    assert wrong == []


def test_a_round_that_is_not_labeled_is_wrong() -> None:
    """It is told with the phases of all."""
    wrong = list(problems(ROUNDS, STRETCHES, {"Labeling": 2, "Stalled": 1}, []))

    assert wrong == ["3 rounds should be Labeling, and there are {'Labeling': 2, 'Stalled': 1}"]


def test_a_labeling_job_that_was_asked_for_twice_is_wrong() -> None:
    """Whenever that was."""
    again = replace(QUIET, name=STEADY, labeling={"CreateLabelingJob": 1})

    wrong = list(problems(ROUNDS, [START, again, QUIET], ALL_LABELING, []))

    assert wrong == ["3 labeling jobs should be created, and there were 4 calls"]


def test_a_count_that_was_lost_is_wrong() -> None:
    """Its round is named."""
    wrong = list(problems(ROUNDS, STRETCHES, ALL_LABELING, ["round-00002"]))

    assert wrong == ["1 rounds do not tell what is labeled: round-00002"]


@pytest.mark.parametrize(
    "changes",
    [
        {"kubernetes": {"patch labelingrounds/status": 1}},
        {"kubernetes": {"create events": 1}},
        {"labeling": {"StopLabelingJob": 1}},
        {"s3": {"putobject": 1}},
    ],
    ids=["a status", "an Event", "a labeling job", "an object"],
)
def test_a_write_at_rest_is_wrong(changes: dict[str, dict[str, int]]) -> None:
    """A pass in which nothing has changed writes nothing."""
    restless = replace(QUIET, **changes)  # type: ignore[arg-type]

    wrong = list(problems(ROUNDS, [*STRETCHES[:2], restless], ALL_LABELING, []))

    (counts,) = changes.values()
    assert wrong == [f"idle: nothing should be written, and there was {counts}"]


def test_a_stretch_without_an_end_is_wrong() -> None:
    """It was given up, an hour after its begin."""
    endless = replace(START, done=False)

    wrong = list(problems(ROUNDS, [endless, *STRETCHES[1:]], ALL_LABELING, []))

    assert wrong == ["cold: not over after 9999 s"]
