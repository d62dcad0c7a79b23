"""`labelround doctor`: what is wrong with an installation on a cluster, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labelround.cli.cluster_options import Target, confirm, connection_options, open_target, yes_option
from labelround.cli.output import output_option, show
from labelround.errors import Failed, LabelroundError
from labelround.wording import counted

if TYPE_CHECKING:
    from labelround.doctor import Finding, Scope
    from labelround.shown import ShownRound


@click.command(short_help="Check an installation on a cluster, and say what to do.")
@click.option(
    "-n", "--namespace", default="", metavar="NAME", help="Look at the rounds of this namespace alone. Default: all."
)
@click.option(
    "--operator-namespace", default="", metavar="NAME", help="Where the operator runs. Default: found by its Lease."
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check these settings of the operator too, with the credentials at hand.",
)
@click.option(
    "--release-finalizers",
    is_flag=True,
    help="Instead of checking, let go of rounds that are being deleted and that no operator lets go.",
)
@click.option("--all", "everyone", is_flag=True, help="With --release-finalizers: of all rounds, after an uninstall.")
@connection_options
@yes_option
@output_option
def doctor(
    namespace: str,
    operator_namespace: str,
    config: Path | None,
    release_finalizers: bool,
    everyone: bool,
    context: str | None,
    kubeconfig: str | None,
    yes: bool,
    output: str,
) -> None:
    """Check an installation on a cluster, and say what to do.

    Looks at the Kubernetes API, the definition of LabelingRounds, rights, the operator and the rounds, and with
    --config at credentials, buckets, roles and workteams. Changes nothing, unless told to release finalizers. Exits
    with 1 when there is an error; what could not be checked is a warning.
    """
    from labelround.doctor import Scope

    if everyone and not release_finalizers:
        raise click.UsageError("--all belongs to --release-finalizers")
    target = open_target(namespace or None, context, kubeconfig, all_namespaces=not namespace)
    scope = Scope(namespace, operator_namespace)
    if release_finalizers:
        _release(target, scope, everyone=everyone, yes=yes)
    else:
        _examine(target, scope, config, output)


def _examine(target: Target, scope: Scope, config: Path | None, output: str) -> None:
    from labelround.doctor import Level, examine

    found: list[Finding] = []
    for finding in chain(examine(target.cluster, scope), _settings(target, scope, config)):
        found.append(finding)
        if output == "table":
            show(None, finding_lines(finding), output)
    if output != "table":
        show([asdict(finding) | {"level": finding.level.value} for finding in found], (), output)
    errors, warnings = (sum(each.level is level for each in found) for level in (Level.ERROR, Level.WARNING))
    click.echo(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}", err=True)
    if errors:
        raise SystemExit(Failed.exit_code)


def _settings(target: Target, scope: Scope, config: Path | None) -> Iterator[Finding]:
    if config is not None:
        from labelround.doctor.rights import needed_rights, rbac_text
        from labelround.doctor.settings import check_settings

        namespace = scope.operator_namespace or needed_rights(rbac_text()).namespace
        yield from check_settings(target.cluster, os.environ, config, namespace)


def finding_lines(finding: Finding) -> Iterator[str]:
    """A finding for a person, and below it what to do."""
    first, *rest = finding.message.splitlines() or [""]
    yield f"{finding.level.value:<8} {finding.check}: {first}"
    yield from (f"{'':<8} {line}" for line in rest)
    if finding.fix:
        yield f"{'':<8} -> {finding.fix}"


def _release(target: Target, scope: Scope, *, everyone: bool, yes: bool) -> None:
    from labelround.doctor.finalizers import held, release
    from labelround.doctor.leases import Watch, find_operators
    from labelround.doctor.rounds import list_rounds

    rounds = held(list_rounds(target.cluster, target.namespace), everyone=everyone)
    if not rounds:
        click.echo("no round is held by the finalizer" + ("" if everyone else " while it is being deleted"), err=True)
        return
    operators = find_operators(target.cluster, scope.operator_namespace, Watch())
    if operators.running and everyone:
        raise Failed(f"{operators.findings[0].message}, and would set the finalizers again; stop it first")
    for line in _warnings(rounds, running=bool(operators.running)):
        click.echo(line, err=True)
    confirm("Go on?", yes=yes)
    failures = []
    for round in rounds:
        try:
            release(target.cluster, round)
            click.echo(f"{round.namespace}/{round.name} is released", err=True)
        except LabelroundError as error:
            failures.append(f"{round.namespace}/{round.name}: {error}")
    if failures:
        raise Failed("\n".join(failures))


def _warnings(rounds: Sequence[ShownRound], *, running: bool) -> Iterable[str]:
    from labelround.doctor.finalizers import running_jobs

    if running:
        yield "An operator is at work: it lets go of a deleted round by itself, after five minutes at most."
    for round in rounds:
        jobs = running_jobs(round)
        left = f"; labeling jobs that nobody stops: {', '.join(jobs)}" if jobs else ""
        yield f"release {round.namespace}/{round.name}{left}"
    yield "Labeling jobs that still run are not stopped, and go on costing. Nothing in a bucket is deleted."
