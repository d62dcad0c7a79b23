"""The local folder that a dataset is pulled into."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from itertools import count
from pathlib import Path

from labelround.dataset.formats import IMAGES, REPORT
from labelround.storage import Bucket
from labelround.storage.translation import translated

ASIDE = ".labelround-pull"
"""Where files are written before they are renamed into place; its presence says that a pull did not end."""


class Placed(Enum):
    """What became of one file."""

    PRESENT = auto()
    WRITTEN = auto()
    REPLACED = auto()
    REFUSED = auto()
    """Somebody else's file of that name holds something else, and was left alone."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it is at its source. `tolerance` is how exact `modified` is known there, in seconds."""

    size: int
    modified: datetime
    tolerance: float


@dataclass
class Target:
    """A local folder, and whether files that differ may be replaced in it.

    `in_place` says that the folder is the dataset itself, whose completion marker is then not ours to touch.
    """

    root: Path
    in_place: bool
    replace: bool
    _numbers: count[int] = field(default_factory=count)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _changed: bool = False

    @classmethod
    def open(cls, root: Path, *, in_place: bool, overwrite: bool) -> Target:
        """Make the folder if need be. Files in a folder that no pull or conversion wrote are not replaced."""
        ours = any((root / name).exists() for name in (IMAGES, REPORT, ASIDE))
        target = cls(root, in_place, replace=ours or overwrite)
        with translated(str(root / ASIDE)):
            shutil.rmtree(root / ASIDE, ignore_errors=True)  # what a killed pull left
            (root / ASIDE).mkdir(parents=True)
        return target

    def close(self) -> None:
        """The pull has come to its end."""
        shutil.rmtree(self.root / ASIDE, ignore_errors=True)

    def holds(self, name: str, original: Original) -> bool:
        """Whether the file is there as an earlier pull placed it: of that size, with the original's time."""
        try:
            stat = (self.root / name).stat()
        except OSError:
            return False
        age = abs(stat.st_mtime - original.modified.timestamp())
        return stat.st_size == original.size and age <= original.tolerance

    def is_same(self, name: str, bucket: Bucket, key: str) -> bool:
        """Whether the file is not a copy of the object but the object itself."""
        place = self.root / name
        return bucket.local_path is not None and place.is_file() and place.samefile(bucket.local_path / key)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return (self.root / name).is_file()

    def place(
        self, name: str, content: bytes, modified: datetime, *, same: Callable[[bytes], bool] | None = None
    ) -> Placed:
        """Put a file in its place, whole or not at all, with the time of its original.

        `same` says of other content that it is the same file, in a form that may be replaced without a word.
        """
        path = self.root / name
        with translated(str(path)):
            there = path.read_bytes() if path.is_file() else None
            if there == content:
                os.utime(path, (modified.timestamp(), modified.timestamp()))
                return Placed.PRESENT
            foreign = there is not None and not (same and same(there))
            if foreign and not self.replace:
                return Placed.REFUSED
            self._begin_change()
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = self.root / ASIDE / str(next(self._numbers))
            aside.write_bytes(content)
            os.utime(aside, (modified.timestamp(), modified.timestamp()))
            aside.replace(path)
        return Placed.REPLACED if foreign else Placed.WRITTEN

    def remove(self, name: str) -> bool:
        """Remove a file, and the folders that it leaves empty; False when it was not there."""
        path = self.root / name
        if not path.is_file():
            return False
        with translated(str(path)):
            self._begin_change()
            path.unlink()
            for parent in path.parents:
                if parent == self.root or any(parent.iterdir()):
                    break
                parent.rmdir()
        return True

    def _begin_change(self) -> None:
        """Before the first change the completion marker goes: what it vouches for is no longer there."""
        with self._lock:
            if not self._changed and not self.in_place:
                (self.root / REPORT).unlink(missing_ok=True)
            self._changed = True
