"""One server per SQLite file: a lock that the operating system lets go when the process ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labelround.errors import Conflict, StorageDenied

Check = Callable[[], bool]
"""Whether another server may have had the database since the last check.

Raises Conflict or Unavailable when it is not had alone any more.
"""


@contextmanager
def locked_file(database: Path) -> Iterator[Check]:
    """Hold the database for as long as the context lasts. Raises Conflict when another server holds it.

    No other can have it meanwhile, so what comes back has nothing to tell.
    """
    path = database.resolve().with_name(f"{database.resolve().name}.lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageDenied(str(path), f"cannot be made ({error.strerror})", "name another database") from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise Conflict(
                "DatabaseInUse",
                f"{database} is in use by another labelround run or server (process {holder});"
                " wait for it to end, or name another database",
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield lambda: False
    finally:
        os.close(file)
