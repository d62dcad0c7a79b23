"""The images of a dataset in key order: what the index pass decides, and all that writing needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from labelround.dataset.annotation import State
from labelround.dataset.database import ROWS_A_STEP
from labelround.dataset.joining import Image
from labelround.dataset.naming import Rules, fold, label_name

_SCHEMA = """
CREATE TABLE images (
    id INTEGER PRIMARY KEY, ref TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, state INTEGER NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, orientation INTEGER NOT NULL, place INTEGER NOT NULL,
    note TEXT NOT NULL, contributions BLOB NOT NULL
);
CREATE TABLE taken (path TEXT PRIMARY KEY, label TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE clashes (id INTEGER PRIMARY KEY);
"""
_SAME_LABEL = """
INSERT OR IGNORE INTO clashes SELECT images.id FROM images JOIN
    (SELECT label, min(id) AS first FROM images GROUP BY label HAVING count(*) > 1) AS shared
    ON images.label = shared.label WHERE images.id <> shared.first
"""
_LABEL_TAKEN = "INSERT OR IGNORE INTO clashes SELECT images.id FROM taken JOIN images ON images.label = taken.path"
_IMAGE_TAKEN = "SELECT images.id, images.name, taken.path FROM taken JOIN images ON images.label = taken.label"
_COLUMNS = "id, ref, name, state, width, height, orientation, place, note, contributions"
_HALF = 1 << 63


class Entry(NamedTuple):
    """One image: `number` counts from 0 in key order, `place` is the hash of its split group."""

    number: int
    ref: str
    name: str
    state: State
    width: int
    height: int
    orientation: int
    place: int
    note: str
    contributions: bytes


class ImageTable:
    """The images, in tables of `connection`. `prefix` is `bucket/folder/`, which all of them are below."""

    def __init__(self, connection: sqlite3.Connection, prefix: str, rules: Rules) -> None:
        self._connection = connection
        self._prefix = prefix
        self._rules = rules
        connection.executescript(_SCHEMA)

    def load(self, images: Iterable[tuple[Image, int]]) -> int:
        """Add images in key order, each with the hash of its split group; how many there are."""
        rows = enumerate(images)
        folders: set[str] = set()
        count = 0
        self._connection.execute("BEGIN")
        while step := list(islice(rows, ROWS_A_STEP)):
            self._connection.executemany(
                "INSERT INTO images VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                [self._row(number, image, place, folders) for number, (image, place) in step],
            )
            self._take(folders)
            folders.clear()
            count += len(step)
        self._take(self._rules.reserved)
        self._connection.execute("COMMIT")
        return count

    def _row(self, number: int, image: Image, place: int, folders: set[str]) -> tuple[object, ...]:
        path = image.ref[len(self._prefix) :]
        name = self._rules.candidate(path, image.ref)
        folders.add(name.rpartition("/")[0])
        return (
            number,
            image.ref,
            name,
            fold(label_name(name)),
            image.state,
            image.width,
            image.height,
            image.orientation,
            place - _HALF,
            image.note,
            image.contributions,
        )

    def _take(self, folders: Iterable[str]) -> None:
        """Note paths, with those above them, that no file may have."""
        paths = {fold(path) for folder in folders for path in _ancestors(folder)}
        self._connection.executemany(
            "INSERT OR IGNORE INTO taken VALUES (?, ?)", [(path, label_name(path)) for path in sorted(paths)]
        )

    def settle_names(self) -> None:
        """Rename, in key order, every image whose name or label file another image or a folder has already."""
        run = self._connection.execute
        run("BEGIN")
        run("CREATE INDEX by_label ON images (label)")
        run(_SAME_LABEL)
        run(_LABEL_TAKEN)
        for number, name, path in run(_IMAGE_TAKEN):
            if fold(name) == path:
                run("INSERT OR IGNORE INTO clashes VALUES (?)", (number,))
        for (number,) in run("SELECT id FROM clashes ORDER BY id"):
            self._rename(number)
        run("COMMIT")

    def _rename(self, number: int) -> None:
        run = self._connection.execute
        ref, name = run("SELECT ref, name FROM images WHERE id = ?", (number,)).fetchone()
        tries = 0
        while True:
            tries += 1
            name = self._rules.renamed(name, ref if tries < _MANY else f"{ref}\0{tries}")
            label = fold(label_name(name))
            taken = (
                run("SELECT 1 FROM images WHERE label = ?", (label,)).fetchone()
                or run("SELECT 1 FROM taken WHERE path IN (?, ?)", (label, fold(name))).fetchone()
            )
            if not taken:
                break
        run("UPDATE images SET name = ?, label = ? WHERE id = ?", (name, label, number))

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """The images from number `start` to before `stop`."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM images WHERE id >= ? AND id < ? ORDER BY id",  # noqa: S608 constants
            (start, stop),
        )
        for number, ref, name, state, width, height, orientation, place, note, contributions in rows:
            yield Entry(
                number,
                ref,
                name,
                _STATES[state],
                width,
                height,
                orientation,
                place + _HALF,
                note,
                contributions,
            )

    def names(self) -> Iterator[str]:
        """The names of the images that are in the dataset."""
        for (name,) in self._connection.execute("SELECT name FROM images WHERE state <= ? ORDER BY id", (State.EMPTY,)):
            yield name


_STATES = tuple(State)
_MANY = 300
"""More tries than a path has room for: from there on the address alone does not make a name."""


def _ancestors(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
