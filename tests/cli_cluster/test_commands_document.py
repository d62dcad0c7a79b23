"""docs/commands.md against the commands that it describes."""

from __future__ import annotations

import re
from pathlib import Path

import click
from tests.cli_cluster.installations import OPERATOR_NAMESPACE, installed, watch
from tests.cli_cluster.shown_rounds import NOW, ago, labeling, round_of, succeeded

from labelround.cli.doctor import finding_lines
from labelround.cli.main import COMMANDS, cli
from labelround.cli.roundtable import round_table
from labelround.cli.story import story
from labelround.doctor import Scope, examine

DOCUMENT = (Path(__file__).parents[2] / "docs" / "commands.md").read_text("utf-8")
ON_A_CLUSTER = ("status", "wait", "cancel", "logs", "doctor")
SHARED = {"--namespace", "--context", "--kubeconfig", "--output", "--poll-seconds", "--help"}


def blocks() -> list[str]:
    """What is shown of the commands' output."""
    return re.findall(r"^```text\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


def test_the_table_and_the_story_are_what_the_commands_print() -> None:
    """To the last space."""
    rounds = [round_of(labeling()), round_of(succeeded(), name="pens-2")]
    event = {"type": "Normal", "reason": "Labeling", "message": "labeling has begun", "lastTimestamp": ago(minutes=5)}

    table = round_table(rounds, NOW, namespaces=False)
    told = list(story(rounds[0], [event], NOW))

    assert blocks()[0].splitlines() == table
    assert blocks()[1].splitlines() == told


def test_the_doctors_lines_are_what_it_prints() -> None:
    """Some of them, for an installation without an operator."""
    found = examine(installed(minor="37"), Scope(operator_namespace=OPERATOR_NAMESPACE), watch())

    told = [line for finding in found for line in finding_lines(finding)]

    assert set(blocks()[2].splitlines()) <= set(told)


def test_every_command_has_its_section_and_its_row() -> None:
    """In the order of `labelround --help`."""
    assert re.findall(r"^## (\w+)$", DOCUMENT, re.MULTILINE) == list(ON_A_CLUSTER)
    assert re.findall(r"^\| `labelround (\w+)", DOCUMENT, re.MULTILINE) == list(ON_A_CLUSTER)
    assert [name for name in COMMANDS if name in ON_A_CLUSTER] == list(ON_A_CLUSTER)


def test_every_option_is_told() -> None:
    """By one of its names."""
    options = [
        option
        for name in ON_A_CLUSTER
        if (command := cli.get_command(click.Context(cli), name)) is not None
        for option in command.params
        if isinstance(option, click.Option) and not SHARED & set(option.opts)
    ]

    untold = [option.opts for option in options if not any(name in DOCUMENT for name in option.opts)]

    assert len(options) > 10
    assert untold == []
