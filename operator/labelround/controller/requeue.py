"""When a round is looked at again, as a pure function of what a pass came to."""

from __future__ import annotations

from dataclasses import dataclass

from labelround.decide import Action, Reason
from labelround.reconcile import Result
from labelround.trouble import needs_a_person

STARTING_SECONDS = 1.0
CONVERTING_SECONDS = 15.0
QUEUED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Again:
    """Look again after `seconds`; with `growing`, after ever longer pauses up to `seconds`.

    `unavailable` says that a service has to come back first.
    """

    seconds: float
    growing: bool = False
    unavailable: bool = False


AT_ONCE = Again(0.0)


def again(result: Result, *, resync: float, longest_retry: float) -> Again | None:
    """When to look again; None when nothing but a change of the object is worth a look.

    A change of the object, and for labeling a change of the job, makes it earlier; `resync` is a slow look anyway.
    """
    if result.error is not None or result.decision is None:
        passing = result.error is not None and not needs_a_person(result.error)
        return Again(longest_retry, growing=True, unavailable=passing)
    match result.decision.action, result.decision.reason:
        case Action.NOTHING, _:
            return None
        case Action.START_CONVERSION | Action.STOP_JOB, _:  # what was asked for shows a moment later
            return Again(STARTING_SECONDS)
        case Action.WAIT, Reason.CONVERTING:
            return Again(CONVERTING_SECONDS, growing=True)
        case Action.WAIT, Reason.CONVERSION_QUEUED:
            return Again(QUEUED_SECONDS, growing=True)
        case Action.WAIT, _:
            return Again(resync)
    return AT_ONCE
