"""Rounds that are watched: a line for each change, until all of them have ended."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from labelround.cli.roundtable import NONE, as_data, headers, row
from labelround.shown import ShownRound


def changes(seen: Iterable[Sequence[ShownRound]], output: str, *, namespaces: bool) -> Iterator[str]:
    """Every change in `seen`, as a row of a table, a line of JSON or a YAML document.

    Ends once every round has ended or is gone.
    """
    rows = _Rows(namespaces)
    known: dict[str, ShownRound] = {}
    for rounds in seen:
        if output == "table":
            yield from rows.of(rounds)
        now = {round.uid: round for round in rounds}
        for uid, round in now.items():
            if uid not in known or as_data(known[uid]) != as_data(round):
                yield from rows.changed(round) if output == "table" else _document(as_data(round), output)
        for uid in known.keys() - now.keys():
            gone = {**as_data(known[uid]), "deleted": True}
            yield from rows.gone(known[uid]) if output == "table" else _document(gone, output)
        known = now
        if all(round.ended for round in rounds):
            return


def _document(data: dict[str, Any], output: str) -> Iterator[str]:
    if output == "json":
        yield json.dumps(data, ensure_ascii=False)
    else:
        import yaml

        yield "---\n" + yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120).rstrip()


@dataclass
class _Rows:
    """Rows whose columns only ever grow."""

    namespaces: bool
    _widths: list[int] = field(default_factory=list)
    _told: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, rounds: Sequence[ShownRound]) -> Iterator[str]:
        """The header, the first time."""
        begun = bool(self._widths)
        for cells in (headers(namespaces=self.namespaces), *map(self._cells, rounds)):
            known = self._widths or [0] * len(cells)
            self._widths = [max(pair) for pair in zip(known, map(len, cells), strict=True)]
        if not begun:
            yield self._line(headers(namespaces=self.namespaces))

    def changed(self, round: ShownRound) -> Iterator[str]:
        """Its row, unless only what the table does not show has changed."""
        cells = self._cells(round)
        age = headers(namespaces=self.namespaces).index("AGE")
        told = (*cells[:age], *cells[age + 1 :])
        if self._told.get(round.uid) != told:
            self._told[round.uid] = told
            yield self._line(cells)

    def gone(self, round: ShownRound) -> Iterator[str]:
        """Its last row, with the phase for what has become of it."""
        cells = list(self._cells(round))
        phase = headers(namespaces=self.namespaces).index("PHASE")
        cells[phase:] = ["deleted", *(NONE for _ in cells[phase + 1 :])]
        yield self._line(cells)

    def _cells(self, round: ShownRound) -> Sequence[str]:
        return row(round, datetime.now(UTC), namespaces=self.namespaces)

    def _line(self, cells: Sequence[str]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(cells, self._widths, strict=True)).rstrip()
