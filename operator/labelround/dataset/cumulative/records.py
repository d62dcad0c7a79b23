"""What every dataset says of every image, sorted by image; and which of them has the last word."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import msgspec

from labelround.dataset.annotation import State
from labelround.dataset.boxes import Box
from labelround.dataset.cumulative.source import SourceImage
from labelround.dataset.database import ROWS_A_STEP
from labelround.parallel import batched

_SCHEMA = """
CREATE TABLE records (
    ref TEXT NOT NULL, source INTEGER NOT NULL, state INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    name TEXT NOT NULL, part INTEGER, note TEXT NOT NULL, boxes BLOB NOT NULL
)
"""
_ROWS = """
SELECT ref, source, state, width, height, name, part, note, boxes FROM records ORDER BY ref, source
"""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Box]).decode


class Said(NamedTuple):
    """What one dataset, the `source`-th, says of an image. `boxes` are sorted boxes in MessagePack."""

    ref: str
    source: int
    state: State
    width: int
    height: int
    name: str
    part: int | None
    note: str
    packed: bytes

    @property
    def boxes(self) -> list[Box]:
        """The boxes, sorted."""
        return _decode(self.packed)

    def draws_like(self, other: Said) -> bool:
        """Whether both have the same boxes on the same size."""
        return (self.width, self.height, self.packed) == (other.width, other.height, other.packed)


class Records:
    """All that is said, in a table of `connection`: first loaded, then sealed, then read in order."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute(_SCHEMA)

    def load(self, source: int, images: Iterable[SourceImage]) -> None:
        """Add what the `source`-th dataset says. After an error, others can still be loaded."""
        rows = (
            (one.ref, source, one.state, one.width, one.height, one.name, one.part, one.note, _encode(one.boxes))
            for one in images
        )
        self._connection.execute("BEGIN")
        try:
            for step in batched(rows, ROWS_A_STEP):
                self._connection.executemany("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?)", step)
        finally:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")

    def seal(self) -> None:
        """Sort: by image, then in the order of the datasets."""
        self._connection.execute("CREATE INDEX by_image ON records (ref, source)")

    def by_image(self) -> Iterator[list[Said]]:
        """All that is said of each image, in the order of the datasets."""
        for _, said in groupby(map(_said, self._connection.execute(_ROWS)), key=lambda one: one.ref):
            yield list(said)


def _said(row: tuple[str, int, int, int, int, str, int | None, str, bytes]) -> Said:
    return Said._make(row)._replace(state=_STATES[row[2]])


_STATES = tuple(State)


def last_word(said: list[Said]) -> Said:
    """The latest dataset that has the image; else the latest that failed at it, else the latest of all."""
    return max(said, key=lambda one: (-max(one.state, State.EMPTY), one.source))
