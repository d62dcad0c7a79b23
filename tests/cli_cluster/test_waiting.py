"""Waiting for rounds: what each comes to, through outages, deletions and standstills. No time passes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.cli_cluster.shown_rounds import (
    NAMESPACE,
    converting,
    document,
    failed,
    labeling,
    round_of,
    stalled,
    succeeded,
)
from tests.controller.memory_cluster import Call, MemoryCluster

from labelround.cli.cluster_options import Target
from labelround.cli.following import SECONDS_BETWEEN_LINES, Pace, Teller
from labelround.cli.wait import CONDITIONS
from labelround.cli.waiting import AWAITED, Awaited, Outcome, outcome, wait_for
from labelround.cluster.api import ROUNDS, RequestRefused
from labelround.conditions import ConditionType
from labelround.errors import Failed, LabelroundError, Unavailable

Step = Callable[[], None]
SUCCEEDED = ConditionType.SUCCEEDED


@dataclass
class World:
    """A cluster with rounds that change between two looks, one step a look; the time goes on while it is slept."""

    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)
    steps: Iterator[Step] = field(default_factory=lambda: iter(()))
    failure: LabelroundError | None = None

    def __post_init__(self) -> None:
        self.cluster.before = self._fail

    def put(self, status: Any, name: str = "pens-1") -> None:
        self.cluster.put(ROUNDS, NAMESPACE, document(name) | {"status": status})

    def remove(self, name: str = "pens-1") -> None:
        self.cluster.remove(ROUNDS, NAMESPACE, name)

    def become(self, status: Any, name: str = "pens-1") -> None:
        self.cluster.patch(ROUNDS, NAMESPACE, name, {"status": status}, subresource="status")

    def wait(
        self,
        *names: str,
        condition: ConditionType = SUCCEEDED,
        timeout: float | None = 600,
        fail_fast: bool = False,
        terminal: bool = True,
    ) -> list[Awaited]:
        pace = Pace(2.0, timeout, lambda: self.seconds, self._sleep)
        teller = Teller(self.told.append, terminal, lambda: self.seconds)
        target = Target(self.cluster, NAMESPACE)
        return wait_for(target, names or ("pens-1",), condition, pace, teller, fail_fast=fail_fast)

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds
        next(self.steps, lambda: None)()

    def _fail(self, call: Call) -> None:
        if self.failure is not None and call.verb == "get":
            raise self.failure

    def fail(self, failure: LabelroundError | None) -> None:
        self.failure = failure


def outcomes(awaited: list[Awaited]) -> list[Outcome]:
    return [each.outcome for each in awaited]


@pytest.fixture
def world() -> World:
    """With one round that is being labeled."""
    world = World()
    world.put(labeling())
    return world


def test_the_conditions_of_the_option_are_those_that_can_be_awaited() -> None:
    """They are written out there, so that `--help` loads nothing."""
    assert [condition.value for condition in AWAITED] == list(CONDITIONS)


def test_a_round_that_succeeds_ends_the_wait(world: World) -> None:
    """With the round as it was seen last, and a line for each change."""
    world.steps = iter([lambda: world.become(converting()), lambda: world.become(succeeded())])

    awaited = world.wait()

    assert outcomes(awaited) == [Outcome.MET]
    assert awaited[0].round.phase == "Succeeded"
    assert world.told == [
        "pens-1: Labeling: waiting for workers; 37 of 120 images labeled",
        "pens-1: Converting: the conversion runs",
        "pens-1: Succeeded: 118 images and 301 boxes in the dataset",
    ]
    assert world.seconds == 4


def test_an_earlier_condition_ends_the_wait_earlier(world: World) -> None:
    """`Labeled` is true while the conversion runs."""
    world.steps = iter([lambda: world.become(converting())])

    awaited = world.wait(condition=ConditionType.LABELED)

    assert outcomes(awaited) == [Outcome.MET]


def test_every_round_is_waited_for_to_its_own_end(world: World) -> None:
    """One that has failed does not end the wait for the others."""
    world.put(failed(), "pens-2")
    world.steps = iter([lambda: world.become(succeeded())])

    awaited = world.wait("pens-1", "pens-2")

    assert outcomes(awaited) == [Outcome.MET, Outcome.FAILED]


def test_with_fail_fast_one_failure_ends_the_wait_for_all(world: World) -> None:
    """What is still active stays so."""
    world.put(failed(), "pens-2")

    awaited = world.wait("pens-1", "pens-2", fail_fast=True)

    assert outcomes(awaited) == [Outcome.ACTIVE, Outcome.FAILED]
    assert world.seconds == 0


def test_a_stalled_round_is_told_and_waited_for(world: World) -> None:
    """A person may clear its way."""
    world.steps = iter([lambda: world.become(stalled()), lambda: world.become(succeeded())])

    awaited = world.wait()

    assert outcomes(awaited) == [Outcome.MET]
    assert (
        "Stalled: spec.prefix: s3://pictures/pens/ is another round's; a person is needed, waiting on" in world.told[1]
    )


def test_with_fail_fast_a_stalled_round_ends_the_wait(world: World) -> None:
    """Where nobody is there to clear its way."""
    world.steps = iter([lambda: world.become(stalled())])

    awaited = world.wait(fail_fast=True)

    assert outcomes(awaited) == [Outcome.STALLED]


def test_a_round_that_is_deleted_ends_the_wait(world: World) -> None:
    """It is told as it was last."""
    world.steps = iter([world.remove])

    awaited = world.wait()

    assert outcomes(awaited) == [Outcome.GONE]
    assert str(awaited[0]) == "pens-1 was deleted"
    assert awaited[0].round.phase == "Labeling"


def test_another_round_of_the_same_name_is_not_the_one_that_is_waited_for() -> None:
    """Deleted and made anew between two looks."""
    now = round_of(succeeded(), metadata={"uid": "another"})

    came_to = outcome(round_of(labeling()), now, SUCCEEDED)

    assert came_to is Outcome.GONE


def test_a_name_that_is_not_there_at_first_is_a_mistake(world: World) -> None:
    """Every one of them is named, and nothing is waited for."""
    with pytest.raises(Failed, match=r"LabelingRound pen-1 in the namespace team-a\n.*LabelingRound pen-2"):
        world.wait("pens-1", "pen-1", "pen-2")

    assert world.seconds == 0


def test_when_the_time_is_up_the_round_is_still_active(world: World) -> None:
    """It is looked at once more at the very end."""
    awaited = world.wait(timeout=5)

    assert outcomes(awaited) == [Outcome.ACTIVE]
    assert world.seconds == 5


def test_no_time_at_all_is_one_look(world: World) -> None:
    """For scripts that poll themselves."""
    awaited = world.wait(timeout=0)

    assert outcomes(awaited) == [Outcome.ACTIVE]
    assert len(world.cluster.calls) == 1


@pytest.mark.parametrize("failure", [Unavailable("GET /x: no answer"), RequestRefused("GET /x: Unauthorized", 401)])
def test_an_outage_is_told_once_and_waited_out(world: World, failure: LabelroundError) -> None:
    """An API server that is down, or refuses for a while whom it has served before."""
    broken: list[Step] = [lambda: world.fail(failure), lambda: None, lambda: world.fail(None)]
    world.steps = iter([*broken, lambda: world.become(succeeded())])

    awaited = world.wait()

    assert outcomes(awaited) == [Outcome.MET]
    assert world.told[1:3] == [f"{failure}; trying again", "the Kubernetes API answers again"]


def test_an_outage_at_first_is_waited_out_too(world: World) -> None:
    """A cluster that is just coming up."""
    world.fail(Unavailable("GET /x: no answer"))
    world.steps = iter([lambda: world.fail(None), lambda: world.become(succeeded())])

    awaited = world.wait()

    assert outcomes(awaited) == [Outcome.MET]


def test_an_outage_for_the_whole_time_leaves_nothing_to_tell(world: World) -> None:
    """The rounds were never seen."""
    world.fail(Unavailable("GET /x: no answer"))

    awaited = world.wait()

    assert awaited == []
    assert world.seconds == 600


def test_a_refusal_at_first_ends_the_wait(world: World) -> None:
    """Rights do not come by waiting."""
    world.fail(RequestRefused("GET /x: forbidden", 403))

    with pytest.raises(RequestRefused):
        world.wait()


def test_off_a_terminal_progress_is_a_line_in_ten_seconds(world: World) -> None:
    """What is told then is the latest; an end is told at once."""
    counts: list[Step] = [lambda number=number: world.become(labeling(number)) for number in range(40, 48)]  # type: ignore[misc]
    world.steps = iter([*counts, lambda: world.become(succeeded())])

    world.wait(terminal=False)

    told = [line.split(";")[-1].split(" of ")[0].strip() for line in world.told[:-1]]
    assert told == ["37", "44"]
    assert world.told[-1].startswith("pens-1: Succeeded")
    assert SECONDS_BETWEEN_LINES == 10


def test_every_outcome_but_two_is_final() -> None:
    """A stalled round and an active one may still come to anything."""
    assert {each for each in Outcome if not each.final} == {Outcome.STALLED, Outcome.ACTIVE}
