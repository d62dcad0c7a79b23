"""When a round is looked at again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from labelround.controller.requeue import AT_ONCE, CONVERTING_SECONDS, QUEUED_SECONDS, STARTING_SECONDS, Again, again
from labelround.decide import Action, Decision, Reason
from labelround.errors import Conflict, LabelroundError, Unavailable
from labelround.reconcile import Result
from labelround.status import PHASES

RESYNC, LONGEST = 3600.0, 300.0


@dataclass(frozen=True)
class Row:
    """What a pass came to, and when the next one follows."""

    decision: Decision | None
    error: LabelroundError | None
    expected: Again | None


ROWS = {
    "a step that was taken is followed at once": Row(
        Decision(Action.CREATE_JOB, Reason.CREATING_JOBS), None, AT_ONCE
    ),
    "a job that was told to stop may not show it yet, and is not asked all the time": Row(
        Decision(Action.STOP_JOB, Reason.STOPPING), None, Again(STARTING_SECONDS)
    ),
    "labeling is waited for by the poller": Row(Decision(Action.WAIT, Reason.LABELING), None, Again(RESYNC)),
    "a suspended round waits for its object to change": Row(
        Decision(Action.WAIT, Reason.SUSPENDED), None, Again(RESYNC)
    ),
    "a conversion is looked at often": Row(
        Decision(Action.WAIT, Reason.CONVERTING), None, Again(CONVERTING_SECONDS, growing=True)
    ),
    "a queued conversion is looked at now and then": Row(
        Decision(Action.WAIT, Reason.CONVERSION_QUEUED), None, Again(QUEUED_SECONDS, growing=True)
    ),
    "a service that is away is asked ever less often": Row(
        Decision(Action.CREATE_JOB, Reason.CREATING_JOBS),
        Unavailable("away"),
        Again(LONGEST, growing=True, unavailable=True),
    ),
    "a stalled round may have been mended": Row(None, Conflict("NotAllowed", "no"), Again(LONGEST, growing=True)),
    "an ended round is left alone": Row(Decision(Action.NOTHING, Reason.FINISHED), None, None),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_next_pass_follows_from_what_this_one_came_to(row: Row) -> None:
    """One table for all outcomes."""
    result = Result({}, row.decision, row.error)

    assert again(result, resync=RESYNC, longest_retry=LONGEST) == row.expected


@pytest.mark.parametrize(("action", "reason"), PHASES)
def test_no_active_round_is_ever_left_without_a_next_look(action: Action, reason: Reason) -> None:
    """Whatever event is lost."""
    result = Result({}, Decision(action, reason))

    assert again(result, resync=RESYNC, longest_retry=LONGEST) is not None
