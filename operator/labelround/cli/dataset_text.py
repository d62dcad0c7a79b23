"""What `pull`, `validate` and `stats` print: documents for programs, lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labelround.cli.output import table
from labelround.errors import SHOWN_PROBLEMS

if TYPE_CHECKING:
    from labelround.dataset.pull import PullSummary
    from labelround.dataset.stats import DatasetStats, Spread
    from labelround.dataset.validate import Finding, Validation


def pull_document(summary: PullSummary) -> dict[str, Any]:
    return {
        "dataset": summary.dataset,
        "folder": summary.folder,
        "images": summary.images,
        "imagesWritten": summary.written,
        "imagesSetUpright": summary.set_upright,
        "filesWritten": summary.files,
        "replaced": list(summary.replaced),
        "removed": list(summary.removed),
    }


def pull_lines(summary: PullSummary) -> Iterator[str]:
    present = summary.images - summary.written
    yield f"{summary.images} images: {summary.written} placed, {present} there already"
    if summary.set_upright:
        yield f"{summary.set_upright} of them held an orientation tag, which was set upright"
    if summary.removed:
        yield f"{len(summary.removed)} files of an earlier version were removed"
    yield summary.folder


def validation_document(validation: Validation) -> dict[str, Any]:
    from labelround.dataset.validate import Severity

    def document(finding: Finding) -> dict[str, str]:
        return {"rule": finding.rule.value, "where": finding.where, "what": finding.what, "fix": finding.fix}

    return {
        "dataset": validation.dataset,
        "valid": validation.is_valid,
        "images": validation.images,
        "imagesRead": validation.read,
        "boxes": validation.boxes,
        "errors": [document(finding) for finding in validation.of(Severity.ERROR)],
        "warnings": [document(finding) for finding in validation.of(Severity.WARNING)],
    }


def validation_lines(validation: Validation) -> Iterator[str]:
    """Errors first; of each rule the first twenty findings."""
    from labelround.dataset.validate import Severity

    for severity in Severity:
        findings = validation.of(severity)
        counts: Counter[str] = Counter()
        for finding in findings:
            counts[finding.rule.value] += 1
            if counts[finding.rule.value] <= SHOWN_PROBLEMS:
                yield f"{severity.value}: {finding}"
        for rule, count in counts.items():
            if count > SHOWN_PROBLEMS:
                yield f"{severity.value}: ... and {count - SHOWN_PROBLEMS} more of {rule}"
    errors, warnings = len(validation.of(Severity.ERROR)), len(validation.of(Severity.WARNING))
    yield (
        f"{validation.images} images ({validation.read} read), {validation.boxes} boxes:"
        f" {_count(errors, 'error')}, {_count(warnings, 'warning')}"
    )


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what if number == 1 else what + 's'}"


def stats_document(numbers: DatasetStats) -> dict[str, Any]:
    return {
        "dataset": numbers.dataset,
        "format": numbers.format,
        "images": numbers.total,
        "backgroundImages": numbers.background,
        "boxes": numbers.boxes,
        "splits": dict(numbers.splits),
        "states": dict(numbers.states),
        "classes": [
            {
                "id": each.class_id,
                "name": each.name,
                "images": each.images,
                "boxes": each.boxes,
                "sidePixels": _spread(each.side),
            }
            for each in numbers.classes
        ],
        "boxesPerImage": _spread(numbers.boxes_per_image),
        "boxWidthPixels": _spread(numbers.box_width),
        "boxHeightPixels": _spread(numbers.box_height),
        "droppedBoxes": None if numbers.dropped is None else dict(numbers.dropped),
        "renamedImages": numbers.renamed,
    }


def _spread(spread: Spread | None) -> dict[str, float] | None:
    return {name: round(value, 1) for name, value in asdict(spread).items()} if spread else None


def stats_lines(numbers: DatasetStats) -> Iterator[str]:
    yield f"{numbers.format} dataset {numbers.dataset}"
    yield f"{numbers.total} images ({numbers.background} without boxes), {numbers.boxes} boxes"
    yield f"splits: {_counts(numbers.splits)}"
    if numbers.states:
        yield f"input images: {_counts(numbers.states)}"
    if numbers.dropped:
        yield f"dropped boxes: {_counts(numbers.dropped)}"
    if numbers.renamed:
        yield f"renamed images: {numbers.renamed}"
    spreads = (
        ("boxes per image", numbers.boxes_per_image),
        ("box width, pixels", numbers.box_width),
        ("box height, pixels", numbers.box_height),
    )
    rows = [(name, *_numbers(spread)) for name, spread in spreads if spread]
    if rows:
        yield ""
        yield from table(("", "min", "median", "max"), rows)
    yield ""
    yield from table(
        ("id", "class", "images", "boxes", "side, pixels: min", "median", "max"),
        [
            (str(each.class_id), each.name, str(each.images), str(each.boxes), *_numbers(each.side))
            for each in numbers.classes
        ],
    )


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _numbers(spread: Spread | None) -> tuple[str, str, str]:
    if spread is None:
        return ("-", "-", "-")
    return (f"{round(spread.min, 1):g}", f"{round(spread.median, 1):g}", f"{round(spread.max, 1):g}")
