"""A soak as it is played: users, outages and blows side by side, then calm until every round has ended."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

from tests.operator.faults import Seen, mutating
from tests.operator.process import OperatorProcess
from tests.operator.proxy import Proxy
from tests.operator.soak.adversary import Adversary, all_calm
from tests.operator.soak.chronicle import Chronicle
from tests.operator.soak.evidence import rounds_of
from tests.operator.soak.judgement import unfinished
from tests.operator.soak.memory import Memory, Sample
from tests.operator.soak.plan import Act, Plan
from tests.operator.soak.users import Users
from tests.operator.world import World
from tests.servers.waiting import until

from labelround.errors import LabelroundError

SETTLE_SECONDS = 240.0
QUIET_SECONDS = 3.0
REST_SECONDS = 12.0
"""Longer than the slowest look at a round."""
SHOWN_LINES = 60


@dataclass
class Play:
    """`ways` and `operators` are in the order of the replicas."""

    plan: Plan
    world: World
    ways: Sequence[Proxy]
    operators: Sequence[OperatorProcess]
    chronicle: Chronicle = field(default_factory=Chronicle)
    settled: list[float] = field(default_factory=list)

    @cached_property
    def users(self) -> Users:
        return Users(self.world, self.plan.lives, self.chronicle)

    @cached_property
    def adversary(self) -> Adversary:
        return Adversary(self.world, self.ways, self.operators, self.chronicle)

    @cached_property
    def memory(self) -> Memory:
        return Memory(self.operators)

    def act(self, act: Act) -> dict[int, Sample]:
        """Play an act to its end; the memory of the operators after it. Notes how long the last round took."""
        adversary, over = self.adversary, threading.Event()
        parts: tuple[Callable[[], None], ...] = (
            lambda: self.users.follow(act.deeds, over),
            lambda: adversary.outages(act.outages, over),
            lambda: adversary.blows(act.blows, over),
        )
        with ThreadPoolExecutor() as threads:
            looking = threads.submit(self.memory.watch, over)
            running = [threads.submit(part) for part in parts]
            try:
                for part in running:
                    part.result()
            finally:
                over.set()
            looking.result()
        self.chronicle.note("all is calm from now on")
        all_calm(self.operators)
        self._settle(act)
        return self.memory.now()

    def _settle(self, act: Act) -> None:
        """Wait until every round has ended."""
        began = time.monotonic()

        def left() -> list[str]:
            try:
                rounds = rounds_of(self.world)
            except LabelroundError as error:
                return [str(error)]
            self.users.mend(rounds.values())
            return unfinished(act.lives, rounds)

        until(lambda: not left(), lambda: self.dossier(left()), SETTLE_SECONDS)
        self.settled.append(time.monotonic() - began)
        self.chronicle.note("every round has ended")

    def rest(self) -> list[str]:
        """What the operators still write when there is nothing to do."""
        until(lambda: not self._written(time.time() - QUIET_SECONDS), "the operators have nothing to do", 60)
        since = time.time()
        threading.Event().wait(REST_SECONDS)
        return [f"{seen.operation} {seen.path}" for seen in self._written(since)]

    def dossier(self, wrongs: Sequence[str]) -> str:
        """What is known of the rounds that went wrong, for whoever looks for the cause."""
        known = self.plan.lives
        names = sorted({name for wrong in wrongs if (name := wrong.split()[0].rstrip(":")) in known})
        stories = "\n\n".join(self._story(name) for name in names[:5])
        listed = "\n".join(wrongs)
        return f"seed {self.plan.seed}: {len(wrongs)} things are wrong\n{listed}\n\n{stories}\n\n{self.chronicle}"

    def _story(self, name: str) -> str:
        try:
            status = json.dumps(self.world.get(name), indent=1)
        except LabelroundError as error:
            status = str(error)
        told = "\n".join(
            f"  {event['metadata']['creationTimestamp']} {event['reason']}: {event['message']}"
            for event in self.world.events(name)
        )
        key = f"{self.world.namespace}/{name}"
        lines = [
            f"  operator-{replica} {line}"
            for replica, operator in enumerate(self.operators)
            for line in operator.log().splitlines()
            if f"{key}:" in line or f'"{key}"' in line
        ]
        logged = "\n".join(lines[-SHOWN_LINES:])
        deeds = "\n".join(line for line in self.chronicle.lines if f" {name} " in line)
        return f"{name}: {status}\nits Events:\n{told}\nthe operators say:\n{logged}\n{deeds}"

    def _written(self, since: float) -> list[Seen]:
        proxies = {id(proxy): proxy for proxy in (*self.ways, *self.world.proxies)}
        return [
            seen for proxy in proxies.values() for seen in list(proxy.requests) if seen.time >= since and mutating(seen)
        ]
