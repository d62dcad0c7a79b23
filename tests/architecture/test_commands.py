"""The table of commands in cli/main.py, from which `labelround --help` is printed without loading any of them."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from labelround.cli.main import COMMANDS, cli


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_name_and_the_line_of_help_that_the_table_gives(name: str) -> None:
    """The table repeats what the command says of itself; here it cannot drift."""
    line = COMMANDS[name][2]

    found = command(name)

    assert found.name == name
    assert found.get_short_help_str(limit=200).rstrip(".") == line.rstrip(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_subcommand_explains_itself_and_its_options(name: str) -> None:
    """`--help` works for each, and no option is without a word of help or a telling name."""
    found = command(name)

    subcommands = list(found.commands) if isinstance(found, click.Group) else []
    for arguments in ([name], *([name, sub] for sub in subcommands)):
        result = CliRunner().invoke(cli, [*arguments, "--help"])

        assert result.exit_code == 0
        assert result.output.startswith(f"Usage: cli {' '.join(arguments)}")
