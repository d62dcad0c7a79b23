"""The first problems of an input, and how many there are."""

from __future__ import annotations

from labelround.errors import SHOWN_PROBLEMS, InvalidManifest, Problem


class Problems:
    """Collects what is wrong with an input, in bounded memory, so that all of it can be told at once."""

    def __init__(self) -> None:
        self.kept: list[Problem] = []
        self.total = 0

    def add(self, where: str, what: str, fix: str = "") -> None:
        self.total += 1
        if len(self.kept) < SHOWN_PROBLEMS:
            self.kept.append(Problem(where, what, fix))

    def raise_any(self) -> None:
        """Raise InvalidManifest when anything was added."""
        if self.total:
            raise InvalidManifest(self.kept, total=self.total)
