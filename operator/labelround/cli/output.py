"""Results on stdout: a table for people, JSON or YAML for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def output_option(command: Command) -> Command:
    """Add `-o/--output`: table, json or yaml."""
    choices = click.Choice(["table", "json", "yaml"])
    return click.option("-o", "--output", type=choices, default="table", show_default=True, help="How to print.")(
        command
    )


def show(document: Any, lines: Iterable[str], output: str) -> None:
    """Print `document` as JSON or YAML, or `lines` for a table."""
    if output == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    elif output == "yaml":
        import yaml

        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), nl=False)
    else:
        for line in lines:
            click.echo(line)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Left-aligned columns, two spaces apart."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]
