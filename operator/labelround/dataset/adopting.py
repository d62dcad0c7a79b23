"""An existing dataset as a source of a conversion: its boxes and backgrounds, its classes by name, its own split."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import msgspec

from labelround.dataset.annotation import State
from labelround.dataset.boxes import Box
from labelround.dataset.existing import SPLITS, UNSPLIT, Dataset, LabelRow, Listed, box_rows
from labelround.dataset.formats import ANNOTATIONS
from labelround.dataset.reading import IndexPass, Record, SourceSummary
from labelround.dataset.report import Origin
from labelround.dataset.source import ManifestSource
from labelround.dataset.split import PART_WORDS, Part
from labelround.errors import InvalidInput, ObjectNotFound, Problem
from labelround.parallel import in_threads
from labelround.spec.model import OutputFormat
from labelround.storage import Bucket, Buckets, Location
from labelround.uri import SCHEME, is_s3
from labelround.wording import counted

NEARLY_WHOLE = 0.01
"""Label files hold shares, which seldom give back whole pixels exactly: what is as near to one as this was one."""
DECIMALS = 3
_PARTS = dict(zip(PART_WORDS, Part, strict=True))
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class DatasetSource(ManifestSource):
    """A dataset that is read in the place of a manifest. `location` is that of its definition."""

    dataset: Dataset = field(kw_only=True)

    @property
    def keeps_split(self) -> bool:
        """Whether the dataset has a split of its own."""
        return any(split in SPLITS for split in self.dataset.splits)

    def origin(self, licence: str) -> Origin:
        """Where the dataset is from, as it says itself, but for a `licence` that is stated."""
        report = self.dataset.report
        known = report.options.origin if report else Origin()
        return replace(known, license=licence or known.license)


def dataset_source(dataset: Dataset, kind: OutputFormat, name: str) -> DatasetSource:
    """The dataset as a source. Raises InvalidInput when it is of another format than `kind`."""
    if dataset.format is not kind:
        what = f"is a dataset of the format {dataset.format.value}, not {kind.value}"
        raise InvalidInput([Problem(name, what, f"say --from {dataset.format.value.lower().removeprefix('pascal')}")])
    place = Location(dataset.folder.bucket, dataset.folder.key(dataset.definition.file))
    return DatasetSource(place, name, dataset=dataset)


def buckets_with(dataset: Dataset, buckets: Buckets) -> Buckets:
    """All buckets, among them the folder of a local dataset whose pictures have no other address."""
    bucket = dataset.folder.bucket
    if bucket.local_path is None or dataset.rows is not None:
        return buckets
    return _BucketsAnd(buckets, bucket_name(dataset), bucket)


@dataclass(frozen=True)
class _BucketsAnd:
    """All buckets of `others`, and one more of this name."""

    others: Buckets
    name: str
    bucket: Bucket

    def open(self, name: str) -> Bucket:
        return self.bucket if name == self.name else self.others.open(name)


def bucket_name(dataset: Dataset) -> str:
    """What the pictures' addresses begin with: the bucket that holds the dataset, or the name of its local folder."""
    bucket = dataset.folder.bucket
    if bucket.local_path is None:
        return bucket.name
    name = PurePosixPath(dataset.folder.uri()).name.lower()
    return re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "dataset"


def read_dataset(source: DatasetSource, number: int, shared: IndexPass) -> Iterator[Record]:
    """The records of a dataset, the `number`-th source. Adds its summary, its split and its problems to `shared`."""
    dataset, problems = source.dataset, shared.problems
    for problem in dataset.problems:
        problems.add(problem.where, problem.what, problem.fix)
    jobs = set(dataset.report.jobs if dataset.report else ())
    summary = SourceSummary(
        source.name, group=shared.group(source, ""), jobs=jobs, notes=(*dataset.notes, *_rounded(dataset))
    )
    shared.summaries.append(summary)
    entries, kept = _entries(source, shared)
    if not entries and not problems.total:
        problems.add(source.name, "lists no pictures", "name a dataset that has some")
    shared.progress.start(f"reading {source.name}", len(entries), "images")
    shared.classes.source = source.name
    bare = 0
    for entry, found in in_threads(_Adopter(dataset, bucket_name(dataset)).look, entries):
        shared.progress.advance()
        summary.lines += 1
        shared.classes.line = summary.lines
        for problem in found.problems:
            problems.add(problem.where, problem.what, problem.fix)
        bare += not found.has_labels
        boxes = _with_classes(entry, found, dataset, shared)
        summary.boxes += len(boxes)
        if kept:
            shared.kept.parts[found.ref] = kept[dataset.picture(entry)]
        state, drawn = State.LABELED if boxes else State.EMPTY, _encode([(number, boxes)] if boxes else [])
        front = (found.ref, summary.group, source.attempt, number, summary.lines)
        yield *front, state, found.width, found.height, len(boxes), drawn, ""
    if bare:
        summary.notes = (*summary.notes, f"took {counted(bare, 'picture')} without a label file for background")


