"""The index pass over one manifest: every line checked, and turned into a record."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from labelround.dataset.annotation import (
    OBJECT_DETECTION,
    Annotation,
    Entry,
    LineError,
    State,
    WrongType,
    read_annotation,
    read_entry,
    source_ref,
)
from labelround.dataset.classes import Classes
from labelround.dataset.lines import read_lines
from labelround.dataset.problems import Problems
from labelround.dataset.selection import Attributes, Line, find_attribute
from labelround.dataset.source import ManifestSource
from labelround.dataset.split import Part
from labelround.progress import Progress

EVERY_GROUP = -1
"""The group of an image that an input manifest lists for all groups."""
INPUT_ATTEMPT = -1
LINES_A_STEP = 1000
HELD_IN_MEMORY_BYTES = 1 << 20
MAX_JOB_NAMES = 1000
_LABEL_FILE_EXTENSION = ".txt"

Record = tuple[str, int, int, int, int, int, int, int, int, bytes, str]
"""One line: `bucket/key`, group, attempt, source, line, state, width, height, number of boxes, boxes, reason."""


@dataclass(slots=True)
class SourceSummary:
    """What reading one manifest under one attribute found. `jobs` are the names that its lines give."""

    name: str
    attribute: str = ""
    group: int = 0
    lines: int = 0
    boxes: int = 0
    jobs: set[str] = field(default_factory=set)
    notes: tuple[str, ...] = ()
    """What a person should know of it."""

    def add(self, annotation: Annotation) -> None:
        """Count what one line says."""
        self.boxes += len(annotation.boxes)
        if annotation.job and len(self.jobs) < MAX_JOB_NAMES:
            self.jobs.add(annotation.job)


@dataclass(slots=True)
class Kept:
    """The split that a source has already: the part of each image, by `bucket/key`; empty when there is none.

    With `twice`, all images but those to test with train and validate.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    twice: bool = False


@dataclass(slots=True)
class IndexPass:
    """What the passes over all manifests share. `prefix` is `bucket/folder/`, or "" when any image will do.

    `listed` is whether input manifests list the images, so that an output manifest without annotations is no mistake.
    """

    classes: Classes
    problems: Problems
    prefix: str
    scratch: Path
    progress: Progress
    listed: bool
    summaries: list[SourceSummary] = field(default_factory=list)
    kept: Kept = field(default_factory=Kept)
    _groups: dict[str, int] = field(default_factory=dict)

    def group(self, source: ManifestSource, attribute: str) -> int:
        """The source's own group, or one for each distinct attribute."""
        return self._groups.setdefault(attribute, len(self._groups)) if source.group is None else source.group

    def reference(self, entry: Entry) -> str:
        """The line's image as `bucket/key`. Raises LineError."""
        reference = source_ref(entry)
        if not reference.startswith(self.prefix):
            raise LineError(
                f"source-ref: s3://{reference} is not below the images prefix s3://{self.prefix}",
                "name the prefix that holds all images",
            )
        if reference.lower().endswith(_LABEL_FILE_EXTENSION):
            raise LineError(f"source-ref: s3://{reference} is named like a label file, not like an image")
        return reference


def read_input(source: ManifestSource, groups: Iterable[int], shared: IndexPass) -> Iterator[Record]:
    """The records of an input manifest: its images are asked of each of `groups`."""
    wanted = tuple(groups)
    for number, content, ended in _lines(source, shared.progress):
        try:
            reference = shared.reference(read_entry(content, ended))
        except LineError as error:
            shared.problems.add(f"{source.name}:{number}", str(error), error.fix)
            continue
        for group in wanted:
            yield reference, group, INPUT_ATTEMPT, -1, number, State.UNLABELED, 0, 0, 0, b"", ""


def read_output(source: ManifestSource, number: int, shared: IndexPass) -> Iterator[Record]:
    """The records of an output manifest, the `number`-th source. Adds its summary to `shared`."""
    with tempfile.SpooledTemporaryFile(max_size=HELD_IN_MEMORY_BYTES, dir=str(shared.scratch)) as held:
        yield from _output(source, number, shared, held)


