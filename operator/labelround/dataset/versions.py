"""A dataset that grows: versions that never change, below one folder that always leads to the newest.

::

    .labelround-claim.json     whose folder it is
    index.json                 which version is the newest, and which are kept
    versions/000002.json       the record of a version: with it, and not before, the version is there
    versions/000002-5f3a9c10/  the version: a whole dataset

A record is written once and never again, so of two who make a version with the same number one wins. The index follows
it, and may lag behind by what was interrupted; whoever reads it looks for records beyond.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from labelround.dataset.claim import write_once
from labelround.dataset.formats import REPORT
from labelround.errors import ObjectNotFound, ObjectTooLarge
from labelround.parallel import in_threads
from labelround.storage import Folder

INDEX = "index.json"
VERSIONS = "versions"
LAYOUT = 1
TOKEN_BYTES = 4
LARGEST_INDEX = 1 << 26
"""In bytes, several times what a hundred thousand merged datasets make of it."""
_FOLDER = re.compile(r"(\d{6,})-[0-9a-f]{8}")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Merged:
    """A dataset that was merged into a version: where it lay, and its digest."""

    dataset: str
    digest: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `folder` is its name below `versions/`; `created` is a time in RFC 3339.

    `sources` are what was merged onto the version before it, in order.
    """

    number: int
    folder: str
    digest: str
    created: str
    images: int
    boxes: int
    classes: int
    sources: tuple[Merged, ...]

    @property
    def path(self) -> str:
        """Its folder in the dataset's."""
        return f"{VERSIONS}/{self.folder}"


@dataclass(frozen=True, slots=True)
class History:
    """The versions that are kept, oldest first, and the digests of all that was ever merged, in that order."""

    layout: int = LAYOUT
    versions: tuple[Version, ...] = ()
    merged: tuple[str, ...] = ()

    @property
    def newest(self) -> Version | None:
        """None before the first version."""
        return self.versions[-1] if self.versions else None

    def followed_by(self, version: Version) -> History:
        """The history one version on."""
        digests = (one.digest for one in version.sources)
        return replace(self, versions=(*self.versions, version), merged=(*self.merged, *digests))

    def cut(self, keep: int) -> History:
        """With the newest `keep` versions alone."""
        return replace(self, versions=self.versions[-keep:])


def version_folder(number: int, token: str) -> str:
    """The folder of an attempt at a version; `token` is 8 hexadecimal digits that no other attempt has."""
    return f"{number:06}-{token}"


def read_index(dataset: Folder) -> History | None:
    """What index.json says; None when there is none, or none of ours."""
    found = _read(dataset, INDEX, History)
    if found is None or found.layout != LAYOUT or not found.versions or not all(map(_is_sound, found.versions)):
        return None
    return found


def read_history(dataset: Folder, index: History | None) -> History:
    """All versions, also those that the index does not tell of yet."""
    history = index or History()
    number = history.newest.number if history.newest else 0
    while (version := read_record(dataset, number + 1)) is not None:
        history, number = history.followed_by(version), number + 1
    return history


def read_record(dataset: Folder, number: int) -> Version | None:
    """The record of one version, which stays when the version goes; None when there never was one."""
    found = _read(dataset, _record(number), Version)
    return found if found is not None and found.number == number and _is_sound(found) else None


def record(dataset: Folder, version: Version) -> bool:
    """Make the version be there. False when another has its number."""
    return write_once(dataset, _record(version.number), _json(version))


def tidy(dataset: Folder, history: History, keep: int) -> History:
    """Let the index tell of the newest version, then remove what is not kept; the history that is left.

    Can be done again from wherever it was interrupted. Whoever was slower than another must not put the index back.
    """
    while True:
        left = history.cut(keep)
        if left != read_index(dataset):
            dataset.write(INDEX, _json(left))
        history = read_history(dataset, left)
        if history == left:
            break
    for name in _unwanted(dataset, left):
        remove(dataset.child(VERSIONS).child(name))
        dataset.remove_empty(f"{VERSIONS}/{name}")
    return left


def remove(version: Folder) -> None:
    """Remove a version or what an attempt at one has left: what vouches for it first."""
    version.delete(REPORT)
    for _ in in_threads(version.delete, (meta.key for meta in version.list() if not meta.problem)):
        pass


def _unwanted(dataset: Folder, history: History) -> Iterator[str]:
    """The folders that can no longer become a version: an attempt at a number beyond the newest still may."""
    wanted = {version.folder for version in history.versions}
    last = history.versions[-1].number if history.versions else 0
    for name in dataset.folders(VERSIONS):
        match = _FOLDER.fullmatch(name)
        if match and int(match[1]) <= last and name not in wanted:
            yield name


def _record(number: int) -> str:
    return f"{VERSIONS}/{number:06}.json"


def _is_sound(version: Version) -> bool:
    """Whether its folder is one of its own: who may write an index must not have another folder read or removed."""
    match = _FOLDER.fullmatch(version.folder)
    return match is not None and int(match[1]) == version.number


def _read(dataset: Folder, name: str, kind: type[Read]) -> Read | None:
    try:
        return msgspec.json.decode(dataset.read(name, at_most=LARGEST_INDEX), type=kind)
    except (ObjectNotFound, ObjectTooLarge, msgspec.DecodeError):
        return None


def _json(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
