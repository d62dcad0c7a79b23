"""Lengths of time, as they are typed and as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from labelround.cli.durations import seconds, shown, since

OPTION = click.Option(["--timeout"])
CONTEXT = click.Context(click.Command("wait"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("90", 90), ("0", 0), ("1.5", 1.5), ("90s", 90), ("45m", 2700), ("3h", 10800), ("2d", 172800), ("1h30m", 5400)],
)
def test_a_length_is_typed_as_a_number_or_with_units(typed: str, meant: float) -> None:
    """As Go and kubectl take them, and days besides."""
    assert seconds(CONTEXT, OPTION, typed) == meant


@pytest.mark.parametrize("typed", ["", "h", "3 h", "-1s", "3w", "1h30", "tomorrow"])
def test_anything_else_is_refused_with_examples(typed: str) -> None:
    """A usage error, since a wrong wait would end at the wrong time."""
    with pytest.raises(click.BadParameter, match="write 90s, 45m, 3h"):
        seconds(CONTEXT, OPTION, typed)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (600, "10m"), (3 * 3600 - 1, "179m"),
        (3 * 3600, "3h"), (5 * 3600 + 1800, "5h30m"), (47 * 3600, "47h"), (50 * 3600, "2d2h"), (9 * 86400, "9d"),
        (800 * 86400, "2y70d"),
    ],
)  # fmt: skip
def test_a_length_is_shown_as_kubectl_shows_ages(length: float, text: str) -> None:
    """Coarser as it grows."""
    assert shown(length) == text


def test_a_time_that_is_none_is_a_question_mark() -> None:
    """Nothing of a status is certain to be there."""
    now = datetime(2026, 11, 25, tzinfo=UTC)

    ages = [since(text, now) for text in ("2026-11-24T23:00:00Z", "2026-11-24T23:59:00.123456Z", "", "soon")]

    assert ages == ["60m", "59s", "?", "?"]
