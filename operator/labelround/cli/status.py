"""`labelround status`: the rounds of a cluster as a table, or one as a story."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from labelround.cli.cluster_options import Target, cluster_options, open_target, poll_option
from labelround.cli.output import output_option, show
from labelround.cli.pricing import Prices, price_options, prices

if TYPE_CHECKING:
    from labelround.shown import ShownRound


@click.command(short_help="Show rounds on a cluster, or tell the story of one.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("-A", "--all-namespaces", is_flag=True, help="The rounds of all namespaces.")
@click.option("-w", "--watch", is_flag=True, help="Go on and print every change, until all these rounds have ended.")
@cluster_options
@poll_option
@price_options
@output_option
def status(
    names: tuple[str, ...],
    all_namespaces: bool,
    watch: bool,
    namespace: str | None,
    context: str | None,
    kubeconfig: str | None,
    poll_seconds: float,
    price_per_task: Decimal | None,
    budget: Decimal | None,
    output: str,
) -> None:
    """Show rounds on a cluster, or tell the story of one.

    Without a NAME, or with several, prints a table with a line a round. With one NAME, prints where it is and since
    when, its images and labeling jobs, its last Events, and what to do when it waits for a person; with
    --price-per-task also what its labeling has cost so far, and costs at most.
    """
    if all_namespaces and names:
        raise click.UsageError("--all-namespaces shows all rounds; leave the names out")
    chosen = prices(price_per_task, budget)
    target = open_target(namespace, context, kubeconfig, all_namespaces=all_namespaces)
    if watch:
        _watch(target, names, poll_seconds, output)
    elif len(names) == 1:
        _tell_one(target, names[0], chosen, output)
    else:
        _list(target, names, output)


def _list(target: Target, names: Sequence[str], output: str) -> None:
    from labelround.cli.roundtable import as_data

    rounds = _look(target, names)
    show([as_data(round) for round in rounds], _lines(rounds, target) if rounds else (), output)
    if not rounds:
        where = f"in the namespace {target.namespace}" if target.namespace else "in any namespace"
        click.echo(f"there is no LabelingRound {where}", err=True)


def _tell_one(target: Target, name: str, prices: Prices | None, output: str) -> None:
    from datetime import UTC, datetime

    from labelround.cli.pricing import cost_document, cost_of
    from labelround.cli.rounds import named_rounds, round_events
    from labelround.cli.roundtable import as_data
    from labelround.cli.story import story
    from labelround.errors import LabelroundError

    (round,) = named_rounds(target, (name,))
    events: list[dict[str, Any]] = []
    if output == "table":
        try:
            events = round_events(target.cluster, round)
        except LabelroundError as error:
            _warn(f"its Events were not read: {error}")
    cost = cost_of(round, prices.task) if prices else None
    data = as_data(round) | ({"cost": cost_document(cost)} if cost else {})
    show(data, story(round, events, datetime.now(UTC), prices), output)


def _watch(target: Target, names: Sequence[str], poll_seconds: float, output: str) -> None:
    from labelround.cli.following import Pace, looks
    from labelround.cli.rounds import all_rounds, find_rounds
    from labelround.cli.watching import changes

    _look(target, names)  # a name that is not there now is a mistake; later it was deleted

    def look() -> list[ShownRound]:
        return find_rounds(target, names) if names else all_rounds(target)

    for line in changes(looks(look, Pace(poll_seconds), _warn, patient=False), output, namespaces=not target.namespace):
        click.echo(line)


def _look(target: Target, names: Sequence[str]) -> list[ShownRound]:
    from labelround.cli.rounds import all_rounds, named_rounds

    return named_rounds(target, names) if names else all_rounds(target)


def _lines(rounds: Sequence[ShownRound], target: Target) -> Iterator[str]:
    from datetime import UTC, datetime

    from labelround.cli.roundtable import round_table

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    yield from round_table(rounds, datetime.now(UTC), namespaces=not target.namespace, width=width)


def _warn(line: str) -> None:
    click.echo(line, err=True)
