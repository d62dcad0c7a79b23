"""One dataset that is merged or compared: read as a stream of images, each with its exact boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from labelround.dataset.annotation import MAX_SIDE, STATE_WORDS, State
from labelround.dataset.boxes import Box
from labelround.dataset.existing import BoxRow, ImageRow, box_rows, group_rows, image_rows, read_report
from labelround.dataset.formats import ANNOTATIONS, GROUPS, IMAGES, REPORT
from labelround.dataset.report import Report
from labelround.dataset.split import PART_WORDS, Part
from labelround.errors import InvalidInput, ObjectNotFound, Problem, Unavailable
from labelround.parallel import in_threads
from labelround.storage import Folder
from labelround.uri import SCHEME


class SourceImage(NamedTuple):
    """One image as a dataset has it. `ref` is `bucket/key`; `part` is None outside the dataset.

    `boxes` are sorted; their class ids are those of whoever reads.
    """

    ref: str
    name: str
    state: State
    part: Part | None
    width: int
    height: int
    note: str
    boxes: list[Box]
    group: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """A complete dataset. `name` is what messages call it."""

    folder: Folder
    name: str
    report: Report

    @property
    def group_by(self) -> str:
        """The expression that finds the group of an image."""
        return str(self.report.options.split.get("group_by", ""))

    def wrong(self, name: str, what: str) -> InvalidInput:
        """The error that a file of the dataset is not as it was written."""
        fix = f"merge datasets as labelround wrote them: {self.report.remedy}"
        return InvalidInput([Problem(self.folder.uri(name), what, fix)])


def open_sources(folders: Sequence[Folder]) -> list[Source]:
    """The datasets in these folders. Raises InvalidInput with all that are none, or not complete."""
    problems: list[Problem] = []
    sources: list[Source] = []
    for folder, found in zip(folders, in_threads(_report, folders), strict=True):
        if isinstance(found, Report):
            sources.append(Source(folder, folder.uri(), found))
        else:
            problems += found
    if problems:
        raise InvalidInput(problems)
    return sources


def _report(folder: Folder) -> Report | tuple[Problem, ...]:
    try:
        report = read_report(folder)
    except InvalidInput as error:
        return error.problems
    if report is not None:
        return report
    what = "is not there: the folder holds no dataset, or its conversion did not end"
    return (Problem(folder.uri(REPORT), what, "name the folder of a dataset"),)


def read_images(source: Source, class_ids: Mapping[str, int], scratch: Path) -> Iterator[SourceImage]:
    """The images of a dataset in the order of their addresses.

    The tables are brought to `scratch` first, so that no connection stays open. Raises InvalidInput for tables that are
    not as labelround wrote them, and Unavailable when the dataset was changed meanwhile.
    """
    with ExitStack() as stack:

        def opened(name: str) -> IO[str]:
            return stack.enter_context(_fetched(source, name, scratch / name))

        tables = _Tables(source, class_ids)
        grouped = source.group_by and source.folder.exists(GROUPS)
        groups = group_rows(opened(GROUPS), source.folder.uri(GROUPS)) if grouped else None
        yield from tables.images(opened(IMAGES), opened(ANNOTATIONS), groups)
    if _report(source.folder) != source.report:
        raise Unavailable(f"{source.name} was changed while it was read; run this again")


def _fetched(source: Source, name: str, path: Path) -> IO[str]:
    try:
        with path.open("wb") as file:
            file.writelines(source.folder.chunks(name))
    except ObjectNotFound:
        raise source.wrong(name, "is not there") from None
    return path.open(encoding="utf-8", newline="")


@dataclass(frozen=True, slots=True)
class _Tables:
    """Joins the tables of one dataset, which are in one order, and checks them against its report."""

    source: Source
    class_ids: Mapping[str, int]

    def images(
        self, images: IO[str], annotations: IO[str], groups: Iterator[tuple[str, str]] | None
    ) -> Iterator[SourceImage]:
        try:
            yield from self._images(images, annotations, groups)
        except UnicodeDecodeError as error:
            raise self.source.wrong(IMAGES, f"or {ANNOTATIONS} is not UTF-8 text ({error.reason})") from None

    def _images(
        self, images: IO[str], annotations: IO[str], groups: Iterator[tuple[str, str]] | None
    ) -> Iterator[SourceImage]:
        boxes = box_rows(annotations, self.source.folder.uri(ANNOTATIONS))
        last, count, drawn = "", 0, 0
        for row in image_rows(images, self.source.folder.uri(IMAGES)):
            image = self._image(row, boxes, groups)
            if image.ref <= last:
                raise self.source.wrong(IMAGES, f"names {row.source_ref} twice, or not in the order of addresses")
            last, count, drawn = image.ref, count + 1, drawn + len(image.boxes)
            yield image
        if next(boxes, None) is not None:
            raise self.source.wrong(ANNOTATIONS, f"holds more boxes than {IMAGES} counts")
        report = self.source.report
        if (count, drawn) != (report.images.total, report.boxes.written):
            counts = f"{report.images.total} images and {report.boxes.written} boxes"
            raise self.source.wrong(REPORT, f"counts {counts}, but the tables hold {count} and {drawn}")

    def _image(self, row: ImageRow, boxes: Iterator[BoxRow], groups: Iterator[tuple[str, str]] | None) -> SourceImage:
        ref = row.source_ref.removeprefix(SCHEME)
        if ref == row.source_ref or not all(ref.partition("/")):
            raise self.source.wrong(IMAGES, f"the source_ref {row.source_ref!r} is not an S3 address")
        try:
            state = State(STATE_WORDS.index(row.state))
            part = Part(PART_WORDS.index(row.split)) if row.split else None
        except ValueError:
            raise self.source.wrong(IMAGES, f"{row.source_ref}: the state or split is unknown") from None
        least, most = min(row.width, row.height), max(row.width, row.height)
        if state.in_dataset != (part is not None) or not state.in_dataset <= least <= most <= MAX_SIDE:
            raise self.source.wrong(IMAGES, f"{row.source_ref}: state, split and size do not fit together")
        group = None
        if groups is not None:
            named, group = next(groups, ("", ""))
            if named != row.source_ref:
                raise self.source.wrong(GROUPS, f"has {named!r} where {IMAGES} has {row.source_ref}")
        drawn = sorted(self._box(row, next(boxes, None)) for _ in range(row.boxes))
        return SourceImage(ref, row.image, state, part, row.width, row.height, row.reason, drawn, group)

    def _box(self, row: ImageRow, box: BoxRow | None) -> Box:
        if box is None or box.image != row.image:
            where = f"{ANNOTATIONS}:{box.line}" if box else ANNOTATIONS
            raise self.source.wrong(where, f"does not hold the {row.boxes} boxes of {row.image} that {IMAGES} counts")
        class_id = self.class_ids.get(box.category)
        if class_id is None:
            raise self.source.wrong(f"{ANNOTATIONS}:{box.line}", f"the class {box.category!r} is none of the dataset's")
        return class_id, box.left, box.top, box.width, box.height
