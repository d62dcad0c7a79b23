"""How long work reports its progress; the command line draws it, tests and the operator ignore it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the progress of one thing at a time."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Begin `what` (a sentence for a person) with `total` units (None: unknown)."""
        ...

    def advance(self, count: int = 1) -> None:
        """`count` more units are done."""
        ...


class NoProgress:
    """Reports nothing."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        return

    def advance(self, count: int = 1) -> None:
        return
