"""docs/states.md against the code it describes."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

from tests.decide.diagram import diagram, edges
from tests.decide.steps import reachable
from tests.round.reasons import given_reasons
from tests.round.test_troubles import TROUBLES

from labelround.conditions import ConditionType, Phase
from labelround.decide import Action, ConversionState, JobObservation, Observation, decide
from labelround.groundtruth.api import JobStatus
from labelround.status import PHASES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")
NEEDS_A_PERSON, NEEDS_NOBODY, OF_AN_END, OF_A_COMMAND = (
    "## Reasons that need a person",
    "## Reasons that need nobody",
    "## Reasons of an end",
    "## Reasons of a command alone",
)


def rows_under(heading: str) -> list[str]:
    """The first cells of the first table after a heading, without code marks."""
    section = DOCUMENT.split(heading, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def decided(*actions: Action) -> set[str]:
    """The reasons of decisions with these actions."""
    return {reason.value for action, reason in PHASES if action in actions}


def test_every_phase_has_its_row_and_no_other_word_does() -> None:
    """The table of phases is the enum, in its order."""
    assert rows_under("# States of a round") == [phase.value for phase in Phase]


def test_every_condition_has_its_row() -> None:
    """The table of conditions is the enum, in its order."""
    assert rows_under("## Conditions") == [condition.value for condition in ConditionType]


def test_every_decision_has_a_phase() -> None:
    """A rung that gives a new pair of action and reason must say how it is shown."""
    jobs = [
        (JobObservation("a", status, 10, labeled, ours=ours, adopted=adopted),)
        for status, labeled, ours, adopted in product((None, *JobStatus), (0, 4, 10), (True, False), (True, False))
    ]
    conversions = [*((state, "") for state in ConversionState), (ConversionState.DONE, "too few")]
    flags = product((True, False), (True, False), (True, False), [(), *jobs], (0, 3), (0, 1), conversions)

    decisions = {
        (decision.action, decision.reason)
        for suspended, stop, manifest, some, before, left, (conversion, held) in flags
        if (
            decision := decide(Observation(False, suspended, stop, manifest, some, before, left, conversion, held=held))
        )
    }

    assert decisions == set(PHASES)
    assert Action.NOTHING not in {action for action, _ in decisions}


def test_every_decision_comes_about_in_the_model_that_the_diagram_is_made_from() -> None:
    """Else the diagram would lack its edges."""
    decisions = {(decision.action, decision.reason) for decision in map(decide, reachable())}

    assert decisions == set(PHASES)


def test_the_diagram_is_the_one_made_from_the_decisions() -> None:
    """Run `python -m tests.decide.diagram` after a change, and put it there."""
    drawn = DOCUMENT.split("```mermaid\n", 1)[1].split("\n```", 1)[0]

    assert drawn == diagram()


def test_every_phase_that_is_not_final_leads_to_suspended_as_the_note_says() -> None:
    """Pending, where nothing is known, is no exception: the next pass knows."""
    known = [phase for phase in Phase if not phase.is_final and phase not in {Phase.PENDING, Phase.SUSPENDED}]

    assert [phase for phase in known if (phase, Phase.SUSPENDED) in edges()] == known
    assert [phase for phase in known if (Phase.SUSPENDED, phase) in edges()] == known


def test_every_reason_that_a_person_has_to_see_to_has_a_row() -> None:
    """Those that a decision stalls on, those of every Conflict in the source, and those of other troubles."""
    troubles = {reason for _, reason, stalls in TROUBLES.values() if stalls}
    needed = decided(Action.STALL) | given_reasons("Conflict", 0).keys() | troubles

    rows = rows_under(NEEDS_A_PERSON) + rows_under(OF_A_COMMAND)

    assert set(rows) == needed
    assert len(rows) == len(needed)


def test_every_reason_that_passes_by_itself_has_a_row() -> None:
    """What is done or waited for, and the troubles that may go away."""
    actions = (Action.WAIT, Action.WRITE_MANIFEST, Action.CREATE_JOB, Action.STOP_JOB, Action.START_CONVERSION)
    troubles = {reason for _, reason, stalls in TROUBLES.values() if not stalls}

    assert set(rows_under(NEEDS_NOBODY)) == decided(*actions) | troubles | given_reasons("Unavailable", 1).keys()


def test_every_reason_of_an_end_has_a_row() -> None:
    """In success and in failure."""
    assert set(rows_under(OF_AN_END)) == decided(Action.RECORD_SUCCESS, Action.RECORD_FAILURE)
