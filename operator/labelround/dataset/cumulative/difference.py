"""What differs between two datasets: images, boxes, splits and classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labelround.dataset.boxes import Box
from labelround.dataset.cumulative.records import Records, Said
from labelround.dataset.cumulative.source import open_sources, read_images
from labelround.dataset.database import open_database
from labelround.dataset.scratch import scratch_folder
from labelround.progress import NoProgress, Progress
from labelround.storage import Folder
from labelround.uri import SCHEME

LISTED_IMAGES = 1000


@dataclass(slots=True)
class Counts:
    """How many were added, removed and changed, and how many are as they were."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    unchanged: int = 0

    @property
    def is_same(self) -> bool:
        """Whether nothing was added, removed or changed."""
        return not (self.added or self.removed or self.changed)


@dataclass(slots=True)
class ClassCounts:
    """One class: its class id in each dataset (None: not there), and what became of its boxes.

    A box that has another class now is changed in that class.
    """

    name: str
    old_id: int | None
    new_id: int | None
    boxes: Counts = field(default_factory=Counts)


@dataclass(slots=True)
class Difference:
    """What differs between the datasets `old` and `new`, of which these are the places and the digests.

    An image is changed when its boxes, its size, its name or its split is another; `relabeled`, `renamed` and `moved`
    count these. Of images that were added, removed and changed the addresses of the first 1,000 are listed.
    """

    old: str
    new: str
    old_digest: str
    new_digest: str
    classes: Sequence[ClassCounts]
    images: Counts = field(default_factory=Counts)
    boxes: Counts = field(default_factory=Counts)
    relabeled: int = 0
    renamed: int = 0
    moved: int = 0
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether both datasets teach the same."""
        return self.images.is_same and all(one.old_id == one.new_id for one in self.classes)


def compare(old: Folder, new: Folder, *, progress: Progress | None = None, scratch: Path | None = None) -> Difference:
    """What differs. Raises InvalidInput for a folder that holds no dataset of labelround."""
    sources, told = open_sources([old, new]), progress or NoProgress()
    before, after = (one.report.classes for one in sources)
    labels = {label: index for index, label in enumerate(dict.fromkeys([*before, *after]))}
    found = Difference(
        old=sources[0].name,
        new=sources[1].name,
        old_digest=sources[0].report.digest,
        new_digest=sources[1].report.digest,
        classes=[ClassCounts(label, _place(label, before), _place(label, after)) for label in labels],
    )
    told.start("reading datasets", len(sources), "datasets")
    with scratch_folder(scratch) as folder, open_database(folder / "index.db") as connection:
        records = Records(connection)
        for number, source in enumerate(sources):
            records.load(number, read_images(source, labels, folder))
            told.advance()
        records.seal()
        for said in records.by_image():
            members = {one.source: one for one in said if one.state.in_dataset}
            _image(members.get(0), members.get(1), found)
    return found


def _place(label: str, labels: Sequence[str]) -> int | None:
    return labels.index(label) if label in labels else None


def _image(old: Said | None, new: Said | None, found: Difference) -> None:
    """Count one image, as each dataset has it."""
    if old is None and new is None:
        return
    _count_boxes(old.boxes if old else [], new.boxes if new else [], found)
    if old is None or new is None:
        word, listed = (new, found.added) if old is None else (old, found.removed)
        found.images.added += old is None
        found.images.removed += new is None
    else:
        word, listed = new, found.changed
        relabeled, renamed, moved = not old.draws_like(new), old.name != new.name, old.part != new.part
        found.relabeled += relabeled
        found.renamed += renamed
        found.moved += moved
        if not (relabeled or renamed or moved):
            found.images.unchanged += 1
            return
        found.images.changed += 1
    if word is not None and len(listed) < LISTED_IMAGES:
        listed.append(SCHEME + word.ref)


def _count_boxes(old: list[Box], new: list[Box], found: Difference) -> None:
    """Count the boxes of one image.

    A box is changed when another has its place, or when the image has another of its class instead.
    """
    before, after = Counter(old), Counter(new)
    same, gone, come = before & after, before - after, after - before
    for box in list(gone):
        other = next((one for one in come if one[1:] == box[1:]), None)
        if other is not None:
            gone[box] -= 1
            come[other] -= 1
            gone, come = +gone, +come
            _add(found, other[0], "changed", 1)
    lost, won = Counter(box[0] for box in gone.elements()), Counter(box[0] for box in come.elements())
    for what, counted in (("changed", lost & won), ("removed", lost - won), ("added", won - lost)):
        for class_id, number in counted.items():
            _add(found, class_id, what, number)
    for class_id, number in Counter(box[0] for box in same.elements()).items():
        _add(found, class_id, "unchanged", number)


def _add(found: Difference, class_id: int, what: str, number: int) -> None:
    for counts in (found.boxes, found.classes[class_id].boxes):
        setattr(counts, what, getattr(counts, what) + number)
