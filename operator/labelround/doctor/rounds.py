"""The checks of the rounds: who waits for a person, and who is kept from being deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from labelround.advice import advice
from labelround.cluster.api import ROUNDS, Cluster
from labelround.controller.deletion import FINALIZER
from labelround.doctor.findings import Finding, error, ok, warning
from labelround.shown import ShownRound
from labelround.wording import counted

CHECK = "rounds"
SHOWN = 20
PATIENCE = timedelta(minutes=10)
"""Longer than an operator takes to look at a new round, or to let go of a deleted one."""
RELEASE = "labelround doctor --release-finalizers"


def list_rounds(cluster: Cluster, namespace: str | None) -> list[ShownRound]:
    """Every round of the namespace, or of all."""
    rounds = (ShownRound(document) for document in cluster.list(ROUNDS, namespace))
    return sorted(rounds, key=lambda round: (round.namespace, round.name))


def check_rounds(rounds: Sequence[ShownRound], now: datetime, *, running: bool | None) -> Iterator[Finding]:
    """`running` is whether an operator is at work, None where that is not known."""
    found = [*_stalled(rounds), *_unseen(rounds, now), *_kept(rounds, now, running=running)]
    yield from found
    if not found:
        yield ok(CHECK, f"{counted(len(rounds), 'round')}, and none waits for a person")


def _stalled(rounds: Iterable[ShownRound]) -> Iterator[Finding]:
    stalled = [round for round in rounds if round.stalled and not round.deleted]
    for round in stalled[:SHOWN]:
        first = round.message.splitlines()
        told = f"{_place(round)} is Stalled, {round.reason}" + (f": {first[0]}" if first else "")
        yield warning(CHECK, told, advice(round.reason))
    if len(stalled) > SHOWN:
        yield warning(CHECK, f"and {counted(len(stalled) - SHOWN, 'more round')} of {len(stalled)} Stalled ones")


def _unseen(rounds: Iterable[ShownRound], now: datetime) -> Iterator[Finding]:
    unseen = [round for round in rounds if not round.status and not round.deleted and _older(round.created, now)]
    if unseen:
        told = f"no operator has looked at {_listed(unseen)}"
        yield warning(CHECK, told, "see that one runs, and that its settings watch the namespace")


def _kept(rounds: Iterable[ShownRound], now: datetime, *, running: bool | None) -> Iterator[Finding]:
    """Deleted rounds that nobody lets go."""
    kept = [round for round in rounds if round.deleted and FINALIZER in round.finalizers]
    if not kept:
        return
    if running is False:
        told = f"no operator is at work to let go of what is being deleted: {_listed(kept)}"
        yield error(CHECK, told, f"start it again, or: {RELEASE}")
        return
    long = [round for round in kept if _older(round.deleted, now)]
    if long:
        told = f"being deleted for more than {PATIENCE.seconds // 60} minutes: {_listed(long)}"
        yield warning(CHECK, told, f"look at the operator's log; if none runs: {RELEASE}")


def _older(moment: str, now: datetime) -> bool:
    try:
        return now - datetime.fromisoformat(moment) > PATIENCE
    except (ValueError, TypeError):
        return False


def _listed(rounds: Sequence[ShownRound]) -> str:
    names = ", ".join(map(_place, rounds[:SHOWN]))
    return names if len(rounds) <= SHOWN else f"{names} and {len(rounds) - SHOWN} more"


def _place(round: ShownRound) -> str:
    return f"{round.namespace}/{round.name}"
