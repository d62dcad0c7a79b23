"""The images of the next version, from all that is said of them; where datasets disagree, that is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, NamedTuple

import msgspec

from labelround.dataset.boxes import Box
from labelround.dataset.cumulative.records import Records, Said, last_word
from labelround.dataset.cumulative.registry import Registry
from labelround.dataset.imagetable import Entry
from labelround.dataset.split import LISTED, Part
from labelround.dataset.tables import CONFLICT_COLUMNS, cell, header
from labelround.uri import SCHEME

_encode = msgspec.msgpack.Encoder().encode


class Settled(NamedTuple):
    """An image as the next version has it, and all that was said of it."""

    word: Said
    said: list[Said]
    name: str
    part: Part | None


@dataclass(frozen=True, slots=True)
class Placed:
    """Every image is in the part that its entry gives as `place`.

    With `shared` there is nothing to train with, or nothing to validate with: both lists then name the same images.
    """

    listed: tuple[Part, ...] = ()
    shared: bool = False

    @classmethod
    def of(cls, parts: Counter[Part]) -> Placed:
        """For so many images in each part."""
        both = (Part.TRAIN, Part.VAL)
        shared = sum(parts[part] > 0 for part in both) == 1
        return cls(tuple(part for part in LISTED if parts[part] or (shared and part in both)), shared)

    def part(self, hashed: int) -> Part:
        """The part itself."""
        return Part(hashed)

    def lists(self, part: Part) -> tuple[Part, ...]:
        """The lists that an image of this part stands in."""
        return (Part.TRAIN, Part.VAL) if self.shared and part is not Part.TEST else (part,)


@dataclass(slots=True)
class Survey:
    """What a look at all images of the next version tells. `added` and `changed` are against the version before."""

    digest: str = ""
    boxes: int = 0
    parts: Counter[Part] = field(default_factory=Counter)
    added: int = 0
    changed: int = 0
    conflicts: int = 0
    lowest: str | None = None
    highest: str | None = None


@dataclass(frozen=True, slots=True)
class Settling:
    """The next version. `names` are what messages call the datasets; with `onto`, the first is the version before."""

    records: Records
    registry: Registry
    names: Sequence[str]
    onto: bool

    def images(self) -> Iterator[Settled]:
        """The images in the order of their addresses, as often as it is called."""
        for said, (name, part) in zip(self.records.by_image(), self.registry.known(), strict=True):
            yield Settled(last_word(said), said, name, part)

    def entries(self) -> Iterator[Entry]:
        """The same as a conversion has them."""
        for number, one in enumerate(self.images()):
            word = one.word
            place = 0 if one.part is None else int(one.part)
            boxes: list[tuple[int, list[Box]]] = [(0, word.boxes)]
            yield Entry(
                number, word.ref, one.name, word.state, word.width, word.height, 1, place, word.note, _encode(boxes)
            )

    def survey(self, head: Sequence[object], conflicts: IO[str]) -> Survey:
        """Look at all images, and write down where datasets disagree.

        The digest is of all that a version is made of: `head`, and the images.
        """
        conflicts.write(header(CONFLICT_COLUMNS))
        found, hashed = Survey(), sha256(_encode(head))
        for one in self.images():
            word = one.word
            hashed.update(
                _encode((word.ref, one.name, word.state, one.part, word.width, word.height, word.note, word.packed))
            )
            found.lowest, found.highest = found.lowest or word.ref, word.ref
            if word.state.in_dataset:
                self._count(one, found, conflicts)
        found.digest = hashed.hexdigest()
        return found

    def _count(self, one: Settled, found: Survey, conflicts: IO[str]) -> None:
        """Count an image of the dataset, with those that have drawn on it something else."""
        word, part = one.word, one.part
        if part is not None:
            found.parts[part] += 1
        found.boxes += len(word.boxes)
        others = [other for other in one.said if other.state.in_dataset and not other.draws_like(word)]
        before = one.said[0] if self.onto and one.said[0].source == 0 and one.said[0].state.in_dataset else None
        found.added += before is None
        found.changed += before is not None and before in others
        found.conflicts += bool(others)
        for other in others:
            front = f"{cell(SCHEME + word.ref)},{cell(one.name)}"
            kept = f"{cell(self.names[word.source])},{len(word.boxes)}"
            conflicts.write(f"{front},{kept},{cell(self.names[other.source])},{len(other.boxes)}\n")
