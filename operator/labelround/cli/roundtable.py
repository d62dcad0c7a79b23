"""Rounds of a cluster as rows of a table, as wide as kubectl's `-o wide`, and as data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from labelround.cli.durations import since
from labelround.cli.output import table
from labelround.shown import ShownRound

COLUMNS = ("NAME", "PHASE", "LABELED", "FAILED", "BOXES", "AGE", "REASON", "MESSAGE")
NONE = "-"


def round_table(
    rounds: Iterable[ShownRound], now: datetime, *, namespaces: bool, width: int | None = None
) -> list[str]:
    """A header and one line a round; cut at `width` characters, for a terminal. `namespaces` adds theirs."""
    lines = table(headers(namespaces=namespaces), [row(round, now, namespaces=namespaces) for round in rounds])
    return [_cut(line, width) for line in lines]


def headers(*, namespaces: bool) -> tuple[str, ...]:
    """The names of the columns of `row`."""
    return ("NAMESPACE", *COLUMNS) if namespaces else COLUMNS


def row(round: ShownRound, now: datetime, *, namespaces: bool) -> tuple[str, ...]:
    """The cells of one round."""
    images, dataset = round.images, round.status.get("dataset") or {}
    first = round.message.splitlines()
    cells = (
        round.name,
        f"{round.phase}, being deleted" if round.deleted else round.phase,
        str(round.status.get("progress", NONE)),
        str(images.get("failed", 0)) if images else NONE,
        str(dataset.get("boxes", NONE)),
        since(round.created, now),
        round.reason or NONE,
        first[0] if first else "",
    )
    return (round.namespace, *cells) if namespaces else cells


def as_data(round: ShownRound) -> dict[str, Any]:
    """One round for `-o json` and `-o yaml`: who it is, and its status as it stands."""
    metadata = {"namespace": round.namespace, "name": round.name, "uid": round.uid}
    deleted = {"deletionTimestamp": round.deleted} if round.deleted else {}
    return {"metadata": {**metadata, **deleted}, "status": dict(round.status)}


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"
