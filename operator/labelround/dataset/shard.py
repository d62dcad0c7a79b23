"""One shard: a contiguous range of the images, turned into label files and one part of every table.

Parts lie in a folder on disk, one file a table, and are merged by joining them in the order of the shards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

from labelround.dataset.annotation import STATE_WORDS, State
from labelround.dataset.boxes import Box, clip
from labelround.dataset.counts import Checked, Drop, Drops
from labelround.dataset.formats import ANNOTATIONS, IMAGES, Format, list_file
from labelround.dataset.imagetable import Entry
from labelround.dataset.joining import decode_contributions
from labelround.dataset.quality.figures import BoxFigures
from labelround.dataset.report import SHOWN_RENAMES, Renamed
from labelround.dataset.split import LISTED, PART_WORDS, Part, Placing
from labelround.dataset.tables import annotation_rows, cell
from labelround.uri import SCHEME

DIGESTS = "digests"
"""The part that holds `<sha256>  <path>` of every label file."""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A label file to write: the image it belongs to, its path in the dataset and its content."""

    entry: Entry
    path: str
    content: bytes


@dataclass(slots=True)
class Tally:
    """What a shard counted."""

    states: list[int] = field(default_factory=lambda: [0] * len(State))
    """By state."""
    splits: list[int] = field(default_factory=lambda: [0] * len(Part))
    """By part of the split."""
    classes: Counter[int] = field(default_factory=Counter)
    """Boxes by class id."""
    figures: BoxFigures = field(default_factory=BoxFigures)
    drops: Drops = field(default_factory=Drops)
    written: int = 0
    all_dropped: int = 0
    """Labeled images none of whose boxes is left."""
    renamed: int = 0
    renames: list[Renamed] = field(default_factory=list)
    checked: Checked = field(default_factory=Checked)

    def add(self, other: Tally) -> None:
        """Add what the next shard counted."""
        self.states = [a + b for a, b in zip(self.states, other.states, strict=True)]
        self.splits = [a + b for a, b in zip(self.splits, other.splits, strict=True)]
        self.classes.update(other.classes)
        self.figures.add(other.figures)
        self.drops.update(other.drops)
        self.written += other.written
        self.all_dropped += other.all_dropped
        self.renamed += other.renamed
        self.checked.add(other.checked)
        self.renames = [*self.renames, *other.renames][:SHOWN_RENAMES]


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """What every shard of a dataset needs.

    `job_tables` are the jobs whose own table is wanted, and `jobs` says which of them gave each source.
    """

    format: Format
    labels: tuple[str, ...]
    cut: Placing
    prefix: str
    jobs: Mapping[int, str]
    job_tables: Sequence[str]


def write_parts(entries: Iterable[Entry], plan: ShardPlan, folder: Path, tally: Tally) -> Iterator[LabelFile]:
    """Write the parts of one shard into `folder`, counting in `tally`, and give its label files to be written."""
    with ExitStack() as stack:
        parts = _Parts(plan, folder, stack)
        for entry in entries:
            made = _label(entry, plan, parts, tally)
            if made is not None:
                yield made


def job_part(number: int) -> str:
    """The part of the `number`-th job's table."""
    return f"job-{number}.csv"


class _Parts:
    """The open parts of one shard."""

    def __init__(self, plan: ShardPlan, folder: Path, stack: ExitStack) -> None:
        def opened(name: str) -> IO[str]:
            return stack.enter_context((folder / name).open("w", encoding="utf-8", newline=""))

        self.digests = opened(DIGESTS)
        self.images = opened(IMAGES)
        self.annotations = opened(ANNOTATIONS)
        self.lists = {part: opened(list_file(part)) for part in LISTED}
        self.jobs = {name: opened(job_part(number)) for number, name in enumerate(plan.job_tables)}
        self.categories = [cell(label) for label in plan.labels]


def _label(entry: Entry, plan: ShardPlan, parts: _Parts, tally: Tally) -> LabelFile | None:
    """One image in every part; its label file when it is in the dataset and the format has such files."""
    state, name = entry.state, cell(entry.name)
    tally.states[state] += 1
    _count_rename(entry, plan, tally)
    front = f"{cell(SCHEME + entry.ref)},{name}"
    back = f"{entry.width or ''},{entry.height or ''},{cell(entry.note)}\n"
    if not state.in_dataset:
        parts.images.write(f"{front},,,{STATE_WORDS[state]},0,{back}")
        return None
    boxes = _boxes(entry, name, plan, parts, tally)
    split = plan.cut.part(entry.place)
    for part in plan.cut.lists(split):
        tally.splits[part] += 1
        parts.lists[part].write(plan.format.list_line(entry.name))
    path = plan.format.label_file(entry.name)
    parts.images.write(f"{front},{cell(path)},{PART_WORDS[split]},{STATE_WORDS[state]},{len(boxes)},{back}")
    parts.annotations.write(annotation_rows(name, boxes, parts.categories, entry.width, entry.height))
    tally.written += len(boxes)
    tally.figures.count(boxes, entry.width, entry.height)
    tally.all_dropped += not boxes and state is State.LABELED
    for box in boxes:
        tally.classes[box[0]] += 1
    if not path:
        return None
    content = plan.format.label_content(entry.name, boxes, plan.labels, entry.width, entry.height)
    parts.digests.write(f"{sha256(content).hexdigest()}  {path}\n")
    return LabelFile(entry, path, content)


def _boxes(entry: Entry, name: str, plan: ShardPlan, parts: _Parts, tally: Tally) -> Sequence[Box]:
    """The boxes of an image as they go into the dataset; each is also in the table of the job that drew it."""
    seen: dict[Box, None] = {}
    for source, drawn in decode_contributions(entry.contributions):
        own: list[Box] = []
        for box in drawn:
            inside = clip(box, entry.width, entry.height)
            if inside is None:
                tally.drops[Drop.NO_AREA] += 1
            elif inside in seen:
                tally.drops[Drop.DUPLICATE] += 1
            else:
                seen[inside] = None
                own.append(inside)
        if source in plan.jobs:
            rows = annotation_rows(name, own, parts.categories, entry.width, entry.height)
            parts.jobs[plan.jobs[source]].write(rows)
    return list(seen)


def _count_rename(entry: Entry, plan: ShardPlan, tally: Tally) -> None:
    if entry.ref[len(plan.prefix) :] != entry.name:
        tally.renamed += 1
        if len(tally.renames) < SHOWN_RENAMES:
            tally.renames.append(Renamed(SCHEME + entry.ref, entry.name))
