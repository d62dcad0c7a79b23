"""The operator is killed with SIGKILL at each of its effects, and the round ends as if nothing had happened.

An effect is a request that changes something: at the Kubernetes API, at the labeling API or in the bucket. Killed
before, the request never leaves; killed after, the server has done it and the operator never hears of it.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from signal import SIGKILL

import pytest
from tests.operator.conftest import NewWorld
from tests.operator.faults import Cut, Moment, Seen, effect, first_of_each, mutating, nth
from tests.operator.verdict import check_ended_right
from tests.operator.world import World
from tests.servers.waiting import until
from tests.sizes import only_full, sized

pytestmark = pytest.mark.minio
EFFECTS = range(1, 26)
PATIENCE = 240.0
STEPS = ("patch labelingrounds", "PutObject", "CreateLabelingJob", "create jobs")
PHASES = ("preparing", "creating the job", "labeling", "converting", "succeeded")


def ours(seen: Seen, *operations: str) -> bool:
    """Whether the operator itself wants to change something; the conversion's pod writes the dataset."""
    where = seen.sent.decode() if seen.operation == "DeleteObjects" else seen.path
    dataset = "/yolo_annot_files/" in where or where.endswith("/annot.csv")
    return mutating(seen) and not dataset and (not operations or seen.operation in operations)


def done(seen: Seen, *operations: str) -> bool:
    """Whether the operator has changed something."""
    return ours(seen, *operations) and effect(seen)


def thing(seen: Seen) -> Hashable:
    """What is changed: the same when the operator tries it again."""
    if not seen.operation.startswith(("patch", "create")):
        return seen.operation, seen.path
    body = json.loads(seen.sent)
    status = body.get("status", {})
    conditions = [(each["type"], each["status"], each["reason"]) for each in status.get("conditions", ())]
    name = body["metadata"]["name"] if seen.operation == "create jobs" else ""
    return seen.operation, name, body.get("reason"), str(body["metadata"].get("finalizers")), str(conditions)


def test_the_operator_is_killed_before_and_after_each_step(world: World) -> None:
    """Two deaths for each: each life gets one step further."""
    with (
        world.operator(supervised=True) as operator,
        world.fault(Cut(Moment.BEFORE, operator.kill), first_of_each(thing, lambda seen: ours(seen, *STEPS))) as before,
        world.fault(Cut(Moment.AFTER, operator.kill), first_of_each(thing, lambda seen: done(seen, *STEPS))) as after,
    ):
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded", "Failed", seconds=PATIENCE)
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go", PATIENCE)
        until(lambda: len(after.met) == len(before.met), lambda: f"the last kill has come: {after.met}")

    assert {seen.operation for seen in before.met} == {seen.operation for seen in after.met} == set(STEPS)
    assert operator.codes.count(-SIGKILL) == len(before.met) + len(after.met) == 18
    check_ended_right(world)


def test_the_operator_is_killed_between_the_steps_of_a_conversion_in_shards(world: World) -> None:
    """Before and after it starts each of the three Jobs: none is made twice, and no shard is converted twice."""
    with (
        world.operator(supervised=True) as operator,
        world.fault(
            Cut(Moment.BEFORE, operator.kill), first_of_each(thing, lambda seen: ours(seen, "create jobs"))
        ) as before,
        world.fault(
            Cut(Moment.AFTER, operator.kill), first_of_each(thing, lambda seen: done(seen, "create jobs"))
        ) as after,
    ):
        world.apply(world.document(conversion={"imagesPerPod": 2}))
        world.wait_for_phase("pens-1", "Succeeded", "Failed", seconds=PATIENCE)
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go", PATIENCE)
        until(lambda: len(after.met) == len(before.met), lambda: f"the last kill has come: {after.met}")

    conversion = world.status()["conversion"]
    assert operator.codes.count(-SIGKILL) == len(before.met) + len(after.met) == 6
    assert (conversion["shards"], conversion["done"]) == (3, 3)
    assert conversion["job"].endswith("-convert-finish")
    check_ended_right(world)


