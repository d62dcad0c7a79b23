"""Which images train, which validate, which test: decided by a seeded hash, so that arrivals change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Protocol

from labelround.errors import InvalidInput, Problem
from labelround.spec.model import Split

HASHES = 1 << 64


class Part(IntEnum):
    """One part of a split, in the order of its range of hashes: those at the ends give way to the middle least."""

    VAL = 0
    TEST = 1
    TRAIN = 2


PART_WORDS = tuple(part.name.lower() for part in Part)
"""What each part is called in tables and lists."""

LISTED = (Part.TRAIN, Part.VAL, Part.TEST)
"""The order in which lists are named in files."""


def group_of(group_by: str) -> Callable[[str], str]:
    """What names the group of an image, from its key below the images prefix.

    The first group of the regular expression `group_by`, or its whole match; the key itself without a match. Raises
    InvalidInput for an expression that Python cannot read.
    """
    if not group_by:
        return str
    try:
        pattern = re.compile(group_by)
    except re.error as error:
        raise InvalidInput(
            [Problem("groupBy", f"{group_by!r} is not a regular expression ({error})", "correct it")]
        ) from error

    def name(key: str) -> str:
        match = pattern.search(key)
        if match is None:
            return key
        first = match.group(1) if pattern.groups else None
        return match.group(0) if first is None else first

    return name


def place(seed: int, group: str) -> int:
    """The hash of a group: evenly spread over 0 to 2^64 - 1, the same on every machine."""
    return int.from_bytes(sha256(f"{seed}\0{group}".encode()).digest()[:8])


class Placing(Protocol):
    """Says in which part of the split an image is, by its entry's `place`, and which parts are `listed`."""

    @property
    def listed(self) -> tuple[Part, ...]: ...

    def part(self, hashed: int) -> Part:
        """The part of the split."""
        ...

    def lists(self, part: Part) -> tuple[Part, ...]:
        """The lists that an image of this part stands in."""
        ...


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the ranges of hashes end, and the two groups that move so that neither train nor val stays empty.

    `to_val` and `to_train` are hashes, or None. With `shared`, what trains validates too: it is the only group, or was
    so in a split that is kept. `listed` are the parts that have images.
    """

    split: Split
    listed: tuple[Part, ...] = ()
    to_val: int | None = None
    to_train: int | None = None
    shared: bool = False

    @property
    def moves(self) -> bool:
        """Whether any group is elsewhere than its share alone puts it."""
        return self.shared or self.to_val is not None or self.to_train is not None

    def part(self, hashed: int) -> Part:
        """The part of the group with this hash."""
        if hashed == self.to_val:
            return Part.VAL
        if hashed == self.to_train:
            return Part.TRAIN
        return by_share(self.split, hashed)

    def lists(self, part: Part) -> tuple[Part, ...]:
        """The lists that an image of this part stands in."""
        return _SHARED if self.shared and part is not Part.TEST else (part,)


_SHARED = (Part.TRAIN, Part.VAL)


KEPT = Split(1, 1, 1)
KEPT_PLACES = {Part.VAL: 0, Part.TEST: HASHES // 2, Part.TRAIN: HASHES - 1}
"""Where an image is placed whose part is known beforehand, so that the shares of `KEPT` put it there."""


def by_share(split: Split, hashed: int) -> Part:
    """The part by the shares alone: the lowest hashes validate, the highest train."""
    total = split.train + split.val + split.test
    share = hashed * total >> 64
    if share < split.val:
        return Part.VAL
    return Part.TEST if share < split.val + split.test else Part.TRAIN


class Ballot:
    """Hears of every image of the dataset, in bounded memory, and then settles the cut."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._lowest = HASHES
        self._highest = -1
        self._seen: dict[Part, set[int]] = {part: set() for part in Part}

    def add(self, hashed: int) -> None:
        """One image whose group has this hash."""
        if hashed < self._lowest:
            self._lowest = hashed
        if hashed > self._highest:
            self._highest = hashed
        seen = self._seen[by_share(self._split, hashed)]
        if len(seen) < _ENOUGH:
            seen.add(hashed)

    def kept(self) -> list[int]:
        """Hashes that say as much as all that were heard: another ballot that hears them settles alike."""
        if self._highest < 0:
            return []
        return sorted({self._lowest, self._highest}.union(*self._seen.values()))

    def cut(self, *, moves: bool = True, shared: bool = False) -> Cut:
        """With two or more groups, the lowest moves to an empty val and the highest to an empty train.

        Without `moves` every group stays, and a part may be empty; with `shared`, val then lists what train lists.
        """
        if self._highest < 0:
            return Cut(self._split)
        if not moves:
            both = _SHARED if shared else ()
            return Cut(self._split, tuple(part for part in LISTED if self._seen[part] or part in both), shared=shared)
        if self._lowest == self._highest:
            return Cut(self._split, _SHARED, to_train=self._lowest, shared=True)
        to_val = None if self._seen[Part.VAL] else self._lowest
        to_train = None if self._seen[Part.TRAIN] else self._highest
        tests = self._seen[Part.TEST] - {to_val, to_train}
        return Cut(self._split, LISTED if tests else _SHARED, to_val, to_train)


_ENOUGH = 3
"""At most two groups move away, so that a part with three different ones is never emptied."""
