"""The advice of the commands is that of docs/states.md, whose tables have a row for every reason."""

from __future__ import annotations

import re
from pathlib import Path

from labelround.advice import FAILED, STALLED, advice

DOCUMENT = (Path(__file__).parents[2] / "docs" / "states.md").read_text("utf-8")


def documented(heading: str) -> list[tuple[str, str]]:
    """The rows of a table; a link is written as the file it leads to."""
    section = DOCUMENT.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    return [(reason, re.sub(r"\[[^]]*\]\(([^)]*)\)", r"docs/\1", what)) for reason, what in rows]


def test_the_docs_give_the_same_advice() -> None:
    """Word by word, in the same order; of the ends, a success needs none."""
    assert documented("Reasons that need a person") == list(STALLED.items())
    assert documented("Reasons of an end")[1:] == list(FAILED.items())


def test_a_reason_that_needs_nobody_has_no_advice() -> None:
    """Nor has one that only a newer operator knows."""
    assert [advice(reason) for reason in ("Labeling", "SomethingNew", "")] == ["", "", ""]
