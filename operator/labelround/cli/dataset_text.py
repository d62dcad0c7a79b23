"""What `pull` and `validate` print: documents for programs, lines for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from labelround.errors import SHOWN_PROBLEMS

if TYPE_CHECKING:
    from labelround.dataset.pull import PullSummary
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
