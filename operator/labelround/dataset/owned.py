"""Which files in an output folder are ours, and which of those are no longer wanted.

Before anything is written or deleted, the paths of all files that may then be there go into a list in the output
folder; it goes away when the dataset is complete. So whatever interrupts a conversion, the next one knows what it left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from labelround.dataset.database import ROWS_A_STEP
from labelround.dataset.formats import IMAGES, INDEX, PARTS, SIGNATURE, UNFINISHED, format_of
from labelround.dataset.lines import read_lines
from labelround.dataset.report import Report
from labelround.dataset.tables import read_rows
from labelround.errors import ObjectNotFound
from labelround.parallel import batched, in_threads
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Folder, key_problem

_SCHEMA = """
CREATE TABLE wanted (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE present (path TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_STALE = "SELECT path FROM present EXCEPT SELECT path FROM wanted ORDER BY path"
_ALL = "SELECT path FROM present UNION SELECT path FROM wanted ORDER BY path"


def previous_files(output: Folder, report: Report | None) -> Iterator[str]:
    """The paths that the last conversion wrote, or may have written when it was interrupted."""
    yield SIGNATURE  # of whatever was there, so that it never stands beside another report
    yield from _lines(output, UNFINISHED)
    if report is None:
        return
    yield from report.files
    yield from report.previews
    layout = format_of(OutputFormat(report.format))
    copied = report.options.images == ImagesMode.COPY.value
    for row in read_rows(f"{line}\n" for line in _lines(output, IMAGES)):
        if row.get("split"):
            if row.get("label_file"):
                yield row["label_file"]
            if copied and row.get("image"):
                yield from layout.image_files(row["image"], report.lists(row["split"]))


def _lines(output: Folder, name: str) -> Iterator[str]:
    """The lines of a file of ours; none when it is not there."""
    try:
        for _, line, _ in read_lines(output.chunks(name)):
            yield line.decode(errors="replace")
    except ObjectNotFound:
        return


def tidy(output: Folder) -> None:
    """The dataset is complete: take away what parts of a conversion have passed on, and end.

    Can be done again from wherever it was interrupted.
    """
    passed = (path for path in _lines(output, UNFINISHED) if path.startswith(f"{PARTS}/") and path != INDEX)
    for _ in in_threads(output.delete, passed):
        pass
    end(output)


def end(output: Folder) -> None:
    """The dataset is complete, and the list of all files goes away.

    Parts that are still there know so by the index, which goes last.
    """
    output.delete(UNFINISHED)
    output.delete(INDEX)


class OwnedFiles:
    """The files that were there and those that are wanted, in tables of `connection`."""

    def __init__(self, connection: sqlite3.Connection, output: Folder) -> None:
        self._connection = connection
        self._output = output
        connection.executescript(_SCHEMA)

    def note(self, *, present: Iterable[str], wanted: Iterable[str]) -> None:
        """Note paths; a path that no conversion can have written is left alone."""
        self._insert("present", (path for path in present if not key_problem(path)))
        self._insert("wanted", wanted)

    def _insert(self, table: str, paths: Iterable[str]) -> None:
        self._connection.execute("BEGIN")
        for batch in batched(paths, ROWS_A_STEP):
            self._connection.executemany(
                f"INSERT OR IGNORE INTO {table} VALUES (?)",  # noqa: S608 one of two tables
                [(path,) for path in batch],
            )
        self._connection.execute("COMMIT")

    def begin(self, scratch: Path) -> None:
        """Write the list of all files that may be there from now on."""
        path = scratch / UNFINISHED
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(f"{path}\n" for (path,) in self._connection.execute(_ALL))
        with path.open("rb") as content:
            self._output.write_stream(UNFINISHED, content)

    def delete_stale(self) -> None:
        """Delete what is no longer wanted."""
        stale = (path for (path,) in self._connection.execute(_STALE))
        for _ in in_threads(self._output.delete, stale):
            pass
