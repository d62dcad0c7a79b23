"""What may strike an operator while it works: each is a context in which one of the three APIs goes wrong.

The context's value tells whether the operator has felt it yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

from tests.operator.faults import Cut, Fault, Hang, Moment, Rule, WatchError, Where, every, on
from tests.operator.process import OperatorProcess
from tests.operator.proxy import Proxy
from tests.operator.world import World

Felt = Callable[[], bool]
Strike = Callable[[World, OperatorProcess], AbstractContextManager[Felt]]
Server = Literal["kubernetes", "labeling", "store"]
MANY = 4


def faulty(api: Server, fault: Fault, where: Where = every, *, felt: int = MANY) -> Strike:
    """Requests meet the fault; it is felt when it has met so many."""

    @contextmanager
    def strike(world: World, operator: OperatorProcess) -> Iterator[Felt]:
        with _proxy(world, api).fault(fault, where) as rule:
            yield lambda: len(rule.met) >= felt

    return strike


def hanging(api: Server) -> Strike:
    """Requests are taken and never answered; it is felt when the first client has given up waiting."""

    @contextmanager
    def strike(world: World, operator: OperatorProcess) -> Iterator[Felt]:
        with _proxy(world, api).fault(Hang()) as rule:
            yield lambda: _given_up(rule)

    return strike


def away(api: Server) -> Strike:
    """Nobody listens; it is felt when the operator complains."""

    @contextmanager
    def strike(world: World, operator: OperatorProcess) -> Iterator[Felt]:
        before = operator.log().count("WARNING")
        with _proxy(world, api).down():
            yield lambda: operator.log().count("WARNING") > before

    return strike


def silent_watch(code: int) -> Strike:
    """The running watch ends in an ERROR event, and so does every new one at its beginning."""

    @contextmanager
    def strike(world: World, operator: OperatorProcess) -> Iterator[Felt]:
        with world.kubernetes.fault(WatchError(code), on("watch labelingrounds")) as rule:
            world.kubernetes.end_watches(code)
            yield lambda: bool(rule.met)

    return strike


def cut_watch() -> Strike:
    """All connections are reset, and new watches with them."""

    @contextmanager
    def strike(world: World, operator: OperatorProcess) -> Iterator[Felt]:
        with world.kubernetes.fault(Cut(Moment.BEFORE), on("watch labelingrounds")) as rule:
            world.kubernetes.cut()
            yield lambda: bool(rule.met)

    return strike


def black_hole() -> Strike:
    """Nothing goes through to the API server or back, not even in the running watch."""

    @contextmanager
    def strike(world: World, operator: OperatorProcess) -> Iterator[Felt]:
        before = world.kubernetes.count()
        with world.kubernetes.black_hole():
            yield lambda: world.kubernetes.count() >= before + MANY

    return strike


def _given_up(rule: Rule) -> bool:
    return any(seen.seconds for seen in rule.met)


def _proxy(world: World, api: Server) -> Proxy:
    proxy: Proxy = getattr(world, api)
    return proxy
