"""What a task costs, and what there is to spend, as people type them; and cost as they read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from labelround.cost import Cost
    from labelround.shown import ShownRound

PRICE_VARIABLE = "LABELROUND_PRICE_PER_TASK"
Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Prices:
    """The price of a task, and the budget where there is one. Neither is 0."""

    task: Decimal
    budget: Decimal | None = None


def _amount(_context: click.Context, _option: click.Parameter, value: str | None) -> Decimal | None:
    if value is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value) or not Decimal(value):
        raise click.BadParameter(f"{value!r} is no amount above 0; write it like 0.036 or 12, without a currency")
    return Decimal(value)


def price_options(command: Command) -> Command:
    """Add `price_per_task` and `budget`, for `prices`."""
    options = [
        click.option(
            "--price-per-task",
            metavar="AMOUNT",
            callback=_amount,
            envvar=PRICE_VARIABLE,
            help=f"What one worker's look at one picture costs; tells the cost. [env: {PRICE_VARIABLE}]",
        ),
        click.option("--budget", metavar="AMOUNT", callback=_amount, help="What may be spent, at that price."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def prices(price_per_task: Decimal | None, budget: Decimal | None) -> Prices | None:
    """What was typed; None without a price. Raises UsageError for a budget without one."""
    if price_per_task is None:
        if budget is not None:
            raise click.UsageError("--budget needs --price-per-task: only with it does a task cost anything")
        return None
    return Prices(price_per_task, budget)


def cost_of(round: ShownRound, price: Decimal) -> Cost | None:
    """The cost of a round on a cluster; None when its spec is not one of this version, or adopts a job."""
    from labelround.cost import cost_so_far
    from labelround.errors import InvalidInput
    from labelround.spec.parse import parse_round

    try:
        return cost_so_far(parse_round(round.document), round.status, price)
    except InvalidInput:
        return None


def cost_document(cost: Cost) -> dict[str, Any]:
    """The cost for `-o json` and `-o yaml`; amounts are texts, since they are decimal."""
    from labelround.cost import money

    return {
        "tasks": cost.tasks,
        "tasksDone": cost.done,
        "pricePerTask": str(cost.price),
        "spent": money(cost.spent),
        "estimate": money(cost.estimate),
    }
