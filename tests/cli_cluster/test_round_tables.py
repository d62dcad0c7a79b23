"""Rounds as rows, and the rows of a watch."""

from __future__ import annotations

import json
from typing import Any

import yaml
from tests.cli_cluster.shown_rounds import NOW, deleted, failed, labeling, round_of, stalled, succeeded

from labelround.cli.roundtable import round_table
from labelround.cli.watching import changes


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_a_table_shows_what_kubectl_shows_and_why() -> None:
    """The message's first line closes the row."""
    rounds = [round_of(labeling()), round_of(succeeded(), name="pens-2"), round_of({}, name="x")]

    lines = round_table(rounds, NOW, namespaces=False)

    assert lines == [
        "NAME    PHASE      LABELED  FAILED  BOXES  AGE  REASON        MESSAGE",
        "pens-1  Labeling   37/120   2       -      24h  Labeling      waiting for workers; 37 of 120 images labeled",
        "pens-2  Succeeded  118/120  2       301    24h  DatasetReady  118 images and 301 boxes in the dataset",
        "x       -          -        -       -      24h  -",
    ]


def test_a_table_over_all_namespaces_names_them() -> None:
    """In front, as kubectl does."""
    lines = round_table([round_of(labeling())], NOW, namespaces=True)

    assert lines[0].startswith("NAMESPACE  NAME")
    assert lines[1].startswith("team-a     pens-1")


def test_a_table_is_cut_at_the_terminals_edge() -> None:
    """A row is a line."""
    lines = round_table([round_of(stalled(message="m" * 300 + "\nmore"))], NOW, namespaces=False, width=80)

    assert len(lines) == 2
    assert len(lines[1]) == 80
    assert lines[1].endswith("m…")


def test_a_watch_prints_a_row_for_each_change_and_ends_with_the_rounds() -> None:
    """A look that finds nothing new prints nothing."""
    looks = [
        [round_of(labeling(1)), round_of(labeling(2), name="pens-2")],
        [round_of(labeling(1)), round_of(labeling(2), name="pens-2")],
        [round_of(labeling(9)), round_of(failed(), name="pens-2")],
        [round_of(succeeded()), round_of(failed(), name="pens-2")],
        [round_of(stalled())],
    ]

    lines = list(changes(looks, "table", namespaces=False))

    assert [cells(line)[:3] for line in lines] == [
        ["NAME", "PHASE", "LABELED"],
        ["pens-1", "Labeling", "1/120"],
        ["pens-2", "Labeling", "2/120"],
        ["pens-1", "Labeling", "9/120"],
        ["pens-2", "Failed", "-"],
        ["pens-1", "Succeeded", "118/120"],
    ]


def test_a_watch_tells_that_a_round_was_deleted() -> None:
    """First that it is asked to go, then that it is gone; with the last one the watch ends."""
    looks = [[round_of(labeling())], [round_of(labeling(), metadata=deleted())], []]

    lines = list(changes(looks, "table", namespaces=True))

    assert [cells(line)[2] for line in lines[1:]] == ["Labeling", "Labeling, being deleted", "deleted"]


def test_a_watch_as_data_is_one_document_a_change() -> None:
    """A line of JSON, or a YAML document."""
    looks = [[round_of(labeling())], [round_of(labeling())], []]

    lines = list(changes(looks, "json", namespaces=False))
    documents: list[Any] = list(yaml.safe_load_all("\n".join(changes(looks, "yaml", namespaces=False))))

    assert [json.loads(line) for line in lines] == documents
    assert [document.get("deleted") for document in documents] == [None, True]
    assert documents[0]["status"]["progress"] == "37/120"
