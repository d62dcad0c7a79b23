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
    if not write_once(folder, CLAIM_NAME, msgspec.json.encode(Claim(owner, name)) + b"\n"):
        check_claim(folder, owner)


def write_once(folder: Folder, name: str, content: bytes) -> bool:
    """Write what nobody has written yet; whether this very content is there now.

    On a store without conditional writes it is written and read back, which two at once could both survive.
    """
    try:
        folder.write(name, content, if_absent=True)
    except ObjectExists:
        return _holds(folder, name, content)
    except (StorageDenied, StorageFull):
        raise
    except StorageError as error:
        _log.warning("%s: no conditional writes there (%s); two could claim it at once", folder.uri(name), error)
        if not folder.exists(name):
            folder.write(name, content)
        return _holds(folder, name, content)
    return True


def _holds(folder: Folder, name: str, content: bytes) -> bool:
    try:
        return folder.read(name, at_most=len(content)) == content
    except ObjectTooLarge:
        return False


def _foreign(folder: Folder, why: str) -> Conflict:
    return Conflict("PrefixInUse", f"{folder.uri()}: {why}; choose another folder")
