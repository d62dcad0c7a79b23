"""The claim that keeps two rounds, or two conversions, from writing one folder."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import msgspec

from labelround.errors import (
    Conflict,
    ObjectExists,
    ObjectNotFound,
    ObjectTooLarge,
    StorageDenied,
    StorageError,
    StorageFull,
)
from labelround.layout import CLAIM_NAME
from labelround.storage import Folder

LARGEST_CLAIM = 1 << 14
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose folder it is: the uid of a round, and its name for a person."""

    owner: str
    name: str = ""


def read_claim(folder: Folder) -> Claim | None:
    """The claim on a folder; None when there is none. Raises Conflict for one that cannot be read."""
    try:
        content = folder.read(CLAIM_NAME, at_most=LARGEST_CLAIM)
    except ObjectNotFound:
        return None
    except ObjectTooLarge as error:
        raise _foreign(folder, f"its claim cannot be read ({error})") from error
    try:
        return msgspec.json.decode(content, type=Claim)
    except msgspec.DecodeError as error:
        raise _foreign(folder, f"its claim cannot be read ({error})") from error


def check_claim(folder: Folder, owner: str) -> Claim | None:
    """The claim on a folder, which must not be another's. Raises Conflict (PrefixInUse)."""
    claim = read_claim(folder)
    if claim is not None and claim.owner != owner:
        raise _foreign(folder, f"it belongs to {claim.name or claim.owner}")
    return claim


def claim(folder: Folder, owner: str, name: str = "") -> None:
    """Claim a folder, or find it claimed by the same owner. Raises Conflict (PrefixInUse) when it is another's."""
    if check_claim(folder, owner) is not None:
        return
    content = msgspec.json.encode(Claim(owner, name)) + b"\n"
    try:
        folder.write(CLAIM_NAME, content, if_absent=True)
    except ObjectExists:
        check_claim(folder, owner)
    except (StorageDenied, StorageFull):
        raise
    except StorageError as error:
        _log.warning("%s: no conditional writes there (%s); two rounds could claim it at once", folder.uri(), error)
        folder.write(CLAIM_NAME, content)
        check_claim(folder, owner)


def _foreign(folder: Folder, why: str) -> Conflict:
    return Conflict("PrefixInUse", f"{folder.uri()}: {why}; choose another folder")