def _rounded(dataset: Dataset) -> Iterator[str]:
    """What there is to say of boxes that labelround itself could write into Pascal VOC only as whole pixels."""
    if dataset.format is not OutputFormat.PASCAL_VOC or dataset.report is None:
        return
    try:
        table = io.StringIO(dataset.folder.read(ANNOTATIONS).decode(), newline="")
        rows = list(box_rows(table, dataset.folder.uri(ANNOTATIONS)))
    except (ObjectNotFound, InvalidInput, UnicodeDecodeError):
        return  # only the XML files are read, and they say nothing of it
    sides = ((row.left, row.top, row.width, row.height) for row in rows)
    if count := sum(any(side % 1 for side in box) for box in sides):
        were = "was taken as it is" if count == 1 else "were taken as they are"
        what = f"{counted(count, 'box', 'boxes')} with parts of pixels {were} in the XML files, in whole pixels"
        yield f"{what}; labelround merge --format takes those of {ANNOTATIONS}"


def _with_classes(entry: Listed, found: _Found, dataset: Dataset, shared: IndexPass) -> list[Box]:
    """The boxes with the class ids of the dataset that is made."""
    boxes: list[Box] = []
    for row, (class_id, *pixels) in found.boxes:
        if not 0 <= class_id < len(dataset.names):
            what = f"the class {class_id} is not one of the {len(dataset.names)} classes"
            shared.problems.add(f"{dataset.labels_name(entry)}:{row.line}", what)
            continue
        left, top, width, height = pixels
        boxes.append((shared.classes.index(dataset.names[class_id], class_id), left, top, width, height))
    return boxes


def _entries(source: DatasetSource, shared: IndexPass) -> tuple[list[Listed], dict[str, Part]]:
    """Every picture once, and the part of the split that each is in, when the dataset has a split."""
    entries: dict[str, Listed] = {}
    parts: dict[str, set[Part]] = {}
    for entry in source.dataset.listed():
        if not entry.image_file:
            shared.problems.add(entry.where, f"{entry.text} lies outside the dataset's folder", "bring it in")
            continue
        picture = source.dataset.picture(entry)
        entries.setdefault(picture, entry)
        if entry.split != UNSPLIT:
            parts.setdefault(picture, set()).add(_PARTS[entry.split])
        elif source.keeps_split:
            shared.problems.add(entry.where, f"{entry.text} is in no split, but others are", "list it in one")
    learned = [found for found in parts.values() if found != {Part.TEST}]
    if learned and all(found == _TWICE for found in learned):
        shared.kept.twice = True
        return list(entries.values()), {picture: max(found) for picture, found in parts.items()}
    for picture, found in parts.items():
        if len(found) > 1:
            words, entry = " and ".join(PART_WORDS[part] for part in sorted(found)), entries[picture]
            shared.problems.add(entry.where, f"{entry.image_file} is in {words}", "leave it in one part of the split")
    return list(entries.values()), {picture: max(found) for picture, found in parts.items()}


_TWICE = {Part.TRAIN, Part.VAL}
"""What labelround makes of a dataset with nothing else to train or to validate with: val lists what train lists."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of one picture: its address `bucket/key`, its size, and its boxes in pixels."""

    ref: str
    width: int
    height: int
    boxes: list[tuple[LabelRow, Box]]
    problems: list[Problem]
    has_labels: bool


@dataclass(frozen=True, slots=True)
class _Adopter:
    """Looks at the pictures of a dataset, in threads."""

    dataset: Dataset
    bucket: str

    def look(self, entry: Listed) -> tuple[Listed, _Found]:
        """The picture and what is known of it."""
        dataset, row = self.dataset, self.dataset.row(entry)
        labels = dataset.labels(entry)
        known = row.source_ref if row is not None and is_s3(row.source_ref) else ""
        ref = known or f"{SCHEME}{self.bucket}/{dataset.folder.key(entry.image_file)}"
        size = dataset.size(entry)
        problems = (
            [Problem(f"{dataset.labels_name(entry)}:{line}", what) for line, what in labels.problems] if labels else []
        )
        if size is None:
            what = "has no known size: the picture is not there, or is neither JPEG nor PNG"
            return entry, _Found(ref, 0, 0, [], [*problems, Problem(entry.image_file, what, "put it there")], True)
        boxes = [(one, _in_pixels(one, *size)) for one in (labels.rows if labels else ())]
        return entry, _Found(ref.removeprefix(SCHEME), *size, boxes, problems, labels is not None)


def _in_pixels(row: LabelRow, width: int, height: int) -> Box:
    left, top = (row.x_center - row.width / 2) * width, (row.y_center - row.height / 2) * height
    return row.class_id, _settled(left), _settled(top), _settled(row.width * width), _settled(row.height * height)


def _settled(pixels: float) -> float:
    whole = round(pixels)
    return whole if abs(pixels - whole) < NEARLY_WHOLE else round(pixels, DECIMALS)
