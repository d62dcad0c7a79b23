"""How a person reads back what stands in a document."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any


def closest(name: str, names: Iterable[str]) -> str:
    """The name that was probably meant, whatever its case, or an empty string."""
    folded = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return folded[close[0]] if close else ""


def described(value: Any) -> str:
    """What a person wrote, and what YAML made of it."""
    if value is None:
        return "is empty"
    if isinstance(value, bool):
        return f"is {str(value).lower()}, a boolean"
    if isinstance(value, int | float):
        return f"is {value}, a number"
    if isinstance(value, date):
        return f"is {value}, a date"
    if isinstance(value, str):
        return f'is "{value[:60]}", a text'
    if isinstance(value, list | tuple):
        return "is a list"
    return "is a mapping" if isinstance(value, Mapping) else f"is of type {type(value).__name__}"


def as_text(value: Any) -> str:
    """How to turn what was written into a text."""
    return "write it in quotes" if isinstance(value, bool | int | float | date) else "write a text"


def printable(text: str) -> str:
    """`text` with escapes for what a terminal would not show, or would obey."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
