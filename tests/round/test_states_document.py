"""docs/states.md against the code it describes."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

from labelround.conditions import ConditionType, Phase
from labelround.decide import Action, ConversionState, JobObservation, Observation, decide
from labelround.groundtruth.api import JobStatus
from labelround.status import PHASES

DOCUMENT = (Path(__file__).parents[2] / "docs" / "states.md").read_text(encoding="utf-8")


def rows_under(heading: str) -> list[str]:
    """The first cells of the first table after a heading, without code marks."""
    section = DOCUMENT.split(heading, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


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
    flags = product((True, False), (True, False), (True, False), [(), *jobs], (0, 3), (0, 1), ConversionState)

    decisions = {
        (decision.action, decision.reason)
        for suspended, stop, manifest, some, before, left, conversion in flags
        if (decision := decide(Observation(False, suspended, stop, manifest, some, before, left, conversion)))
    }

    assert decisions == set(PHASES)
    assert Action.NOTHING not in {action for action, _ in decisions}
