"""The advice for each reason: one table in the code, the same in the docs, and none missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from labelround.advice import FAILED, STALLED
from labelround.decide import Action
from labelround.status import PHASES

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "operator" / "labelround"
NO_PART_OF_A_ROUND = ("cli", "cluster", "server", "team.py", "cors.py", "dataset/pull", "checks")
"""Who raises Conflicts that never reach a round's conditions."""


def documented(heading: str) -> list[tuple[str, str]]:
    """A table of docs/states.md; a link is written as the file it leads to."""
    section = (REPOSITORY / "docs/states.md").read_text("utf-8").split(f"## {heading}\n", 1)[1]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section.split("\n## ", 1)[0], re.MULTILINE)
    return [(reason, re.sub(r"\[[^]]*\]\(([^)]*)\)", r"docs/\1", what)) for reason, what in rows]


def trees() -> list[ast.Module]:
    """The modules that a pass may run."""
    paths = (path.relative_to(PACKAGE).as_posix() for path in sorted(PACKAGE.rglob("*.py")))
    own = [path for path in paths if not path.startswith(NO_PART_OF_A_ROUND)]
    return [ast.parse((PACKAGE / path).read_text("utf-8")) for path in own]


def constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The words that a module gives names to."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield from ((target.id, str(node.value.value)) for target in node.targets if isinstance(target, ast.Name))


def conflicts(tree: ast.Module, words: Mapping[str, str]) -> Iterator[str]:
    """The reasons of the Conflicts that a module raises: words, or the names of words."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Conflict":
            reason = node.args[0]
            if isinstance(reason, ast.Constant):
                yield str(reason.value)
            elif isinstance(reason, ast.Name) and reason.id in words:
                yield words[reason.id]


def test_the_docs_give_the_same_advice() -> None:
    """Word by word, in the same order; of the ends, a success is not told twice."""
    assert documented("Reasons that need a person") == list(STALLED.items())
    assert documented("Reasons of an end")[1:] == list(FAILED.items())


def test_every_reason_that_stalls_a_round_has_advice() -> None:
    """What a decision stalls on, and every Conflict that a pass can meet."""
    modules = trees()
    words = dict(pair for tree in modules for pair in constants(tree))
    decided = {reason.value for action, reason in PHASES if action is Action.STALL}

    met = decided.union(*(conflicts(tree, words) for tree in modules))

    assert met >= {"NameTaken", "PrefixInUse", "AccessDenied", "NotAllowed"}
    assert met - STALLED.keys() == set()


def test_every_reason_of_a_failure_has_advice() -> None:
    """What a decision gives a round up for."""
    decided = {reason.value for action, reason in PHASES if action is Action.RECORD_FAILURE}

    assert decided == FAILED.keys()
