"""What an image keeps for ever: its name in the dataset, its split, and the group that it shares it with.

The first dataset that has something to say of it decides. So none of this changes when others arrive.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator

from labelround.dataset.cumulative.source import SourceImage
from labelround.dataset.naming import Rules, fold, label_name
from labelround.dataset.split import Part

_SCHEMA = """
CREATE TABLE known (ref TEXT PRIMARY KEY, name TEXT NOT NULL, part INTEGER, grp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE groups (name TEXT PRIMARY KEY, part INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE paths (path TEXT PRIMARY KEY, folder INTEGER NOT NULL) WITHOUT ROWID;
"""
_TAKE = "INSERT OR IGNORE INTO paths VALUES (?, ?)"


class Registry:
    """The images that are known, in tables of `connection`."""

    def __init__(self, connection: sqlite3.Connection, rules: Rules) -> None:
        self._run = connection.execute
        self._rules = rules
        connection.executescript(_SCHEMA)
        self._take((), rules.reserved)

    def settle(self, image: SourceImage, group: str) -> None:
        """Hear what the next dataset says of an image. `group` is the name of its group; "" for one by itself."""
        found = self._run("SELECT part, grp FROM known WHERE ref = ?", (image.ref,)).fetchone()
        if found is None:
            row = (image.ref, self._name(image), self._part(image, group), group)
            self._run("INSERT INTO known VALUES (?, ?, ?, ?)", row)
            return
        part, group = found
        if part is None and image.part is not None:
            self._run("UPDATE known SET part = ? WHERE ref = ?", (self._part(image, group), image.ref))

    def known(self) -> Iterator[tuple[str, Part | None]]:
        """The name and the part of the split of every image, in the order of addresses."""
        for name, part in self._run("SELECT name, part FROM known ORDER BY ref"):
            yield name, None if part is None else Part(part)

    def groups(self) -> Iterator[tuple[str, str]]:
        """Every image with its group, in the order of addresses."""
        yield from self._run("SELECT ref, grp FROM known ORDER BY ref")

    def _part(self, image: SourceImage, group: str) -> int | None:
        """The split of the image's group; of the first of a group its own."""
        if image.part is None or not group:
            return image.part
        self._run("INSERT OR IGNORE INTO groups VALUES (?, ?)", (group, image.part))
        part: int = self._run("SELECT part FROM groups WHERE name = ?", (group,)).fetchone()[0]
        return part

    def _name(self, image: SourceImage) -> str:
        """The name that the image has in its dataset, or one that its address makes, if another has that."""
        name = next(one for one in self._candidates(image) if not self._is_taken(one))
        self._take((fold(label_name(name)), fold(name)), _ancestors(fold(name)))
        return name

    def _candidates(self, image: SourceImage) -> Iterator[str]:
        name = self._rules.candidate(_with_plain_folders(image.name), image.ref)
        yield name
        yield self._rules.apart(name, image.ref)
        tries = 0
        while True:
            yield self._rules.hashed(name, f"{image.ref}\0{tries}" if tries else image.ref)
            tries += 1

    def _is_taken(self, name: str) -> bool:
        """Whether a file has the name, or that of its label file or of one of its folders, or a folder a file's."""
        folders = list(_ancestors(fold(name)))
        marks = ",".join("?" * len(folders))
        query = f"SELECT 1 FROM paths WHERE path IN (?, ?) OR (folder = 0 AND path IN ({marks})) LIMIT 1"  # noqa: S608
        return self._run(query, (fold(label_name(name)), fold(name), *folders)).fetchone() is not None

    def _take(self, files: Iterable[str], folders: Iterable[str]) -> None:
        for path in files:
            self._run(_TAKE, (path, 0))
        for path in folders:
            self._run(_TAKE, (path, 1))


def _with_plain_folders(name: str) -> str:
    """The name with a `_` behind each folder that is called like a file.

    Else a file that came first would be in the way of the folder, or the other way round.
    """
    folder, slash, file = name.rpartition("/")
    plain = (f"{segment}_" if _LIKE_A_FILE.search(segment) else segment for segment in folder.split("/"))
    return f"{'/'.join(plain)}/{file}" if slash else name


_LIKE_A_FILE = re.compile(r"\.(txt|jpe?g|png)$", re.IGNORECASE)


def _ancestors(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
