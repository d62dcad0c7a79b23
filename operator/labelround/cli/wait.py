"""`labelround wait`: until rounds on a cluster have ended."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from labelround.cli.cluster_options import cluster_options, open_target, poll_option
from labelround.cli.durations import seconds
from labelround.cli.output import output_option, show
from labelround.errors import Failed, Unfinished

if TYPE_CHECKING:
    from labelround.cli.waiting import Awaited

# The conditions that come true on a round's way, written out so that --help loads no library; a test compares them.
CONDITIONS = ("ManifestReady", "Labeled", "Converted", "Succeeded")


def _condition(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """A condition's name, in any case and with or without kubectl's `condition=` before it."""
    wanted = value.lower().removeprefix("condition=")
    for name in CONDITIONS:
        if name.lower() == wanted:
            return name
    raise click.BadParameter(f"{value!r} is none of {', '.join(CONDITIONS)}")


@click.command(short_help="Wait until rounds on a cluster have ended.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--for", "condition", default="Succeeded", show_default=True, callback=_condition, metavar="CONDITION",
    help=f"What to wait for: {', '.join(CONDITIONS)}.",
)  # fmt: skip
@click.option(
    "--timeout", callback=seconds, metavar="TIME", help="How long: 90s, 45m, 3h, 2d; 0 looks once. Default: for ever."
)
@click.option("--fail-fast", is_flag=True, help="End when a round fails or needs a person, instead of waiting on.")
@cluster_options
@poll_option
@output_option
def wait(
    names: tuple[str, ...],
    condition: str,
    timeout: float | None,
    fail_fast: bool,
    namespace: str | None,
    context: str | None,
    kubeconfig: str | None,
    poll_seconds: float,
    output: str,
) -> None:
    """Wait until rounds on a cluster have ended.

    Exits with 0 when all have succeeded, with 1 when one has failed or was deleted, with 4 when the time is up. A round
    that is Stalled is waited for, since a person may clear its way. Outages of the Kubernetes API are waited out.
    """
    from labelround.cli.following import Pace, Teller
    from labelround.cli.waiting import wait_for
    from labelround.conditions import ConditionType

    target = open_target(namespace, context, kubeconfig)
    teller = Teller(lambda line: click.echo(line, err=True), sys.stderr.isatty())
    pace = Pace(poll_seconds, timeout)
    awaited = wait_for(target, names, ConditionType(condition), pace, teller, fail_fast=fail_fast)
    _show(awaited, output)
    _end(awaited, condition, fail_fast=fail_fast)


def _show(awaited: Sequence[Awaited], output: str) -> None:
    from datetime import UTC, datetime

    from labelround.cli.roundtable import as_data, round_table

    rounds = [each.round for each in awaited]
    lines = round_table(rounds, datetime.now(UTC), namespaces=False) if rounds else []
    documents = [as_data(round) for round in rounds]
    show(documents[0] if len(documents) == 1 else documents, lines, output)


def _end(awaited: Sequence[Awaited], condition: str, *, fail_fast: bool) -> None:
    """Exit as the rounds have come to, and say which of them did not do what was waited for."""
    from labelround.cli.waiting import Outcome

    if not awaited:
        raise Unfinished("the time is up, and the Kubernetes API has not answered once")
    bad = {Outcome.FAILED, Outcome.GONE} | ({Outcome.STALLED} if fail_fast else set())
    if lost := [str(each) for each in awaited if each.outcome in bad]:
        raise Failed("\n".join(lost))
    if left := [str(each) for each in awaited if each.outcome is not Outcome.MET]:
        raise Unfinished("\n".join([f"the time is up before {condition}:", *left]))
