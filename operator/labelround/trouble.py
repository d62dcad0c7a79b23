"""What an error means for its round: a word for it, whether a person is needed, whether it was told already."""

from __future__ import annotations

import re

from labelround.errors import (
    Conflict,
    Failed,
    InvalidInput,
    LabelroundError,
    ObjectNotFound,
    StorageDenied,
    StorageError,
    Unavailable,
)

COMPARED_LENGTH = 512

_IDS = re.compile(
    r"<HostId>[^<]*"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*Z?"
    r"|\b(?=\w*\d)[0-9A-Za-z]{16,}\b",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"\b[0-9a-f]*\d[0-9a-f]*\b|\d+", re.IGNORECASE)


def reason_of(error: LabelroundError) -> str:
    """The condition reason for an error; `docs/states.md` says what to do about each."""
    match error:
        case Conflict() | Unavailable():
            return error.reason
        case InvalidInput():
            return "InvalidInput"
        case StorageDenied():
            return "AccessDenied"
        case ObjectNotFound():
            return "ObjectNotFound"
        case StorageError():
            return "StorageUnavailable"
        case Failed():
            return "Refused"
    return "ServiceUnavailable"


def needs_a_person(error: LabelroundError) -> bool:
    """Whether trying again cannot help before somebody has done something.

    Other troubles of a storage than these may pass: a full disk, a server that answers nonsense for a while.
    """
    if isinstance(error, StorageError):
        return isinstance(error, StorageDenied | ObjectNotFound)
    return isinstance(error, Conflict | InvalidInput | Failed)


def is_same_cause(known: str, told: str, error: LabelroundError | None) -> bool:
    """Whether two messages differ only in what says nothing new: ids of requests, times, and numbers of attempts.

    What a person mends is compared with its numbers: line 18 is another problem than line 17. Of a message that was
    cut short only the beginning is compared.
    """
    numbers = error is None or not needs_a_person(error)
    return _bare(known, numbers=numbers) == _bare(told, numbers=numbers)


def _bare(text: str, *, numbers: bool) -> str:
    bare = _IDS.sub("#", text[: 2 * COMPARED_LENGTH])
    bare = _NUMBERS.sub("#", bare) if numbers else bare
    return bare if len(text) < 2 * COMPARED_LENGTH else bare[:COMPARED_LENGTH]