@pytest.mark.parametrize(
    ("moment", "operation"),
    [
        pytest.param(Moment.BEFORE, "patch labelingrounds/status", id="before a status write"),
        pytest.param(Moment.AFTER, "patch labelingrounds/status", id="after a status write", marks=only_full),
        pytest.param(Moment.BEFORE, "create events", id="before an Event", marks=only_full),
        pytest.param(Moment.AFTER, "create events", id="after an Event", marks=only_full),
    ],
)
def test_the_operator_is_killed_at_each_thing_it_records(new_world: NewWorld, moment: Moment, operation: str) -> None:
    """In every phase once. What is recorded of the steps decides nothing, so the round goes on all the same."""
    world = new_world(delay=1.5)  # so that labeling outlives the operator
    picked = ours if moment is Moment.BEFORE else done
    with (
        world.operator(supervised=True) as operator,
        world.fault(Cut(moment, operator.kill), first_of_each(thing, lambda seen: picked(seen, operation))) as kill,
    ):
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded", "Failed", seconds=PATIENCE)
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go", PATIENCE)

    assert operator.codes.count(-SIGKILL) == len(kill.met) >= len(PHASES)
    check_ended_right(world)


def test_the_operator_is_killed_at_each_effect_of_a_deletion(new_world: NewWorld) -> None:
    """The labeling job is stopped, and the round goes."""
    world = new_world(answers=None)
    with world.operator(supervised=True) as operator:
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Labeling")
        with (
            world.fault(Cut(Moment.BEFORE, operator.kill), first_of_each(thing, ours)) as before,
            world.fault(Cut(Moment.AFTER, operator.kill), first_of_each(thing, done)) as after,
        ):
            world.delete("pens-1")
            until(lambda: not world.names(), lambda: f"the round is gone; {world.story('pens-1')}", PATIENCE)
            until(lambda: len(after.met) == len(before.met), lambda: f"the last kill has come: {after.met}")

    assert {seen.operation for seen in before.met} == {"StopLabelingJob", "patch labelingrounds"}
    assert {seen.operation for seen in after.met} == {"StopLabelingJob", "patch labelingrounds"}
    until(lambda: [job["LabelingJobStatus"] for job in world.jobs()] == ["Stopped"], "the job has stopped")


@pytest.mark.parametrize("moment", [Moment.BEFORE, Moment.AFTER], ids=["before", "after"])
@pytest.mark.parametrize("number", [pytest.param(number, marks=only_full) for number in EFFECTS])
def test_the_operator_is_killed_once(world: World, number: int, moment: Moment) -> None:
    """At the nth effect, and never again; a round that has fewer is not disturbed at all."""
    where = nth(number, ours if moment is Moment.BEFORE else done)
    with (
        world.operator(supervised=True) as operator,
        world.fault(Cut(moment, operator.kill), where, times=1) as kill,
    ):
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded", "Failed", seconds=PATIENCE)
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go")

    assert operator.codes.count(-SIGKILL) == len(kill.met)
    check_ended_right(world)


def test_the_operator_dies_again_and_again_at_any_moment(world: World) -> None:
    """Whatever it was doing: each life lasts a given number of requests, reads included."""
    lives = sized((9, 21, 33), tuple(range(5, 41, 3)))
    with world.operator(supervised=True) as operator:
        world.apply(world.document())
        for requests in lives:
            with world.fault(Cut(Moment.MIDDLE, operator.kill), nth(requests, lambda _: True), times=1) as kill:
                until(
                    lambda: kill.met or world.status().get("phase") == "Succeeded",
                    lambda: f"the operator is killed; {world.story('pens-1')}",
                )
        world.wait_for_phase("pens-1", "Succeeded", "Failed", seconds=PATIENCE)
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go")

    check_ended_right(world)
