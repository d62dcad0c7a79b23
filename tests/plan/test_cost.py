"""What labeling costs, before it begins and while it goes on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.rounds import make_round

from labelround.cost import affordable_count, cost_so_far, money, planned_cost

PRICE = Decimal("0.036")
MANY_LABELS = [f"label {number}" for number in range(60)]

TASKS: dict[str, tuple[dict[str, Any], int, int]] = {
    # spec, images, tasks
    "one worker a picture": ({}, 120, 120),
    "three workers a picture": ({"labelingJob": {"workersPerImage": 3}}, 120, 360),
    "two label groups": ({"labels": MANY_LABELS}, 120, 240),
    "several chunks": ({}, 250_000, 250_000),
    "a limit": ({"labelingJob": {"maxHumanLabeledObjectCount": 50}}, 120, 50),
    "a limit above the number of pictures": ({"labelingJob": {"maxHumanLabeledObjectCount": 500}}, 120, 120),
    "a limit for each of two groups": (
        {"labels": MANY_LABELS, "labelingJob": {"maxHumanLabeledObjectCount": 50}}, 120, 100,
    ),
    "a limit that a follow-up job has anew": (
        {"attempts": 2, "labelingJob": {"maxHumanLabeledObjectCount": 50}}, 120, 100,
    ),
    "a share, rounded up": ({"labelingJob": {"maxPercentageOfInputDatasetLabeled": 10}}, 121, 13),
    "no picture": ({}, 0, 0),
    "an adopted job": ({"labelingJob": {"adopt": "yolo-bbox"}}, 120, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", TASKS)
def test_a_round_takes_so_many_tasks(case: str) -> None:
    """At most: every worker's look at every picture, for each group of labels, up to the limits."""
    spec, images, tasks = TASKS[case]

    cost = planned_cost(make_round(**spec), images, PRICE)

    assert (cost.tasks, cost.done) == (tasks, 0)
    assert (cost.estimate, cost.spent) == (tasks * PRICE, Decimal())


def test_what_is_labeled_is_spent() -> None:
    """By the counters of all its jobs; what machines label costs no task."""
    round = make_round(labelingJob={"workersPerImage": 3})
    status = {"images": {"total": 120}, "labelCounters": {"humanLabeled": 40, "machineLabeled": 7}}

    cost = cost_so_far(round, status, PRICE)

    assert cost is not None
    assert (cost.tasks, cost.done, money(cost.spent), money(cost.estimate)) == (360, 120, "4.32", "12.96")


def test_a_round_that_has_ended_costs_what_it_cost() -> None:
    """Pictures that nobody came to cost nothing."""
    status = {"images": {"total": 120}, "labelCounters": {"humanLabeled": 40}, "completionTime": "2026-11-25T12:00:00Z"}

    cost = cost_so_far(make_round(), status, PRICE)

    assert cost is not None
    assert (cost.tasks, cost.done) == (40, 40)


@pytest.mark.parametrize("status", [{}, {"images": None, "labelCounters": None}])
def test_a_round_that_nobody_has_looked_at_has_cost_nothing(status: dict[str, Any]) -> None:
    """Its number of images is not known yet."""
    cost = cost_so_far(make_round(), status, PRICE)

    assert cost is not None
    assert (cost.tasks, cost.done) == (0, 0)


def test_the_cost_of_an_adopted_job_is_not_known() -> None:
    """It does not tell how many workers look at a picture."""
    assert cost_so_far(make_round(labelingJob={"adopt": "yolo-bbox"}), {"images": {"total": 9}}, PRICE) is None


@given(
    st.integers(1, 300_000),
    st.integers(1, 9),
    st.sampled_from([2, 60]),
    st.integers(1, 3),
    st.decimals("0.001", "2", places=3),
    st.decimals("0.01", "500", places=2),
)
def test_the_limit_that_is_told_keeps_the_budget_and_is_the_largest(
    images: int, workers: int, labels: int, attempts: int, price: Decimal, budget: Decimal
) -> None:
    """And none is told when none is needed."""
    spec: dict[str, Any] = {"labels": [f"label {number}" for number in range(labels)], "attempts": attempts}

    def estimate(count: int | None) -> Decimal:
        job = {"workersPerImage": workers, **({} if count is None else {"maxHumanLabeledObjectCount": count})}
        return planned_cost(make_round(**spec, labelingJob=job), images, price).estimate

    count = affordable_count(make_round(**spec, labelingJob={"workersPerImage": workers}), images, price, budget)

    if count is None:
        assert estimate(None) <= budget
    else:
        assert estimate(None) > budget
        assert count == 0 or estimate(count) <= budget
        chunks = -(-images // 100_000)
        assert (count + 1) * workers * price * chunks * (-(-labels // 50)) * attempts > budget


@pytest.mark.parametrize(
    ("amount", "shown"), [("0", "0.00"), ("0.005", "0.01"), ("12.344", "12.34"), ("1E+3", "1000.00")]
)
def test_money_is_shown_to_the_cent(amount: str, shown: str) -> None:
    """Halves go up."""
    assert money(Decimal(amount)) == shown
