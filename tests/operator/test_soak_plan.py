"""A soak is planned before it begins, and all of it follows from the seed."""

from __future__ import annotations

from itertools import pairwise

from tests.operator.soak.adversary import OUTAGES
from tests.operator.soak.plan import BLOWS, DEADLY, REPLICAS, STRIKE_SECONDS, WARM_UP, Act, Life, Plan, Verb, plan

NAMES = list(OUTAGES)
FULL_SECONDS = 1200.0


def planned(seed: int = 7, seconds: float = FULL_SECONDS) -> Plan:
    return plan(seed, seconds, NAMES)


def acts() -> tuple[Act, ...]:
    """The acts in which anything goes wrong, of a few seeds."""
    return tuple(act for seed in range(5) for act in planned(seed).acts[1:])


def test_the_same_seed_makes_the_same_plan() -> None:
    """And another one another."""
    first, again, other = planned(), planned(), planned(8)

    assert first == again
    assert first.acts[1:] != other.acts[1:]


def test_a_full_soak_has_all_that_can_happen() -> None:
    """Every life of a round, every outage and every blow."""
    plans = [planned(seed) for seed in range(5)]

    outages = {outage.what for each in plans for act in each.acts for outage in act.outages}
    blows = {blow.what for each in plans for act in each.acts for blow in act.blows}
    whom = {outage.whom for each in plans for act in each.acts for outage in act.outages}

    assert all(set(each.lives.values()) == set(Life) for each in plans)
    assert outages == set(NAMES)
    assert blows == set(BLOWS)
    assert whom == {REPLICAS, (0,), (1,)}


def test_a_round_is_made_before_anything_else_is_done_to_it() -> None:
    """Its user's deeds come in their order, whatever other users do in between."""
    for act in acts():
        for name in act.lives:
            verbs = [deed.verb for deed in act.deeds if deed.name == name]
            assert verbs[0] is Verb.CREATE
            assert len(set(verbs)) == len(verbs)
        assert all(first.at <= second.at for first, second in pairwise(act.deeds))


def test_one_outage_ends_before_the_next_begins() -> None:
    """Each lasts for one to eight seconds."""
    for act in acts():
        assert all(first.at + first.seconds < second.at for first, second in pairwise(act.outages))
        assert all(STRIKE_SECONDS[0] <= outage.seconds <= STRIKE_SECONDS[1] for outage in act.outages)


def test_the_first_act_is_calm_and_the_last_one_can_be_outlived() -> None:
    """So that there is a memory to compare with, and an operator that has lived for long."""
    calm, killed, outlived = planned().acts

    assert (len(calm.lives), calm.outages, calm.blows) == (WARM_UP, (), ())
    assert {blow.what for blow in killed.blows} & DEADLY
    assert not {blow.what for blow in outlived.blows} & DEADLY
