"""Keys, and the files below a folder on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from pathlib import Path

from labelround.storage.translation import translated

_MD5 = re.compile(r'"?[0-9a-f]{32}"?')


@dataclass(frozen=True, slots=True)
class ObjectMeta:
    """One listed object. `problem` says why it cannot be addressed, and is empty when it can."""

    key: str
    size: int
    modified: datetime
    etag: str = ""
    problem: str = ""

    def holds(self, content: bytes) -> bool:
        """Whether the object is certainly this: S3's ETag of one that was put in one piece is its MD5.

        It is not where the store encrypts with a key of KMS, nor for an object of several parts.
        """
        return self.size == len(content) and self.etag.strip('"') == md5(content, usedforsecurity=False).hexdigest()

    def is_copy_of(self, other: ObjectMeta) -> bool:
        """Whether both certainly hold the same."""
        return self.size == other.size and bool(_MD5.fullmatch(self.etag)) and self.etag == other.etag


def key_problem(key: str) -> str:
    """Why the key cannot be addressed, or an empty string."""
    if not key or any(segment in {"", ".", ".."} for segment in key.rstrip("/").split("/")):
        return "the key has an empty, `.` or `..` segment"
    if re.search(r"[\x00-\x1f\x7f]", key):
        return "the key holds a control character"
    if re.search(r"[\ud800-\udfff]", key):
        return "the name is not valid UTF-8"
    return ""


def walk(root: Path, prefix: str) -> Iterator[ObjectMeta]:
    """The files below a local folder. obstore's own listing hides names that end in `#<digits>`.

    Links are followed, but for those to folders that are visited anyway: their files would count twice.
    """
    base = root / prefix
    with translated(str(base)):
        if not base.is_dir():
            return
        for place, folders, names in os.walk(base, followlinks=True, onerror=_raise):
            folders[:] = [name for name in folders if not _leads_back(Path(place, name), root)]
            for name in names:
                path = Path(place, name)
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue  # deleted meanwhile, or a link to nowhere
                key = path.relative_to(root).as_posix()
                problem = key_problem(key) or ("the name ends in # and digits" if re.search(r"#\d+$", name) else "")
                yield ObjectMeta(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC), problem=problem)


def _leads_back(folder: Path, root: Path) -> bool:
    """Whether a folder is a link to one that the walk visits anyway, or to one that holds the root."""
    if not folder.is_symlink():
        return False
    target, top = folder.resolve(), root.resolve()
    return target.is_relative_to(top) or top.is_relative_to(target)


def _raise(error: OSError) -> None:
    raise error
