"""`labelround cancel`: end the labeling of a round on a cluster and keep what is labeled, or delete the round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from labelround.cli.cluster_options import Target, cluster_options, confirm, open_target, yes_option
from labelround.errors import Failed, LabelroundError

if TYPE_CHECKING:
    from labelround.shown import ShownRound


@click.command(short_help="Stop the labeling of rounds on a cluster and keep what is labeled.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--delete", is_flag=True, help="Delete the round instead. Pictures, labels and datasets stay.")
@cluster_options
@yes_option
def cancel(
    names: tuple[str, ...],
    delete: bool,
    namespace: str | None,
    context: str | None,
    kubeconfig: str | None,
    yes: bool,
) -> None:
    """Stop the labeling of rounds on a cluster and keep what is labeled.

    Sets spec.stopLabeling, which cannot be taken back: the labeling jobs are stopped, and the dataset is made from what
    workers have done so far. With --delete the round itself goes; its spec.deletionPolicy says whether its labeling
    jobs are stopped before.
    """
    from labelround.cli.rounds import named_rounds

    target = open_target(namespace, context, kubeconfig)
    rounds = named_rounds(target, names)
    if delete:
        _delete(target, rounds, yes=yes)
    else:
        _stop(target, rounds, yes=yes)


def _stop(target: Target, rounds: Sequence[ShownRound], *, yes: bool) -> None:
    from labelround.cli.cancelling import Stopping, stop
    from labelround.cluster.api import ROUNDS

    stops = {round.name: stop(round) for round in rounds}
    refused = [one.sentence for one in stops.values() if one.stopping is Stopping.REFUSED]
    if refused:
        raise Failed("\n".join(refused))
    for one in stops.values():
        if one.stopping is Stopping.NEEDLESS:
            click.echo(one.sentence, err=True)
    running = [round for round in rounds if stops[round.name].stopping is Stopping.POSSIBLE]
    if not running:
        return
    told = [f"stop the labeling of {round.name}: {stops[round.name].sentence}" for round in running]
    confirm("\n".join([*told, "This cannot be taken back. Go on?"]), yes=yes)

    def patch(round: ShownRound) -> str:
        target.cluster.patch(ROUNDS, round.namespace, round.name, {"spec": {"stopLabeling": True}})
        return f"{round.name}: labeling is to stop; {stops[round.name].sentence}"

    _each(running, patch)
    names = " ".join(round.name for round in running)
    click.echo(f"to see the end: labelround wait --namespace {target.namespace} {names}", err=True)


def _delete(target: Target, rounds: Sequence[ShownRound], *, yes: bool) -> None:
    from labelround.cli.cancelling import deletion, place
    from labelround.cluster.api import ROUNDS

    told = [f"delete {round.name}: {deletion(round)}; everything in {place(round)} stays" for round in rounds]
    confirm("\n".join([*told, "Go on?"]), yes=yes)

    def delete(round: ShownRound) -> str:
        target.cluster.delete(ROUNDS, round.namespace, round.name, uid=round.uid)
        return f"{round.name} is deleted: {deletion(round)}; everything in {place(round)} stays"

    _each(rounds, delete)


def _each(rounds: Sequence[ShownRound], change: Callable[[ShownRound], str]) -> None:
    """Change one by one: one that fails does not keep the others from it."""
    failures = []
    for round in rounds:
        try:
            click.echo(change(round), err=True)
        except LabelroundError as error:
            failures.append(f"{round.name}: {error}")
    if failures:
        raise Failed("\n".join(failures))
