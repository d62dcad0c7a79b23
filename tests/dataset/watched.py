"""A bucket that counts what is done to it, and dies when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO

from obstore.store import LocalStore, MemoryStore

from labelround.errors import StorageError
from labelround.storage import Bucket


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product may catch it."""


@dataclass
class Effects:
    """The effects so far, by what they were. Everything stops right after the `deadly`-th."""

    deadly: int | None = None
    done: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def happened(self, what: str) -> None:
        with self._lock:
            self.done.append(what)
            if self.deadly is not None and len(self.done) >= self.deadly:
                raise Killed(f"after {what}")

    def before(self) -> None:
        if self.deadly is not None and len(self.done) >= self.deadly:
            raise Killed("is dead already")


@dataclass(frozen=True)
class WatchedBucket(Bucket):
    """A bucket whose changes are counted by `effects`."""

    effects: Effects = field(default_factory=Effects)

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        self.effects.before()
        super().write(key, content, if_absent=if_absent)
        self.effects.happened(f"write {key}")

    def write_part(self, key: str, content: bytes) -> None:
        if self.local_path is None:
            super().write_part(key, content)
            return
        self.effects.before()
        super().write_part(key, content)
        self.effects.happened(f"write {key}")

    def write_stream(self, key: str, source: IO[bytes]) -> None:
        self.effects.before()
        super().write_stream(key, source)
        self.effects.happened(f"write {key}")

    def copy(self, source: str, target: str) -> None:
        self.effects.before()
        super().copy(source, target)
        self.effects.happened(f"copy {target}")

    def delete(self, key: str) -> None:
        self.effects.before()
        super().delete(key)
        self.effects.happened(f"delete {key}")


def in_memory(name: str = "out") -> WatchedBucket:
    return WatchedBucket(name, MemoryStore())


def on_disk(path: Path) -> WatchedBucket:
    path.mkdir(parents=True, exist_ok=True)
    return WatchedBucket(path.name, LocalStore(path), local_path=path)


def revived(bucket: WatchedBucket, deadly: int | None = None) -> WatchedBucket:
    """The same bucket for another process."""
    return WatchedBucket(bucket.name, bucket.store, bucket.local_path, effects=Effects(deadly))


class Unconditional(Bucket):
    """A store that knows no conditional writes."""

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        if if_absent:
            raise StorageError(self.uri(key), "A header you provided implies functionality that is not implemented")
        super().write(key, content)
