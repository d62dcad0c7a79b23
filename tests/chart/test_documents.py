"""The pages about installing, upgrading and what may go wrong, held against what they speak of."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.helm import REPOSITORY, VALUES

INSTALL = (REPOSITORY / "docs" / "install.md").read_text("utf-8")
THREATS = (REPOSITORY / "docs" / "threat-model.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", THREATS)
ROWS = re.findall(r"^\| (?!threat|---)(.+) \|$", THREATS.split("## What could go wrong")[1], re.MULTILINE)


def functions_in(file: Path) -> set[str]:
    """The tests that a file holds."""
    content = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(content) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda value: value)
def test_a_test_that_the_threat_model_names_is_there(file: str, name: str) -> None:
    """A control whose test is gone is a claim."""
    assert name.startswith("test_")
    assert name in functions_in(REPOSITORY / file)


def test_every_threat_has_a_control_and_a_test() -> None:
    """In its row."""
    assert len(ROWS) > 20
    assert [
        row for row in ROWS if len(row.split(" | ")) != 3 or not re.search(r"`tests/[\w/]+\.py::test_\w+`", row)
    ] == []


def test_the_values_of_the_pages_are_those_that_tests_install() -> None:
    """A block is one of the sets of values, or a part of one."""
    known = [yaml.safe_load(file.read_text("utf-8")) for file in VALUES.values()]
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", INSTALL, re.DOTALL)]

    assert len(blocks) == 2
    assert blocks[0] in known
    for block in blocks:
        assert any(_holds(values, block) for values in known), block


def _holds(whole: Any, part: Any) -> bool:
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and _holds(whole[name], value) for name, value in part.items())
    return bool(whole == part)


@pytest.mark.parametrize("page", ["install.md", "upgrade.md"])
def test_the_files_that_commands_name_are_there(page: str) -> None:
    """Whoever types them from the repository finds them."""
    text = (REPOSITORY / "docs" / page).read_text("utf-8")
    commands = "\n".join(re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE))

    named = set(re.findall(r"(?:file://)?((?:examples|charts|deploy)/[\w./-]+)", commands))

    assert {name for name in named if not (REPOSITORY / name).exists()} == set()
