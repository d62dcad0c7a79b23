"""A temporary SQLite database: the external sort that keeps memory bounded whatever the size of a round."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelround.errors import StorageError, StorageFull

CACHE_KIBIBYTES = 32_768
ROWS_A_STEP = 500


@contextmanager
def open_database(path: Path) -> Iterator[sqlite3.Connection]:
    """A database at `path` that need not survive a crash. Its errors name the place.

    SQLite's own temporary files go beside it: the usual place may be read-only in a container.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
            connection.execute("PRAGMA temp_store_directory = '{}'".format(str(path.parent).replace("'", "''")))
            yield connection
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _translated(path, error) from error


def _translated(path: Path, error: sqlite3.Error) -> StorageError:
    if "full" in str(error):
        return StorageFull(str(path.parent), "the disk is full", "free some space, or set TMPDIR to a larger disk")
    fix = "set TMPDIR to a folder that can be written"
    return StorageError(str(path.parent), f"cannot hold the temporary index ({error})", fix)
