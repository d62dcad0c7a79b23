"""What labeling costs: tasks, and money at a price for each task.

A task is one worker's look at one picture for one label group: with three workers for each image and two groups, a
picture takes six. Money has no currency here; it is that of the price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from labelround.plan import PlannedJob, plan_round
from labelround.spec.model import LabelingRound

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cost:
    """The tasks of a round: `done` so far, and `tasks` in all; and what each of them costs."""

    tasks: int
    done: int
    price: Decimal

    @property
    def estimate(self) -> Decimal:
        """What all tasks cost."""
        return self.tasks * self.price

    @property
    def spent(self) -> Decimal:
        """What those cost that are done."""
        return self.done * self.price


def planned_cost(round: LabelingRound, images: int, price: Decimal) -> Cost:
    """The cost of labeling so many images, at most: each once, whatever attempt labels it, or up to the limits.

    That of an adopted job is 0: its workers have been asked already.
    """
    jobs = plan_round(round, images).jobs
    return Cost(sum(_pictures(job, round) for job in jobs) * round.labeling_job.workers_per_image, 0, price)


def cost_so_far(round: LabelingRound, status: Mapping[str, Any], price: Decimal) -> Cost | None:
    """The cost of a round by its status; None with an adopted job, which does not tell its workers for each image.

    Ground Truth counts a picture when all its workers are done, so work on others may have begun.
    """
    if round.labeling_job.adopt:
        return None
    workers = round.labeling_job.workers_per_image
    done = int((status.get("labelCounters") or {}).get("humanLabeled", 0)) * workers
    images = int((status.get("images") or {}).get("total", 0))
    tasks = planned_cost(round, images, price).tasks
    ended = "completionTime" in status
    return Cost(done if ended else max(tasks, done), done, price)


def affordable_count(round: LabelingRound, images: int, price: Decimal, budget: Decimal) -> int | None:
    """The largest `maxHumanLabeledObjectCount`, which each labeling job gets, with which a round stays in its budget.

    None when the round does so as it is, and 0 when not one picture of each job can be paid. What the limit leaves
    over, a follow-up job takes on with the same limit.
    """
    if planned_cost(round, images, price).estimate <= budget:
        return None
    jobs = len(plan_round(round, images).jobs) * round.attempts
    return int(budget // (price * round.labeling_job.workers_per_image * jobs))


def money(amount: Decimal) -> str:
    """An amount for people, to the cent."""
    return str(amount.quantize(CENT, ROUND_HALF_UP))


def _pictures(job: PlannedJob, round: LabelingRound) -> int:
    """How many pictures people label at most in one job and in those that follow it."""
    most = [job.image_count]
    if (count := round.labeling_job.max_human_labeled_object_count) is not None:
        most.append(count * round.attempts)
    if (percentage := round.labeling_job.max_percentage_of_input_dataset_labeled) is not None:
        most.append(-(-job.image_count * percentage // 100) * round.attempts)
    return min(most)
