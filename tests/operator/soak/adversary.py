"""What carries out the outages and the blows of a plan."""

from __future__ import annotations

import contextlib
import copy
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from tests.operator.faults import Cut, Moment, effect
from tests.operator.installation import NAMESPACE
from tests.operator.outages import ALWAYS, MORE
from tests.operator.process import OperatorProcess
from tests.operator.proxy import Proxy
from tests.operator.soak.chronicle import Chronicle
from tests.operator.soak.plan import Blow, Misfortune, Outage
from tests.operator.world import World
from tests.servers.waiting import until

from labelround.cluster.api import LEASES
from labelround.errors import LabelroundError

OUTAGES = {**ALWAYS, **MORE}
EFFECT_SECONDS = 5.0
KILLS = "kills"
SHARED = ("labeling API", "object store")
SENSELESS = "in other types"
Step = TypeVar("Step", Outage, Misfortune)


@dataclass
class Adversary:
    """`proxies` and `operators` are in the order of the replicas; each replica has its own way to the API server."""

    world: World
    proxies: Sequence[Proxy]
    operators: Sequence[OperatorProcess]
    chronicle: Chronicle
    senseless: list[tuple[float, float]] = field(default_factory=list)
    """When answers made no sense, so that an operator may have tripped over one."""

    def outages(self, steps: Iterable[Outage], over: threading.Event) -> None:
        """All outages, each at its time."""
        for step in _timely(steps, over):
            self.chronicle.note(f"{step.what}, for {step.whom}, for {step.seconds:.1f} s", count=step.what)
            began = time.time()
            with self._struck(step):
                over.wait(step.seconds)
            if SENSELESS in step.what:
                self.senseless.append((began, time.time()))
            self.chronicle.note(f"{step.what}: over")

    def blows(self, steps: Iterable[Misfortune], over: threading.Event) -> None:
        """All blows, each at its time."""
        for step in _timely(steps, over):
            self.chronicle.note(f"{step.what.value} (operator-{step.whom})", count=step.what.value)
            self._deal(step, over)

    @contextmanager
    def _struck(self, step: Outage) -> Iterator[None]:
        shared = any(word in step.what for word in SHARED)
        with ExitStack() as stack:
            for replica in step.whom[:1] if shared else step.whom:
                stack.enter_context(OUTAGES[step.what](self._seen_by(replica), self.operators[replica]))
            yield

    def _seen_by(self, replica: int) -> World:
        """The world with the replica's own way to the API server."""
        own = copy.copy(self.world)
        own.kubernetes = self.proxies[replica]
        return own

    def _deal(self, step: Misfortune, over: threading.Event) -> None:
        deal: dict[Blow, Callable[[Misfortune, threading.Event], object]] = {
            Blow.KILL: lambda step, _: self._kill(step.whom),
            Blow.KILL_AT_EFFECT: self._kill_at_effect,
            Blow.FREEZE: self._freeze,
            Blow.CUT_OFF: self._cut_off,
            Blow.LEASE_DELETED: lambda *_: self._delete_lease(),
            Blow.LEASE_TAKEN: lambda *_: self._take_lease(),
            Blow.RESTART: lambda *_: self._restart(),
            Blow.EVICT: lambda *_: self.world.node.evict_running(),
        }
        deal[step.what](step, over)

    def _kill(self, replica: int) -> None:
        self.chronicle.note(f"operator-{replica} is killed, process {self.operators[replica].pid}", count=KILLS)
        self.operators[replica].kill()

    def _kill_at_effect(self, step: Misfortune, over: threading.Event) -> None:
        """The server has done what it was asked, and the operator never hears of it."""
        kill = Cut(Moment.AFTER, lambda: self._kill(step.whom))
        with self.proxies[step.whom].fault(kill, effect, times=1) as rule:
            end = time.monotonic() + EFFECT_SECONDS
            while not rule.met and time.monotonic() < end and not over.wait(0.05):
                pass

    def _freeze(self, step: Misfortune, over: threading.Event) -> None:
        pid = self.operators[step.whom].pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            try:
                over.wait(step.seconds)
            finally:
                os.kill(pid, signal.SIGCONT)
        self.chronicle.note(f"operator-{step.whom} moves again")

    def _cut_off(self, step: Misfortune, over: threading.Event) -> None:
        with self.proxies[step.whom].black_hole():
            over.wait(step.seconds)
        self.chronicle.note(f"operator-{step.whom} is reached again")

    def _delete_lease(self) -> None:
        with contextlib.suppress(LabelroundError):
            self.world.cluster.delete(LEASES, NAMESPACE, "labelround")

    def _take_lease(self) -> None:
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        held = {"spec": {"holderIdentity": "somebody", "acquireTime": moment, "renewTime": moment}}
        with contextlib.suppress(LabelroundError):
            self.world.cluster.patch(LEASES, NAMESPACE, "labelround", held)

    def _restart(self) -> None:
        self.world.control_plane.stop_api()
        self.world.control_plane.start_api()
        self.chronicle.note("the API server is back")


def _timely(steps: Iterable[Step], over: threading.Event) -> Iterator[Step]:
    began = time.monotonic()
    for step in steps:
        if over.wait(max(0.0, began + step.at - time.monotonic())):
            return
        yield step


def all_calm(operators: Sequence[OperatorProcess]) -> None:
    """Returns when every operator answers again."""
    for operator in operators:
        until(lambda each=operator: _answers(each), "the operator answers again", 60)  # type: ignore[misc]


def _answers(operator: OperatorProcess) -> bool:
    try:
        return operator.page("/healthz")[0] == 200
    except OSError:
        return False
