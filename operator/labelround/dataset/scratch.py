"""A folder on disk for what does not fit in memory."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelround.errors import StorageDenied, StorageError, StorageFull

_FIX = "set TMPDIR to a folder that can be written"


@contextmanager
def scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A folder below `parent` (default: the system's place for temporary files) that is gone afterwards.

    Errors of the operating system inside are the folder's: all other storage raises errors of its own.
    """
    place = str(parent) if parent else ""
    try:
        place = place or tempfile.gettempdir()
        with tempfile.TemporaryDirectory(prefix="labelround-", dir=place, ignore_cleanup_errors=True) as path:
            yield Path(path)
    except OSError as error:
        raise _translated(place or "the temporary folder", error) from error


def _translated(place: str, error: OSError) -> StorageError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(place, "the disk is full", "free some space, or set TMPDIR to a larger disk")
    what = f"cannot hold temporary files ({error.strerror or error})"
    return StorageDenied(place, what, _FIX) if isinstance(error, PermissionError) else StorageError(place, what, _FIX)
