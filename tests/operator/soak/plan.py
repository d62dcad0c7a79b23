"""What happens in a soak, drawn from one seed: which rounds there are, what their users do, and what strikes when.

Nothing here touches a server: the same seed and length make the same plan.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

Each = TypeVar("Each")

REPLICAS = (0, 1)
WARM_UP = 4
BIRTH_SECONDS = (0.5, 4.0)
STRIKE_SECONDS = (1.0, 8.0)
CALM_SECONDS = (0.5, 6.0)
BLOW_SECONDS = (4.0, 16.0)
HARMLESS_BLOW_SECONDS = (8.0, 40.0)
FREEZE_SECONDS = (1.0, 25.0)


class Life(Enum):
    """What a round is, and what its user does with it."""

    ORDINARY = "ordinary"
    TWO_JOBS = "more labels than one job takes"
    SUSPENDED_FIRST = "made suspended and resumed"
    SUSPENDED_LATER = "suspended on the way and resumed"
    STOPPED = "labeling stopped by its user"
    DELETED = "deleted at some moment"
    RECREATED = "deleted, and made again under its name"
    SHORT = "goes by itself a moment after its end"
    TWINS = "two over one prefix"
    REFUSED = "in a bucket that the policy does not allow"
    CROWDED = "too many pictures, until one is taken away"


LIVES = {
    Life.ORDINARY: 6,
    Life.TWO_JOBS: 2,
    Life.SUSPENDED_FIRST: 2,
    Life.SUSPENDED_LATER: 3,
    Life.STOPPED: 3,
    Life.DELETED: 5,
    Life.RECREATED: 3,
    Life.SHORT: 3,
    Life.TWINS: 1,
    Life.REFUSED: 1,
    Life.CROWDED: 1,
}


class Verb(Enum):
    """What a user does."""

    CREATE = "creates"
    SUSPEND = "suspends"
    RESUME = "resumes"
    STOP = "stops the labeling of"
    DELETE = "deletes"
    CREATE_AGAIN = "makes again"
    TAKE_ONE_AWAY = "takes a picture away from"


class Blow(Enum):
    """What befalls the operators and the cluster, besides outages of what they call."""

    KILL = "an operator is killed"
    KILL_AT_EFFECT = "an operator is killed after its next effect"
    FREEZE = "an operator stands still"
    CUT_OFF = "one operator alone cannot reach the Kubernetes API"
    LEASE_DELETED = "the Lease is deleted"
    LEASE_TAKEN = "somebody else takes the Lease"
    RESTART = "the API server is restarted"
    EVICT = "the node is taken away under the conversions"


BLOWS = {
    Blow.KILL: 6,
    Blow.KILL_AT_EFFECT: 6,
    Blow.FREEZE: 3,
    Blow.CUT_OFF: 3,
    Blow.LEASE_DELETED: 2,
    Blow.LEASE_TAKEN: 1,
    Blow.RESTART: 1,
    Blow.EVICT: 2,
}
DEADLY = frozenset(BLOWS) - {Blow.RESTART, Blow.EVICT}
"""Each ends the life of an operator, or may cost it the Lease and thereby its life."""

FOLLOWING: dict[Life, tuple[tuple[Verb, float, float], ...]] = {
    Life.SUSPENDED_FIRST: ((Verb.RESUME, 0.5, 8.0),),
    Life.SUSPENDED_LATER: ((Verb.SUSPEND, 0.0, 8.0), (Verb.RESUME, 0.5, 8.0)),
    Life.STOPPED: ((Verb.STOP, 0.0, 8.0),),
    Life.DELETED: ((Verb.DELETE, 0.0, 12.0),),
    Life.RECREATED: ((Verb.DELETE, 0.0, 10.0), (Verb.CREATE_AGAIN, 0.0, 0.5)),
    Life.CROWDED: ((Verb.TAKE_ONE_AWAY, 1.0, 10.0),),
}
"""What the user does after having made a round, each so many seconds (least and most) after the step before."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A user does something to a round `at` seconds after the begin of the act."""

    at: float
    verb: Verb
    name: str


