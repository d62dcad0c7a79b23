"""Work goes on: a share of the labeling jobs has one picture more labeled, again and again."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_CHANGE = """
UPDATE labeling_jobs SET labeled = (labeled + 1) % total, modified = ?
WHERE id % ? = ? AND status = 'InProgress'
"""


@contextmanager
def changing(database: Path, every: float, one_in: int) -> Iterator[list[int]]:
    """Every so many seconds one job in `one_in` changes; how many did each time.

    It is written into the labelround server's own database, since simulated workers would work in step with the clock
    of each job.
    """
    stop, counts = threading.Event(), list[int]()

    def run() -> None:
        while True:
            with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
                changed = connection.execute(_CHANGE, (int(1000 * time.time()), one_in, len(counts) % one_in))
                counts.append(changed.rowcount)
            if stop.wait(every):
                return

    thread = threading.Thread(target=run, name="changes")
    thread.start()
    try:
        yield counts
    finally:
        stop.set()
        thread.join()
