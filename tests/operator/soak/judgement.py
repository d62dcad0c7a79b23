"""Whether every round of a soak ended as its life has it, and each effect happened once. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.operator.soak.evidence import Evidence
from tests.operator.soak.plan import Life
from tests.operator.soak.users import TWIN

from labelround.cluster.api import Object
from labelround.controller.deletion import FINALIZER

GONE = frozenset({Life.DELETED, Life.SHORT})
OVER = ("Completed", "Stopped", "Failed")
STOPPED = ("DatasetReady", "NothingLabeled")


def unfinished(lives: Mapping[str, Life], rounds: Mapping[str, Object]) -> list[str]:
    """The rounds that are not yet where they have to end, with what they are instead."""
    return [wrong for name, life in lives.items() for wrong in _unfinished(name, life, rounds)]


def problems(lives: Mapping[str, Life], uids: Mapping[str, Sequence[str]], evidence: Evidence) -> list[str]:
    """All that is wrong, of every round, by name. `uids` are those of all rounds that ever were, in order."""
    found = [*unfinished(lives, evidence.rounds), *_made_twice(evidence.created)]
    found += [f"labeling jobs of nobody: {jobs}" for uid, jobs in evidence.jobs.items() if uid not in _all(uids)]
    for name, known in uids.items():
        for uid in known:
            found += [f"{name}: {wrong}" for wrong in _of_any_round(name, uid, evidence)]
        round = evidence.rounds.get(name)
        if round is not None and phase(round) == "Succeeded":
            found += [f"{name}: {wrong}" for wrong in _of_a_success(name, round, evidence)]
    return found


def _all(uids: Mapping[str, Sequence[str]]) -> set[str]:
    return {uid for known in uids.values() for uid in known}


def phase(round: Object) -> str:
    return str((round.get("status") or {}).get("phase", "none"))


def end_of(round: Object | None) -> str:
    """How a round is, in a word or two for a table."""
    if round is None:
        return "gone"
    return phase(round) if phase(round) == "Succeeded" else f"{phase(round)}, {_reason(round)}"


def _unfinished(name: str, life: Life, rounds: Mapping[str, Object]) -> Iterator[str]:
    if life is Life.TWINS:
        ends = sorted(end_of(rounds.get(each)) for each in (name, name + TWIN))
        if ends != ["Stalled, PrefixInUse", "Succeeded"] or any(_held(rounds[each]) for each in (name, name + TWIN)):
            yield f"{name} and its twin: {' and '.join(ends)}"
        return
    round = rounds.get(name)
    if life in GONE:
        if round is not None:
            yield f"{name} ({life.value}) is still there: {end_of(round)}"
    elif round is None:
        yield f"{name} ({life.value}) is not there"
    elif not _has_ended(life, round):
        yield f"{name} ({life.value}): {end_of(round)}"
    elif _held(round):
        yield f"{name} ({life.value}): {end_of(round)}, and not let go"


def _has_ended(life: Life, round: Object) -> bool:
    if life is Life.REFUSED:
        return end_of(round) == "Stalled, NotAllowed"
    if life is Life.STOPPED:
        return phase(round) in {"Succeeded", "Failed"} and _reason(round) in STOPPED
    return phase(round) == "Succeeded"


def _held(round: Object) -> bool:
    """Whether the operator still holds a round that is over for it. One that waits for its folder has to be held."""
    return phase(round) != "Stalled" and FINALIZER in (round["metadata"].get("finalizers") or ())


def _of_any_round(name: str, uid: str, evidence: Evidence) -> Iterator[str]:
    """What must not be, whatever became of the round.

    An Event may be told again, or too late, when the status that it belongs to could not be written, because a user or,
    for a moment, another leader changed the round just then.
    """
    for job in evidence.jobs.get(uid, ()):
        if job["LabelingJobStatus"] not in OVER:
            yield f"its labeling job {job['LabelingJobName']} is {job['LabelingJobStatus']}"
    told = [(event["type"], event["reason"], event["message"]) for event in evidence.events.get(uid, ())]
    again = [first for first, second in pairwise(told) if first == second]
    if len(again) > evidence.overtaken.get(name, 0):
        yield f"told twice in a row: {again}"
    for _, reason, message in told:
        if reason == "LabelingJobsLeft":
            yield message


def _of_a_success(name: str, round: Object, evidence: Evidence) -> Iterator[str]:
    uid, status = round["metadata"]["uid"], round["status"]
    planned = sorted(job["name"] for job in status["labelingJobs"])
    ours = sorted(job["LabelingJobName"] for job in evidence.jobs.get(uid, ()))
    if planned != ours:
        yield f"its labeling jobs are {ours}, and its status says {planned}"
    owned = evidence.conversions.get(uid, ())
    if [job["status"].get("succeeded") for job in owned] != [1]:
        yield f"its conversions are {[(job['metadata']['name'], job['status']) for job in owned]}"
    else:
        ends = [pod["status"].get("phase") for pod in evidence.pods.get(owned[0]["metadata"]["uid"], ())]
        if ends.count("Succeeded") != 1 or set(ends) - {"Succeeded", "Failed"}:
            yield f"the pods of its conversion ended as {ends}"
    told = [event["reason"] for event in evidence.events.get(uid, ())]
    late = told[::-1].index("DatasetReady") if "DatasetReady" in told else len(told)
    if late > evidence.overtaken.get(name, 0) and uid not in evidence.untold:
        yield f"its last Event is none of its success: {told}"


def _made_twice(created: Mapping[str, int]) -> Iterator[str]:
    for name, times in created.items():
        if times > 1:
            yield f"the labeling job {name} was made {times} times"


def posted_too_often(posted: Mapping[str, int], mended: Mapping[str, int]) -> list[str]:
    """Jobs that were made more often than once and once more for each time that a person has deleted them."""
    return [
        f"the Job {name} was made {times} times" for name, times in posted.items() if times > 1 + mended.get(name, 0)
    ]


def _reason(round: Object) -> str:
    conditions: Sequence[Mapping[str, Any]] = (round.get("status") or {}).get("conditions", ())
    return next((str(each["reason"]) for each in conditions if each["type"] == "Succeeded"), "")
