"""Progress on stderr: a bar on a terminal, elsewhere one line per ten seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from labelround.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Display
    from rich.progress import TaskID

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Where work reports its progress; `stream` is stderr unless another is given."""
    target = stream or sys.stderr
    if not target.isatty():
        lines = Lines(target)
        yield lines
        lines.close()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Display

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Display(*columns, console=Console(file=target), transient=True) as display:
        yield Bars(display)


class Bars:
    """One bar at a time."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._task: TaskID | None = None

    def start(self, what: str, total: int | None, unit: str) -> None:
        if self._task is not None:
            self._display.remove_task(self._task)
        self._task = self._display.add_task(what, total=total)

    def advance(self, count: int = 1) -> None:
        if self._task is not None:
            self._display.advance(self._task, count)


class Lines:
    """A line once ten seconds have passed since the work began or since its last line: quick work tells nothing."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._what, self._unit = "", ""
        self._total: int | None = None
        self._done = 0
        self._told = clock()

    def start(self, what: str, total: int | None, unit: str) -> None:
        self._what, self._total, self._unit, self._done = what, total, unit, 0
        self._told = self._clock()

    def advance(self, count: int = 1) -> None:
        self._done += count
        now = self._clock()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            self._tell()

    def close(self) -> None:
        """Everything is done."""
        self._stream.flush()

    def _tell(self) -> None:
        of = f" of {self._total}" if self._total is not None else ""
        self._stream.write(f"{self._what}: {self._done}{of} {self._unit}\n")
        self._stream.flush()
