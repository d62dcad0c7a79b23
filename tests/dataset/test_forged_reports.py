"""A report.json is believed only where it can be true: whoever may write the dataset's folder may forge one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.round.scenes import report

from labelround.dataset.report import LARGEST_COUNT, Report

IMAGES = {"total": 5, "labeled": 4, "empty": 1, "failed": 0, "unlabeled": 0}
QUALITY = {"sizes": {"small": 7}, "centers": [[3, 4]], "suspicious": {"tiny": 2}, "suspicious_boxes": 2}
FORGED: dict[str, dict[str, Any]] = {
    "a negative count": {"images": IMAGES | {"labeled": 6, "empty": -1}},
    "a count that fits into no status": {"images": IMAGES | {"total": 10**15, "labeled": 10**15 - 1}},
    "a count beyond 64 bits": {"images": IMAGES | {"total": 10**30, "labeled": 10**30 - 1}},
    "a total that is no sum": {"images": IMAGES | {"total": 6}},
    "boxes out of nothing": {"boxes": {"read": 7, "written": 8, "dropped": {}, "by_class": {}}},
    "boxes of which fewer than none were dropped": {
        "boxes": {"read": 7, "written": 8, "dropped": {"no area": -1}, "by_class": {}}
    },
    "a box without a size": {"quality": QUALITY | {"sizes": {"small": 6}}},
    "a box in two places": {"quality": QUALITY | {"centers": [[8]]}},
    "fewer than no boxes of a size": {"quality": QUALITY | {"sizes": {"small": 8, "large": -1}}},
    "more suspicious boxes than boxes": {"quality": QUALITY | {"suspicious_boxes": 8}},
    "more boxes of a kind than suspicious ones": {"quality": QUALITY | {"suspicious": {"tiny": 3}}},
    "a digest that is too long": {"digest": "f" * 200},
    "a digest with a line feed": {"digest": "f" * 64 + "\n"},
    "a digest in capitals": {"digest": "F" * 64},
    "no digest": {"digest": ""},
    "a format that nobody knows": {"format": "Paper"},
}


def changed(**fields: Any) -> bytes:
    """A good report with other fields."""
    return json.dumps(json.loads(report().to_json()) | fields).encode()


@pytest.mark.parametrize("fields", FORGED.values(), ids=FORGED)
def test_a_report_that_cannot_be_true_is_none(fields: dict[str, Any]) -> None:
    """Its dataset counts as not made, and no status shows it."""
    parsed = Report.parse(changed(**fields))

    assert parsed is None


def test_the_largest_counts_are_believed() -> None:
    """A status has room for two of them."""
    images = IMAGES | {"total": LARGEST_COUNT, "labeled": LARGEST_COUNT - 1}

    parsed = Report.parse(changed(images=images))

    assert parsed is not None
    assert len(f"{LARGEST_COUNT}/{LARGEST_COUNT}") <= 32


def test_a_report_with_or_without_figures_of_its_boxes_is_believed() -> None:
    """A report of a time before they were counted has none."""
    parsed = [Report.parse(changed(quality=quality)) for quality in (QUALITY, None)]

    assert [report is not None and report.quality is not None for report in parsed] == [True, False]


def test_a_report_as_it_is_written_is_believed() -> None:
    """Field by field."""
    parsed = Report.parse(report().to_json())

    assert parsed == report()
