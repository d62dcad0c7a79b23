"""All lines of all manifests, sorted by image."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

import msgspec

from labelround.dataset.database import ROWS_A_STEP
from labelround.dataset.problems import Problems
from labelround.dataset.reading import Record


class Row(NamedTuple):
    """One record as it is read back; `ref` is `bucket/key`, `boxes` is at most one contribution, in MessagePack."""

    ref: str
    group: int
    attempt: int
    source: int
    state: int
    width: int
    height: int
    box_count: int
    boxes: bytes
    reason: str


_SCHEMA = """
CREATE TABLE records (
    ref TEXT NOT NULL, grp INTEGER NOT NULL, attempt INTEGER NOT NULL, source INTEGER NOT NULL, line INTEGER NOT NULL,
    state INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, count INTEGER NOT NULL,
    boxes BLOB NOT NULL, reason TEXT NOT NULL
)
"""
_ROWS = """
SELECT ref, grp, attempt, source, state, width, height, count, boxes, reason FROM records
ORDER BY ref, grp, attempt, source, line
"""
_SAID = """
SELECT ref, grp, attempt, state, width, height, boxes, reason FROM records ORDER BY ref, grp, attempt, source, line
"""
_REPEATS = """
SELECT ref, grp, source FROM records WHERE source >= 0 GROUP BY ref, grp, attempt, source HAVING count(*) > 1
"""
_REPEATED = """
SELECT line, state, width, height, boxes, reason FROM records WHERE ref = ? AND grp = ? AND source = ? ORDER BY line
"""


class Index:
    """The records, in a table of `connection`: first loaded, then sealed, then read in order."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute(_SCHEMA)

    def load(self, records: Iterable[Record]) -> None:
        """Add records, in any order."""
        self._connection.execute("BEGIN")
        rest = iter(records)
        while step := list(islice(rest, ROWS_A_STEP)):
            self._connection.executemany("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?)", step)
        self._connection.execute("COMMIT")

    def seal(self) -> None:
        """Sort: by image, group, attempt, source and line."""
        self._connection.execute("CREATE INDEX by_image ON records (ref, grp, attempt, source, line)")

    def check_repeats(self, names: list[str], problems: Problems) -> None:
        """Add a problem for every line that says of an image something other than an earlier line of its manifest.

        `names` are what messages call the sources.
        """
        for ref, group, source in self._connection.execute(_REPEATS):
            (first, *said), *others = self._connection.execute(_REPEATED, (ref, group, source))
            for line, *differs in others:
                if differs != said:
                    problems.add(
                        f"{names[source]}:{line}",
                        f"says of s3://{ref} something other than line {first}",
                        "leave one of the two lines",
                    )

    def rows(self) -> Iterator[Row]:
        """All records in order."""
        return map(Row._make, self._connection.execute(_ROWS))

    def common_folder(self) -> str:
        """The longest folder that holds all images, as `bucket/folder/`; "" when they share no bucket."""
        return common_folder(*self._connection.execute("SELECT min(ref), max(ref) FROM records").fetchone())

    def digest(self) -> str:
        """One hash of all that the manifests say, whatever the order of their lines."""
        hashed = sha256()
        encode = msgspec.msgpack.Encoder().encode
        for row in self._connection.execute(_SAID):
            hashed.update(encode(row))
        return hashed.hexdigest()


def common_folder(lowest: str | None, highest: str | None) -> str:
    """The longest folder that holds the addresses from the lowest to the highest; "" without any."""
    if lowest is None or highest is None:
        return ""
    length = next((i for i, (a, b) in enumerate(zip(lowest, highest, strict=False)) if a != b), len(lowest))
    return lowest[: lowest.rfind("/", 0, length) + 1]