@dataclass(frozen=True, slots=True)
class Outage:
    """One of the outages; those of the Kubernetes API are for the replicas `whom`."""

    at: float
    seconds: float
    what: str
    whom: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Misfortune:
    """A blow for the replica `whom`, where it is for one."""

    at: float
    seconds: float
    what: Blow
    whom: int


@dataclass(frozen=True)
class Act:
    """A part of the soak, after which all is calm until every round has ended."""

    lives: dict[str, Life]
    deeds: tuple[Deed, ...]
    outages: tuple[Outage, ...] = ()
    blows: tuple[Misfortune, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A calm act to warm up, one in which operators are killed, and one which they have to outlive."""

    seed: int
    acts: tuple[Act, Act, Act]

    @property
    def lives(self) -> dict[str, Life]:
        return {name: life for act in self.acts for name, life in act.lives.items()}

    def named(self, life: Life) -> list[str]:
        return [name for name, each in self.lives.items() if each is life]


def plan(seed: int, seconds: float, outages: Sequence[str]) -> Plan:
    """The soak of a seed, with outages of these names."""
    dice = random.Random(seed)  # noqa: S311 no secret
    half = seconds / 2
    warm = {f"warm-{number}": Life.ORDINARY for number in range(WARM_UP)}
    calm = Act(warm, tuple(Deed(0.0, Verb.CREATE, name) for name in warm))
    killed = _act(dice, "a", half, outages, _blows(dice, half, BLOW_SECONDS, BLOWS))
    harmless = {blow: weight for blow, weight in BLOWS.items() if blow not in DEADLY}
    outlived = _act(dice, "b", half, outages, _blows(dice, half, HARMLESS_BLOW_SECONDS, harmless))
    return Plan(seed, (calm, killed, outlived))


def _blows(
    dice: random.Random, seconds: float, pause: tuple[float, float], blows: dict[Blow, int]
) -> tuple[Misfortune, ...]:
    return tuple(
        Misfortune(at, dice.uniform(*FREEZE_SECONDS), _drawn(dice, blows), dice.choice(REPLICAS))
        for at in _moments(dice, seconds, pause)
    )


def _act(dice: random.Random, name: str, seconds: float, outages: Sequence[str], blows: tuple[Misfortune, ...]) -> Act:
    lives: dict[str, Life] = {}
    deeds: list[Deed] = []
    for number, at in enumerate(_moments(dice, seconds, BIRTH_SECONDS)):
        life = _drawn(dice, LIVES)
        lives[f"{name}-{number}"] = life
        deeds += _deeds(dice, f"{name}-{number}", life, at)
    return Act(
        lives,
        tuple(sorted(deeds, key=lambda deed: deed.at)),
        tuple(_outages(dice, seconds, outages)),
        blows,
    )


def _deeds(dice: random.Random, name: str, life: Life, at: float) -> Iterator[Deed]:
    yield Deed(at, Verb.CREATE, name)
    for verb, least, most in FOLLOWING.get(life, ()):
        at += dice.uniform(least, most)
        yield Deed(at, verb, name)


def _outages(dice: random.Random, seconds: float, outages: Sequence[str]) -> Iterator[Outage]:
    """One after the other, with calm in between."""
    at = dice.uniform(*CALM_SECONDS)
    while at < seconds:
        lasting = dice.uniform(*STRIKE_SECONDS)
        yield Outage(at, lasting, dice.choice(outages), dice.choice([REPLICAS, REPLICAS, (0,), (1,)]))
        at += lasting + dice.uniform(*CALM_SECONDS)


def _moments(dice: random.Random, seconds: float, pause: tuple[float, float]) -> Iterator[float]:
    at = dice.uniform(*pause)
    while at < seconds:
        yield at
        at += dice.uniform(*pause)


def _drawn(dice: random.Random, weights: dict[Each, int]) -> Each:
    return dice.choices(list(weights), list(weights.values()))[0]
