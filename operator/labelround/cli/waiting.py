"""Waiting for rounds on a cluster: what each has come to, and telling it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from labelround.cli.cluster_options import Target
from labelround.cli.following import Pace, Teller, looks
from labelround.cli.rounds import find_rounds, named_rounds
from labelround.conditions import ConditionType
from labelround.shown import ShownRound

AWAITED = (ConditionType.MANIFEST_READY, ConditionType.LABELED, ConditionType.CONVERTED, ConditionType.SUCCEEDED)


class Outcome(Enum):
    """What a round that is waited for has come to."""

    MET = "met"
    FAILED = "failed"
    GONE = "gone"
    STALLED = "stalled"
    ACTIVE = "active"

    @property
    def final(self) -> bool:
        """Whether it stays so. A stalled round goes on once a person has cleared its way."""
        return self in {Outcome.MET, Outcome.FAILED, Outcome.GONE}


@dataclass(frozen=True, slots=True)
class Awaited:
    """One round and what it has come to; `round` is as it was seen last."""

    round: ShownRound
    outcome: Outcome

    def __str__(self) -> str:
        name, message = self.round.name, self.round.message.splitlines()
        if self.outcome is Outcome.GONE:
            return f"{name} was deleted"
        if not self.round.status:
            return f"{name}: no operator has looked at it yet"
        return f"{name}: {self.round.phase}" + (f": {message[0]}" if message else "")


def outcome(known: ShownRound, now: ShownRound | None, condition: ConditionType) -> Outcome:
    """What the round `known` has come to, seen `now` under the same name."""
    if now is None or now.uid != known.uid:
        return Outcome.GONE
    if now.condition(condition).get("status") == "True":
        return Outcome.MET
    if now.ended:
        return Outcome.FAILED
    return Outcome.STALLED if now.stalled else Outcome.ACTIVE


def wait_for(
    target: Target,
    names: Sequence[str],
    condition: ConditionType,
    pace: Pace,
    teller: Teller,
    *,
    fail_fast: bool,
) -> list[Awaited]:
    """Look until each round has come to its end, or the time is up; what each has come to.

    With `fail_fast` one round that failed, stalled or was deleted ends the wait for all. Raises Failed for a name that
    is not there at first.
    """
    known: dict[str, ShownRound] = {}

    def look() -> list[ShownRound]:
        return find_rounds(target, names) if known else named_rounds(target, names)

    awaited: list[Awaited] = []
    for rounds in looks(look, pace, teller.tell, patient=True):
        seen = {round.name: round for round in rounds}
        known = known or seen
        awaited = [_awaited(round, seen.get(name), condition) for name, round in known.items()]
        known = {each.round.name: each.round for each in awaited}
        _tell(awaited, teller)
        if all(each.outcome.final for each in awaited):
            break
        if fail_fast and any(each.outcome in {Outcome.FAILED, Outcome.GONE, Outcome.STALLED} for each in awaited):
            break
    return awaited


def _awaited(known: ShownRound, now: ShownRound | None, condition: ConditionType) -> Awaited:
    came_to = outcome(known, now, condition)
    return Awaited(known if came_to is Outcome.GONE or now is None else now, came_to)


def _tell(awaited: Iterable[Awaited], teller: Teller) -> None:
    for each in awaited:
        needed = "; a person is needed, waiting on" if each.outcome is Outcome.STALLED else ""
        teller.change(each.round.uid, f"{each}{needed}", urgent=each.outcome is not Outcome.ACTIVE)
