"""Which label attribute of a manifest to read: the one that was named, or the only one that holds boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from labelround.dataset.annotation import (
    OBJECT_DETECTION,
    Entry,
    LineError,
    attributes_of,
    metadata_of,
    read_entry,
)

Line = tuple[int, bytes, bool]
MAX_ATTRIBUTES = 100


class Attributes:
    """The label attributes that a manifest was seen to hold, and the type of each ("" when no line tells).

    `found` is whether a line has the attribute that is read.
    """

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.found = False

    def add(self, entry: Entry) -> None:
        """Note the attributes of one line."""
        for name in attributes_of(entry):
            if self.types.get(name) or (name not in self.types and len(self.types) >= MAX_ATTRIBUTES):
                continue
            try:
                metadata = metadata_of(entry, name)
            except LineError:
                metadata = None
            self.types[name] = (metadata.type if metadata else None) or ""

    @property
    def detecting(self) -> list[str]:
        """Those that hold bounding boxes."""
        return [name for name, kind in self.types.items() if kind == OBJECT_DETECTION]

    def described(self) -> str:
        """All of them with their types, for a person."""
        return ", ".join(f"{name} ({kind or 'of no stated type'})" for name, kind in self.types.items())


def find_attribute(lines: Iterable[Line], attributes: Attributes, held: IO[bytes]) -> tuple[str | None, Iterator[Line]]:
    """The attribute of the first line with bounding boxes, and all lines again from the first.

    Lines before it are held aside in the open file `held`. Without such a line it is the only
    attribute whose lines state no type (all of them failed), or None. `attributes` learns of the lines held.
    """
    rest = iter(lines)
    for number, content, ended in rest:
        _note(content, ended, attributes)
        if attributes.detecting:
            return attributes.detecting[0], chain(_again(held), [(number, content, ended)], rest)
        held.write(b"%d %d %b\n" % (number, ended, content))
    untyped = [name for name, kind in attributes.types.items() if not kind]
    return untyped[0] if len(untyped) == len(attributes.types) == 1 else None, _again(held)


def _note(content: bytes, ended: bool, attributes: Attributes) -> None:
    try:
        attributes.add(read_entry(content, ended))
    except LineError:
        return  # told by the pass that reads the line for good


def _again(held: IO[bytes]) -> Iterator[Line]:
    """The lines that were held aside."""
    held.seek(0)
    for line in held:
        number, ended, content = line[:-1].split(b" ", 2)
        yield int(number), content, ended == b"1"
