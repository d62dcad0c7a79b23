"""What `merge` and `diff` print: documents for programs, lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from labelround.cli.output import table
from labelround.errors import SHOWN_PROBLEMS
from labelround.wording import counted

if TYPE_CHECKING:
    from labelround.dataset.cumulative import Difference, MergeResult
    from labelround.dataset.cumulative.difference import ClassCounts, Counts


def merge_document(result: MergeResult) -> dict[str, Any]:
    version = result.version
    return {
        "version": version.number,
        "made": result.made,
        "dataset": result.folder.uri(),
        "digest": version.digest,
        "created": version.created,
        "images": version.images,
        "boxes": version.boxes,
        "classes": list(result.report.classes),
        "splits": dict(result.report.splits),
        "imagesAdded": result.added,
        "imagesChanged": result.changed,
        "conflicts": result.conflicts,
        "warnings": list(result.report.warnings),
    }


def merge_lines(result: MergeResult) -> Iterator[str]:
    """What a person wants to know at once."""
    version = result.version
    of = f"{counted(version.images, 'image')}, {counted(version.boxes, 'box', 'boxes')}"
    of += f", {counted(version.classes, 'class', 'classes')}"
    if not result.made:
        yield f"nothing new: version {version.number} stays ({of})"
        return
    yield f"version {version.number}: {of}; {result.added} images added, {result.changed} changed"
    yield "split: " + ", ".join(f"{count} {part}" for part, count in result.report.splits.items() if count)
    for warning in result.report.warnings:
        yield f"warning: {warning}"


def diff_document(found: Difference) -> dict[str, Any]:
    return {
        "old": {"dataset": found.old, "digest": found.old_digest},
        "new": {"dataset": found.new, "digest": found.new_digest},
        "same": found.is_same,
        "images": {
            **_counts(found.images),
            "relabeled": found.relabeled,
            "renamed": found.renamed,
            "moved": found.moved,
        },
        "boxes": _counts(found.boxes),
        "classes": [
            {"name": one.name, "oldID": one.old_id, "newID": one.new_id, **_counts(one.boxes)} for one in found.classes
        ],
        "addedImages": found.added,
        "removedImages": found.removed,
        "changedImages": found.changed,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
    }


def diff_lines(found: Difference) -> Iterator[str]:
    """Counts, classes, then the first images with a sign each."""
    yield f"old: {found.old}"
    yield f"new: {found.new}"
    if found.is_same:
        boxes = counted(found.boxes.unchanged, "box", "boxes")
        yield f"no difference: the same {counted(found.images.unchanged, 'image')} and {boxes}"
        return
    yield ""
    header = ("", "added", "removed", "changed", "unchanged")
    yield from table(header, [_row("images", found.images), _row("boxes", found.boxes)])
    changes = ((found.relabeled, "other boxes"), (found.renamed, "another name"), (found.moved, "another split"))
    if found.images.changed:
        yield "changed images: " + ", ".join(f"{count} with {what}" for count, what in changes if count)
    yield ""
    yield from table(("class", "id", *header[1:]), [_class_row(one) for one in found.classes])
    listed = (("+", found.added, found.images.added), ("-", found.removed, found.images.removed))
    for sign, images, count in (*listed, ("~", found.changed, found.images.changed)):
        if images:
            yield ""
        yield from (f"{sign} {image}" for image in images[:SHOWN_PROBLEMS])
        if count > SHOWN_PROBLEMS:
            yield f"{sign} ... and {count - SHOWN_PROBLEMS} more"


def _row(name: str, counts: Counts) -> tuple[str, ...]:
    return name, *map(str, _counts(counts).values())


def _class_row(one: ClassCounts) -> tuple[str, ...]:
    ids = [("-" if number is None else str(number)) for number in (one.old_id, one.new_id)]
    return one.name, ids[0] if ids[0] == ids[1] else " -> ".join(ids), *_row("", one.boxes)[1:]
