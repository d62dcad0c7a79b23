"""`labelround logs`: what the conversion of a round on a cluster writes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from labelround.cli.cluster_options import Target, cluster_options, open_target, poll_option
from labelround.errors import Unfinished

if TYPE_CHECKING:
    from labelround.cli.podlogs import Written


@click.command(short_help="Print the log of a round's conversion on a cluster.")
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on until the conversion has ended.")
@click.option("--previous", is_flag=True, help="The pods that failed and were replaced, instead of the last.")
@cluster_options
@poll_option
def logs(
    name: str,
    follow: bool,
    previous: bool,
    namespace: str | None,
    context: str | None,
    kubeconfig: str | None,
    poll_seconds: float,
) -> None:
    """Print the log of a round's conversion on a cluster.

    The conversion runs in pods of the round's namespace once labeling has ended. Before that there is no log, and the
    command says what the round waits for and exits with 4.
    """
    if follow and previous:
        raise click.UsageError("--follow cannot be combined with --previous: what failed writes no more")
    target = open_target(namespace, context, kubeconfig)
    if follow:
        _follow(target, name, poll_seconds)
    else:
        _print(target, name, previous=previous)


def _print(target: Target, name: str, *, previous: bool) -> None:
    from labelround.cli.podlogs import Logs, chosen, conversion_pods, no_log, silence
    from labelround.cli.rounds import named_rounds

    (round,) = named_rounds(target, (name,))
    pods = chosen(conversion_pods(target.cluster, round), previous=previous)
    if not pods:
        raise Unfinished(no_log(round, previous=previous))
    written = Logs(target.cluster).written(pods)
    _show(written, set())
    for pod in pods:
        if pod["metadata"]["name"] not in {each.pod for each in written}:
            _warn(silence(pod))


def _follow(target: Target, name: str, poll_seconds: float) -> None:
    from labelround.cli.following import Pace, Teller, looks
    from labelround.cli.podlogs import Follower, no_log
    from labelround.cli.rounds import named_rounds

    follower = Follower(target.cluster, lambda: named_rounds(target, (name,))[0])
    teller = Teller(_warn, sys.stderr.isatty())
    headed: set[str] = set()
    for seen in looks(follower.look, Pace(poll_seconds), _warn, patient=False):
        _show(seen.written, headed)
        if seen.over and not seen.pods:
            raise Unfinished(no_log(seen.round, previous=False))
        if not seen.pods:
            teller.change(name, no_log(seen.round, previous=False))
        if seen.over:
            _warn(f"{name} is {seen.round.phase}: {seen.round.message}")
            return


def _show(written: Sequence[Written], headed: set[str]) -> None:
    """Lines on stdout, and on stderr whose they are whenever that changes."""
    for each in written:
        if each.pod not in headed:
            headed.clear()
            headed.add(each.pod)
            _warn(f"==> {each.pod} ({each.phase})")
        for line in each.lines:
            click.echo(line)


def _warn(line: str) -> None:
    click.echo(line, err=True)
