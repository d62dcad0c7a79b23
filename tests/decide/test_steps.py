"""Where a round can get: never stuck without a person, and never past its end."""

from __future__ import annotations

from collections import defaultdict

from tests.decide.steps import reachable

from labelround.decide import Action, Observation, Reason, decide

FOR_EVER = {Reason.NAME_TAKEN}


def test_every_round_can_come_to_an_end() -> None:
    """From wherever it is; only a name that is somebody else's is lost for good."""
    before: defaultdict[Observation, set[Observation]] = defaultdict(set)
    world = reachable()
    for seen, steps in world.items():
        for step in steps:
            before[step.after].add(seen)
    ending = {seen for seen in world if decide(seen).action in {Action.RECORD_SUCCESS, Action.RECORD_FAILURE}}
    waiting = list(ending)
    while waiting:
        waiting += (news := before[waiting.pop()] - ending)
        ending |= news

    stuck = {seen for seen in world if seen not in ending}

    assert stuck
    assert {decide(seen).reason for seen in stuck if not seen.suspended} == FOR_EVER


def test_what_a_pass_does_is_never_decided_again_at_once() -> None:
    """An effect shows in the next observation: else the same job would be created twice, the same manifest written."""
    effects = {Action.WRITE_MANIFEST, Action.CREATE_JOB, Action.STOP_JOB, Action.START_CONVERSION}
    for seen, steps in reachable().items():
        decision = decide(seen)
        if decision.action in effects:
            after = steps[0].after

            assert decide(after) != decision
