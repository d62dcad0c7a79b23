"""Files on the local disk, where obstore does more than is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def stays_below(key: str) -> bool:
    """Whether the key is a path that cannot lead out of its folder."""
    return all(segment not in {"", ".", ".."} for segment in key.split("/"))


def read_chunks(path: Path, size: int) -> Iterator[bytes]:
    """The content of a file, whatever its name: obstore takes no control characters."""
    with path.open("rb") as file:
        while chunk := file.read(size):
            yield chunk


def write_anew(root: Path, key: str, content: bytes) -> None:
    """Make the file `key` below `root`, with its folders.

    A file that is there is unlinked first, never written through: it may be a link, or linked from a copy of the
    folder that somebody keeps. Empty folders, which S3 does not know, give way.
    """
    path = f"{root}/{key}"
    descriptor = _created(path)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)


def holds(root: Path, key: str, content: bytes) -> bool:
    """Whether the file `key` below `root` is there and is this; a link is another's."""
    try:
        descriptor = os.open(f"{root}/{key}", _READ_FLAGS)
    except OSError:
        return False
    try:
        return os.fstat(descriptor).st_size == len(content) and os.read(descriptor, len(content) + 1) == content
    except OSError:
        return False
    finally:
        os.close(descriptor)


def folders_in(place: Path) -> list[str]:
    """The names of the folders in a folder, sorted; none when it is not there."""
    try:
        return sorted(one.name for one in os.scandir(place) if one.is_dir(follow_symlinks=False))
    except FileNotFoundError:
        return []


def remove_empty(place: Path) -> None:
    """Remove a folder and those in it, as far as there is no file in them."""
    for path, _, _ in os.walk(place, topdown=False):
        with suppress(OSError):
            Path(path).rmdir()


def _created(path: str) -> int:
    """A new, empty file, open for writing."""
    try:
        return os.open(path, _FLAGS, 0o666)
    except FileExistsError:
        _remove(Path(path))
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, _FLAGS, 0o666)


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder in which there is no file."""
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    for place, _, _ in os.walk(path, topdown=False):
        Path(place).rmdir()
