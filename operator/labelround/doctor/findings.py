"""What the checks of an installation find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from labelround.errors import LabelroundError


class Level(Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at (`check`), what was found, and what to do about it."""

    level: Level
    check: str
    message: str
    fix: str = ""


def ok(check: str, message: str) -> Finding:
    """It is as it should be."""
    return Finding(Level.OK, check, message)


def warning(check: str, message: str, fix: str = "") -> Finding:
    """A person should look at it, or it could not be checked."""
    return Finding(Level.WARNING, check, message, fix)


def error(check: str, message: str, fix: str = "") -> Finding:
    """It does not work like this."""
    return Finding(Level.ERROR, check, message, fix)


def asked(check: str, what: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of `look`; where it cannot be made, a warning that `what` was not checked."""
    try:
        yield from list(look())
    except LabelroundError as refusal:
        yield warning(check, f"{what} was not checked: {cause(refusal)}")


def cause(refusal: LabelroundError) -> str:
    """Why a request was refused, without what the API server says of the request itself."""
    request, mark, told = str(refusal).partition(" is forbidden: ")
    return told if mark else request
