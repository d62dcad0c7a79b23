"""The Lease: one leader, a standby that takes over, and a leader that knows when it is none any more."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.controller.clocks import Clock
from tests.controller.memory_cluster import MemoryCluster

from labelround.cluster.api import LEASES
from labelround.controller.lease import Leadership, LeaseSettings
from labelround.errors import Unavailable

WAIT_SECONDS = 10


@dataclass
class Flaky(MemoryCluster):
    """A cluster that can be out of reach, or answer with objects that are none."""

    away: bool = False
    senseless: bool = False

    def get(self, *args: Any, **named: Any) -> Any:
        if self.away:
            raise Unavailable("away")
        if self.senseless:
            return {"metadata": [], "spec": ["no", "object"]}
        return super().get(*args, **named)


@dataclass
class Replica:
    """One candidate, with a clock of its own and times that fit into a test."""

    cluster: Flaky
    name: str
    clock: Clock = field(default_factory=Clock)
    gave_up: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    leadership: Leadership = field(init=False)

    def __post_init__(self) -> None:
        settings = LeaseSettings("default", "labelround", self.name, duration=15.0, renew=10.0, retry=0.01)
        self.leadership = Leadership(self.cluster, settings, self.gave_up.set, self.now, self.clock)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def try_once(self) -> bool:
        """One attempt, without keeping what it got."""
        return self.leadership._try()


def holder(cluster: MemoryCluster) -> str:
    name: str = cluster.get(LEASES, "default", "labelround")["spec"]["holderIdentity"]
    return name


def test_the_first_gets_the_lease_and_the_second_stands_by() -> None:
    """Both see the same object."""
    cluster = Flaky()
    one, two = Replica(cluster, "one"), Replica(cluster, "two")

    got = one.try_once(), two.try_once(), one.try_once(), two.try_once()

    assert got == (True, False, True, False)
    assert holder(cluster) == "one"


def test_a_lease_that_is_not_renewed_for_its_duration_is_taken_over() -> None:
    """Judged by the standby's own clock, whatever the holder's says."""
    cluster = Flaky()
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    one.try_once()
    two.try_once()

    two.clock.pass_by(14.0)
    early = two.try_once()
    two.clock.pass_by(2.0)
    late = two.try_once()

    assert (early, late) == (False, True)
    assert holder(cluster) == "two"
    assert cluster.get(LEASES, "default", "labelround")["spec"]["leaseTransitions"] == 1


def test_a_renewed_lease_is_not_taken_over() -> None:
    """Every renewal starts the standby's patience anew."""
    cluster = Flaky()
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    one.try_once()

    for _ in range(5):
        two.try_once()
        two.clock.pass_by(14.0)
        one.clock.pass_by(14.0)
        one.try_once()

    assert not two.try_once()


def test_a_lease_that_is_given_back_is_free_at_once() -> None:
    """An upgrade need not wait for it to expire."""
    cluster = Flaky()
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    one.leadership.acquire(one.stop)

    one.leadership.release()

    assert two.try_once()
    assert not one.gave_up.is_set()


def test_a_leader_that_cannot_renew_gives_up_before_another_may_take_over() -> None:
    """After ten seconds of fifteen."""
    cluster = Flaky()
    one = Replica(cluster, "one")
    one.leadership.acquire(one.stop)

    cluster.away = True
    one.clock.pass_by(9.0)
    early = one.gave_up.wait(0.2)
    one.clock.pass_by(1.5)

    assert not early
    assert one.gave_up.wait(WAIT_SECONDS)


def test_a_leader_whose_lease_was_taken_gives_up() -> None:
    """At its next renewal, which finds another holder; its own time is not over yet."""
    cluster = Flaky()
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    one.leadership.acquire(one.stop)
    lease = cluster.get(LEASES, "default", "labelround")
    cluster.patch(LEASES, "default", "labelround", {"spec": {**lease["spec"], "holderIdentity": "two"}})

    gave_up = one.gave_up.wait(WAIT_SECONDS)

    assert gave_up
    assert two.try_once()


def test_answers_that_make_no_sense_end_neither_a_standby_nor_a_leader() -> None:
    """Both go on when the answers are right again."""
    cluster = Flaky()
    one, two = Replica(cluster, "one"), Replica(cluster, "two")
    one.try_once()

    cluster.senseless = True
    meanwhile = one.try_once(), two.try_once()
    cluster.senseless = False
    afterwards = one.try_once(), two.try_once()

    assert meanwhile == (False, False)
    assert afterwards == (True, False)


def test_waiting_for_the_lease_ends_when_the_process_is_asked_to() -> None:
    """A standby can be stopped."""
    cluster = Flaky()
    Replica(cluster, "one").try_once()
    two = Replica(cluster, "two")
    got: list[bool] = []
    waiting = threading.Thread(target=lambda: got.append(two.leadership.acquire(two.stop)))
    waiting.start()

    two.stop.set()
    waiting.join(WAIT_SECONDS)

    assert got == [False]
