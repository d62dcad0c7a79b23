"""docs/speed.md shows the figures that were kept, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.peers import page as peers_page
from benchmarks.peers.result import Result, decode
from benchmarks.store import measuring, page

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "benchmarks" / "results"


@pytest.fixture
def document() -> str:
    return (REPOSITORY / "docs" / "speed.md").read_text(encoding="utf-8")


def conversions() -> list[Result]:
    """All runs that are kept, by their size."""
    found = [decode(path.read_bytes()) for path in RESULTS.glob("conversion-*.json")]
    return sorted(found, key=lambda result: result.lines)


def test_the_document_compares_conversions_as_they_were_measured(document: str) -> None:
    """Every number of lines that a run is kept of, and every program."""
    assert peers_page.table(conversions()) in document


def test_the_document_compares_stores_as_they_were_measured(document: str) -> None:
    """Written and listed."""
    result = measuring.decode((RESULTS / "store.json").read_bytes())

    assert page.written(result) in document
    assert page.listed(result) in document


@pytest.mark.parametrize("result", conversions(), ids=lambda result: str(result.lines))
def test_a_page_is_what_its_figures_say(result: Result) -> None:
    """The page that people read follows from the figures beside it."""
    kept = (RESULTS / f"conversion-{result.lines}.md").read_text(encoding="utf-8")

    assert kept == peers_page.render(result)
    assert result.wrong() == []
