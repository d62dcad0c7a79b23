"""What `stats` prints: a document for programs, lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from labelround.cli.output import table
from labelround.dataset.quality.agreement import percent
from labelround.dataset.quality.suspicion import Suspicion
from labelround.errors import SHOWN_PROBLEMS
from labelround.spec.wording import printable
from labelround.wording import counted

if TYPE_CHECKING:
    from labelround.dataset.quality.agreement import Agreement, ClassAgreement
    from labelround.dataset.quality.found import FoundBox
    from labelround.dataset.quality.leakage import Leakage
    from labelround.dataset.stats import ClassStats, DatasetStats, Spread, Suspicious

PIXEL_DIGITS, SHARE_DIGITS = 1, 4


def stats_document(
    numbers: DatasetStats, leakage: Leakage | None = None, agreement: Agreement | None = None
) -> dict[str, Any]:
    shapes = numbers.shapes
    return {
        "dataset": numbers.dataset,
        "format": numbers.format,
        "images": numbers.total,
        "backgroundImages": numbers.background,
        "boxes": numbers.boxes,
        "splits": dict(numbers.splits),
        "states": dict(numbers.states),
        "classes": [_class_document(each, numbers.boxes) for each in numbers.classes],
        "largestToSmallestClass": None if numbers.imbalance is None else round(numbers.imbalance, PIXEL_DIGITS),
        "boxesPerImage": _spread(numbers.boxes_per_image),
        "boxWidthPixels": _spread(shapes.width),
        "boxHeightPixels": _spread(shapes.height),
        "boxAspectRatio": _spread(shapes.aspect, SHARE_DIGITS),
        "boxAreaShare": _spread(shapes.area, SHARE_DIGITS),
        "boxCenterX": _spread(shapes.center_x, SHARE_DIGITS),
        "boxCenterY": _spread(shapes.center_y, SHARE_DIGITS),
        "boxCenters": [list(row) for row in shapes.centers],
        "boxSizes": None if shapes.sizes is None else dict(shapes.sizes),
        "suspicious": _suspicious_document(numbers.suspicious),
        "leakage": None if leakage is None else _leakage_document(leakage),
        "agreement": None if agreement is None else _agreement_document(agreement),
        "droppedBoxes": None if numbers.dropped is None else dict(numbers.dropped),
        "renamedImages": numbers.renamed,
    }


def _class_document(each: ClassStats, boxes: int) -> dict[str, Any]:
    return {
        "id": each.class_id,
        "name": each.name,
        "images": each.images,
        "boxes": each.boxes,
        "share": round(each.boxes / boxes, SHARE_DIGITS) if boxes else 0.0,
        "splits": dict(each.splits),
        "sidePixels": _spread(each.side),
    }


def _spread(spread: Spread | None, digits: int = PIXEL_DIGITS) -> dict[str, float] | None:
    return {name: round(value, digits) for name, value in asdict(spread).items()} if spread else None


def _suspicious_document(suspicious: Suspicious) -> dict[str, Any]:
    return {
        "limits": asdict(suspicious.limits),
        "boxes": suspicious.boxes,
        "counts": {kind.value: count for kind, count in suspicious.counts.items()},
        "found": [_found_document(found) for found in suspicious.found],
    }


def _found_document(found: FoundBox) -> dict[str, Any]:
    return {
        "kind": found.kind.value,
        "image": found.image_file,
        "labelFile": found.label_file,
        "line": found.line,
        "class": found.name,
        "value": round(found.value, SHARE_DIGITS),
        "otherLine": found.other_line,
    }


def _leakage_document(leakage: Leakage) -> dict[str, Any]:
    return {
        "distance": leakage.distance,
        "imagesCompared": leakage.compared,
        "imagesHeldOut": leakage.held_out,
        "imagesLeaked": leakage.leaked,
        "leakedShare": round(leakage.share, SHARE_DIGITS),
        "leaks": [
            {
                "image": leak.image_file,
                "split": leak.split,
                "twin": leak.twin,
                "twinSplit": leak.twin_split,
                "sameBytes": leak.same_bytes,
                "distance": leak.distance,
            }
            for leak in leakage.leaks
        ],
        "imagesUnread": list(leakage.unread),
    }


def _agreement_document(agreement: Agreement) -> dict[str, Any]:
    def document(each: ClassAgreement) -> dict[str, Any]:
        shares = {"agreement": each.agreement, "overlap": each.overlap}
        rounded = {name: None if share is None else round(share, SHARE_DIGITS) for name, share in shares.items()}
        return {"boxes": each.boxes, "pairs": each.pairs, **rounded}

    return {
        "images": agreement.images,
        "imagesCompared": agreement.compared,
        **document(agreement.total),
        "classes": [{"name": each.name, **document(each)} for each in agreement.classes],
        "lowest": [{"image": ref, "agreement": round(level, SHARE_DIGITS)} for ref, level in agreement.lowest],
    }


def stats_lines(
    numbers: DatasetStats, leakage: Leakage | None = None, agreement: Agreement | None = None
) -> Iterator[str]:
    yield f"{numbers.format} dataset {numbers.dataset}"
    yield f"{numbers.total} images ({numbers.background} without boxes), {numbers.boxes} boxes"
    yield f"splits: {_counts(numbers.splits)}"
    if numbers.states:
        yield f"input images: {_counts(numbers.states)}"
    if numbers.dropped:
        yield f"dropped boxes: {_counts(numbers.dropped)}"
    if numbers.renamed:
        yield f"renamed images: {numbers.renamed}"
    if numbers.shapes.sizes:
        yield f"box sizes: {_counts(numbers.shapes.sizes)}"
    rows = [(name, *spread.texts()) for name, spread in numbers.spreads()]
    if rows:
        yield ""
        yield from table(("", "min", "median", "max"), rows)
    yield from _classes(numbers)
    yield from _suspicious(numbers.suspicious)
    if leakage is not None:
        yield from _leakage(leakage)
    if agreement is not None:
        yield from _agreement(agreement)


def _classes(numbers: DatasetStats) -> Iterator[str]:
    """One line a class, then what of their balance a trainer would feel."""
    splits = list(numbers.splits)
    yield ""
    yield from table(
        ("id", "class", "images", "boxes", "share", *splits, "side, pixels: min", "median", "max"),
        [
            (
                str(each.class_id),
                each.name,
                str(each.images),
                str(each.boxes),
                f"{each.boxes / numbers.boxes:.1%}" if numbers.boxes else "-",
                *(str(each.splits[split]) for split in splits),
                *(each.side.texts() if each.side else ("-", "-", "-")),
            )
            for each in numbers.classes
        ],
    )
    if numbers.imbalance is not None and numbers.imbalance > 1:
        yield f"the largest class has {numbers.imbalance:.1f} times the boxes of the smallest"
    for each in numbers.classes:
        without = [split for split in splits if not each.splits[split]]
        if without and numbers.boxes:
            yield f"no box of class {each.class_id} ({each.name}) in {', '.join(without)}"


def _suspicious(suspicious: Suspicious) -> Iterator[str]:
    """The first twenty of each kind."""
    if not suspicious.boxes:
        return
    yield ""
    yield f"{counted(suspicious.boxes, 'suspicious box', 'suspicious boxes')}:"
    for kind in Suspicion:
        found = [each for each in suspicious.found if each.kind is kind][:SHOWN_PROBLEMS]
        yield from (f"  {printable(str(each))}" for each in found)
        if more := suspicious.counts[kind] - len(found):
            yield f"  ... and {more} more of {kind.value}"


def _leakage(leakage: Leakage) -> Iterator[str]:
    """How many leak, and the first twenty."""
    yield ""
    yield str(leakage)
    yield from (f"  {printable(str(leak))}" for leak in leakage.leaks[:SHOWN_PROBLEMS])
    if (more := len(leakage.leaks) - SHOWN_PROBLEMS) > 0:
        yield f"  ... and {more} more"


def _agreement(agreement: Agreement) -> Iterator[str]:
    """By class, then the pictures on which workers agree least."""
    yield ""
    if not agreement.compared:
        yield f"none of {counted(agreement.images, 'picture')} was labeled by several workers"
        return
    yield (
        f"workers agree on {percent(agreement.total.agreement)} of their boxes"
        f" ({counted(agreement.compared, 'picture')} of {agreement.images} labeled by several)"
    )
    yield from table(
        ("class", "boxes compared", "agreement", "overlap"),
        [
            (printable(each.name), str(each.boxes), percent(each.agreement), percent(each.overlap))
            for each in agreement.classes
        ],
    )
    yield from (f"  {printable(ref)}: {percent(level)}" for ref, level in agreement.lowest)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