def _output(source: ManifestSource, number: int, shared: IndexPass, held: IO[bytes]) -> Iterator[Record]:
    summary = SourceSummary(source.name)
    shared.summaries.append(summary)
    attributes = Attributes()
    lines = _lines(source, shared.progress)
    attribute = source.attribute
    if attribute is None:
        attribute, lines = find_attribute(lines, attributes, held)
    summary.attribute = attribute or ""
    summary.group = shared.group(source, summary.attribute)
    if attribute is None and attributes.types:
        shared.problems.add(source.name, *_no_attribute(attributes))
        return
    try:
        yield from _annotations(lines, source, number, summary, attributes, shared)
    except WrongType as error:
        shared.problems.add(source.name, str(error), error.fix)
        return
    _conclude(source, summary, attributes, shared)


def _annotations(
    lines: Iterable[Line],
    source: ManifestSource,
    number: int,
    summary: SourceSummary,
    attributes: Attributes,
    shared: IndexPass,
) -> Iterator[Record]:
    """The records of the lines under the attribute of `summary`."""
    chosen = source.attribute is None
    classes, encode = shared.classes, msgspec.msgpack.Encoder().encode
    classes.source = source.name
    for line, content, ended in lines:
        summary.lines += 1
        classes.line = line
        try:
            entry = read_entry(content, ended)
            reference = shared.reference(entry)
            said = read_annotation(entry, summary.attribute, classes.index)
        except LineError as error:
            if isinstance(error, WrongType):
                raise
            shared.problems.add(f"{source.name}:{line}", str(error), error.fix)
            attributes.found = True
            continue
        if said.state is State.UNLABELED:
            attributes.add(entry)
        else:
            attributes.found = True
            if chosen and len(entry) > _MEMBERS:
                attributes.add(entry)
            summary.add(said)
        boxes = encode([(number, said.boxes)] if said.boxes else [])
        front = (reference, summary.group, source.attempt, number, line)
        yield *front, said.state, said.width, said.height, len(said.boxes), boxes, said.reason


_MEMBERS = 3
"""source-ref, the attribute and its metadata; a line with more may hold another attribute."""


def _conclude(source: ManifestSource, summary: SourceSummary, attributes: Attributes, shared: IndexPass) -> None:
    """Tell what only the end of the manifest shows."""
    if source.attribute is None and len(attributes.detecting) > 1:
        fix = "name the one to convert (--attribute)"
        shared.problems.add(source.name, f"holds several attributes of boxes: {', '.join(attributes.detecting)}", fix)
    elif attributes.found:
        return
    elif attributes.types:
        fix = "name one that is there (--attribute)"
        what = f"holds no attribute {summary.attribute!r}, but {attributes.described()}"
        shared.problems.add(source.name, what, fix)
    elif not shared.listed:
        what = "holds no annotations" if summary.lines else "is empty"
        shared.problems.add(source.name, what, "name the output manifest of a labeling job")


def _no_attribute(attributes: Attributes) -> tuple[str, str]:
    """Why no attribute of the manifest can be taken, and what to do."""
    if all(attributes.types.values()):
        return f"holds no bounding boxes but {attributes.described()}", f"only {OBJECT_DETECTION} can be converted"
    return f"holds no boxes, but {attributes.described()}", "name the label attribute to convert"


def _lines(source: ManifestSource, progress: Progress) -> Iterator[Line]:
    """The lines that are not blank."""
    progress.start(f"reading {source.name}", None, "lines")
    count = 0
    for line in read_lines(source.location.bucket.chunks(source.location.key)):
        count += 1
        if count % LINES_A_STEP == 0:
            progress.advance(LINES_A_STEP)
        if line[1].strip():
            yield line
    progress.advance(count % LINES_A_STEP)
