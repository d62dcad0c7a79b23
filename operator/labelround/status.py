"""The status of a round: a pure function of what a pass saw, decided and met, and of what was known before.

A pass in which nothing happened gives the same status again, to the byte. A pass that could not look keeps what was
known and tells its trouble alone. Nothing of it is read back to decide, but for the end of a round, which is final.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from labelround.conditions import (
    WAY,
    Condition,
    ConditionType,
    Phase,
    kept,
    recorded,
    rfc3339,
    story_of_decision,
    story_of_error,
    summary,
    unknown_way,
    way,
    with_times,
)
from labelround.decide import Action, Decision, Reason
from labelround.errors import LabelroundError
from labelround.facts import FACTS, MOVING, estimated_completion, facts
from labelround.observe import Snapshot
from labelround.trouble import needs_a_person

PHASES: dict[tuple[Action, Reason], Phase] = {
    (Action.WAIT, Reason.SUSPENDED): Phase.SUSPENDED,
    (Action.WAIT, Reason.CONVERSION_QUEUED): Phase.QUEUED,
    (Action.WAIT, Reason.CONVERTING): Phase.CONVERTING,
    (Action.WAIT, Reason.LABELING): Phase.LABELING,
    (Action.WAIT, Reason.STOPPING): Phase.LABELING,
    (Action.STOP_JOB, Reason.STOPPING): Phase.LABELING,
    (Action.STALL, Reason.NAME_TAKEN): Phase.STALLED,
    (Action.STALL, Reason.ADOPTED_JOB_NOT_FOUND): Phase.STALLED,
    (Action.STALL, Reason.CONVERSION_BLOCKED): Phase.STALLED,
    (Action.STALL, Reason.HELD): Phase.STALLED,
    (Action.WRITE_MANIFEST, Reason.PREPARING): Phase.PREPARING,
    (Action.WRITE_MANIFEST, Reason.FOLLOW_UP): Phase.LABELING,
    (Action.CREATE_JOB, Reason.CREATING_JOBS): Phase.PREPARING,
    (Action.START_CONVERSION, Reason.CONVERTING): Phase.CONVERTING,
    (Action.RECORD_SUCCESS, Reason.CONVERTED): Phase.SUCCEEDED,
    (Action.RECORD_FAILURE, Reason.NOTHING_LABELED): Phase.FAILED,
    (Action.RECORD_FAILURE, Reason.LABELING_FAILED): Phase.FAILED,
    (Action.RECORD_FAILURE, Reason.CONVERSION_FAILED): Phase.FAILED,
}


def is_finished(status: Mapping[str, Any]) -> bool:
    """Whether the recorded end of the round is there: `Succeeded` is True or False, no longer Unknown."""
    return any(
        condition["type"] == ConditionType.SUCCEEDED.value and condition["status"] != "Unknown"
        for condition in status.get("conditions", ())
    )


def is_succeeded(status: Mapping[str, Any]) -> bool:
    """Whether the recorded end of the round is a success."""
    return status.get("phase") == Phase.SUCCEEDED.value and is_finished(status)


def at_generation(status: Mapping[str, Any], generation: int) -> Mapping[str, Any]:
    """The recorded end of a round, said of a later generation: what of a spec may change then changes no end."""
    if status.get("observedGeneration") == generation:
        return status
    conditions = [{**each, "observedGeneration": generation} for each in status.get("conditions", ())]
    return {**status, "observedGeneration": generation, "conditions": conditions}


def unobserved_status(
    generation: int, error: LabelroundError, previous: Mapping[str, Any], now: datetime, *, suspended: bool = False
) -> dict[str, Any]:
    """The status after a pass that could not look at the world: what was known, and the trouble."""
    phase = _phase_unobserved(error, previous, suspended=suspended)
    story = kept(story_of_error(error), previous, error)
    known = [recorded(previous, kind) for kind in WAY]
    before = known if all(known) else with_times(unknown_way(), {}, generation, now)
    return {
        **previous,
        "observedGeneration": generation,
        "phase": phase.value,
        "startTime": previous.get("startTime", rfc3339(now)),
        "lastProgressTime": previous.get("lastProgressTime", rfc3339(now)),
        "conditions": [*before, *with_times(summary(phase, story), previous, generation, now)],
    }


def round_status(
    snapshot: Snapshot,
    decision: Decision,
    error: LabelroundError | None,
    previous: Mapping[str, Any],
    now: datetime,
    portal_url: str,
) -> dict[str, Any]:
    """The status after a pass that looked, and decided; `error` is what it met when it acted."""
    phase = Phase.STALLED if error and needs_a_person(error) else PHASES[decision.action, decision.reason]
    known = facts(snapshot, previous, portal_url)
    moved = any(known.get(name) != previous.get(name) for name in MOVING)
    status: dict[str, Any] = {
        "observedGeneration": snapshot.round.generation,
        "phase": phase.value,
        "startTime": previous.get("startTime", rfc3339(now)),
        "lastProgressTime": rfc3339(now) if moved else previous.get("lastProgressTime", rfc3339(now)),
    }
    if phase.is_final:
        status["completionTime"] = rfc3339(now)
    elif estimate := estimated_completion(snapshot, known.get("images", {}), previous, now):
        status["estimatedCompletionTime"] = estimate
    status |= known
    seen = _conditions(snapshot, phase, decision, error, previous, status)
    status["conditions"] = with_times(seen, previous, snapshot.round.generation, now)
    return status


def _phase_unobserved(error: LabelroundError, previous: Mapping[str, Any], *, suspended: bool) -> Phase:
    """The phase that was shown last, unless its cause is gone."""
    if needs_a_person(error):
        return Phase.STALLED
    if suspended:
        return Phase.SUSPENDED
    known = Phase(previous.get("phase", Phase.PENDING.value))
    return known if known.is_active else Phase.PENDING


def _conditions(
    snapshot: Snapshot,
    phase: Phase,
    decision: Decision,
    error: LabelroundError | None,
    previous: Mapping[str, Any],
    status: Mapping[str, Any],
) -> list[Condition]:
    """All six. A message that says nothing new stays as it was; progress is always new."""
    story = story_of_decision(snapshot, decision, status) if error is None else story_of_error(error)
    if error is not None or all(status.get(name) == previous.get(name) for name in (*FACTS, "estimatedCompletionTime")):
        story = kept(story, previous, error)
    return [*way(snapshot, status, story), *summary(phase, story)]
