"""The gates of a round: what its dataset must come up to before the round succeeds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from labelround.dataset.report import Report
from labelround.spec.model import LabelingRound
from labelround.wording import counted

SHOWN_CLASSES = 5
SHOWN_NAME = 40
"""So that what to do still fits into the message of a condition."""


def held_back(round: LabelingRound, report: Report) -> str:
    """Why the dataset does not come up to the gates, with figure and limit, and what to do; "" when it does."""
    unmet = list(_unmet(round, report))
    if not unmet:
        return ""
    place = f"s3://{round.bucket}/{round.output_prefix}"
    fix = "look at it, then change the limit or take it away, and the round succeeds; or make a new round"
    return f"the dataset at {place} is held back: {'; '.join(unmet)}; {fix}"


def _unmet(round: LabelingRound, report: Report) -> Iterator[str]:
    gates, images, quality = round.quality, report.images, report.quality
    yield from _above("maxFailedShare", gates.max_failed_share, images.failed, images.total, "images failed")
    unlabeled = (images.unlabeled, images.total, "images are unlabeled")
    yield from _above("maxUnlabeledShare", gates.max_unlabeled_share, *unlabeled)
    if quality is not None:
        suspicious = (quality.suspicious_boxes, report.boxes.written, "boxes look wrong (labelround stats names them)")
        yield from _above("maxSuspiciousShare", gates.max_suspicious_share, *suspicious)
    elif gates.max_suspicious_share is not None:
        yield "spec.quality.maxSuspiciousShare cannot be judged, since an earlier version made the dataset"
    if gates.min_boxes_per_class is not None:
        yield from _below(gates.min_boxes_per_class, report)


def _above(name: str, limit: float | None, count: int, of: int, what: str) -> Iterator[str]:
    if limit is not None and of and count / of > limit:  # the quotient, for 0.29 * 100 is less than 29
        yield f"{count} of {of} {what}, a share of {count / of:.4g}, and spec.quality.{name} is {limit:g}"


def _below(least: int, report: Report) -> Iterator[str]:
    """Every label counts, also one that was never drawn."""
    few = [(name, boxes) for name, boxes in report.boxes.by_class.items() if boxes < least]
    if few:
        listed = ", ".join(f"{name[:SHOWN_NAME]}: {boxes}" for name, boxes in islice(few, SHOWN_CLASSES))
        more = (
            f" and {counted(len(few) - SHOWN_CLASSES, 'more class', 'more classes')}"
            if len(few) > SHOWN_CLASSES
            else ""
        )
        yield f"too few boxes of {listed}{more}, and spec.quality.minBoxesPerClass is {least}"
