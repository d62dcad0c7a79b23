"""What a trainer would reject, or silently change, in a dataset: everything at once."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labelround.dataset.existing import EXTENSIONS, UNSPLIT, Dataset, LabelFile, Listed
from labelround.dataset.formats import REPORT, SIGNATURE
from labelround.dataset.signature import signature_problem
from labelround.dataset.validate.digest import check_descriptions, check_digest
from labelround.dataset.validate.findings import Finding, Rule, Severity, Validation
from labelround.dataset.validate.image_checks import check_image
from labelround.dataset.validate.label_checks import check_labels
from labelround.images.raster import without_warnings
from labelround.parallel import in_threads
from labelround.progress import Progress
from labelround.spec.model import OutputFormat

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

__all__ = ["Finding", "Rule", "Severity", "Validation", "validate"]

REQUIRED_SPLITS = ("train", "val")
_LINES = dict.fromkeys((OutputFormat.YOLO, OutputFormat.DARKNET), "write class x_center y_center width height")
NO_LABELS = frozenset({"classes.txt", "train.txt", "val.txt", "test.txt"})


@dataclass(frozen=True, slots=True)
class _Checked:
    """One listed picture after its check."""

    entry: Listed
    findings: tuple[Finding, ...]
    labels: LabelFile | None
    was_read: bool


def validate(
    dataset: Dataset, progress: Progress, *, images: bool = True, signed_by: Ed25519PublicKey | None = None
) -> Validation:
    """Check a dataset, whoever made it. With `images` each picture that is there is decoded.

    With `signed_by` the holder of that key must have signed it, and it must be what was signed.

    Raises StorageError when the folder cannot be read; whatever is wrong with the dataset is a finding.
    """
    findings = [*_check_definition(dataset), *_check_lists(dataset), *_check_completeness(dataset)]
    entries = list({entry.image_file: entry for entry in dataset.listed() if entry.image_file}.values())
    progress.start("checking pictures and labels", len(entries), "images")
    boxes = read = 0
    digests: dict[str, str] = {}
    with without_warnings():
        for checked in in_threads(lambda entry: _check_entry(dataset, entry, images), entries, threads=8):
            progress.advance()
            findings += checked.findings
            read += checked.was_read
            if checked.labels is not None:
                boxes += len(checked.labels.rows)
                digests[checked.entry.label_file] = checked.labels.digest
    findings += check_digest(dataset, digests)
    findings += check_descriptions(dataset)
    if signed_by is not None:
        findings += _check_signature(dataset, signed_by, findings)
    findings += _check_left_over(dataset, entries)
    return Validation(dataset.folder.uri(), len(entries), read, boxes, tuple(findings))


def _check_signature(dataset: Dataset, key: Ed25519PublicKey, found: Sequence[Finding]) -> list[Finding]:
    """Whether the key vouches for the report, and the report for the files."""
    if problem := signature_problem(dataset, key):
        return [Finding(Rule.SIGNATURE, dataset.folder.uri(SIGNATURE), problem)]
    if dataset.rows is None or any(finding.rule is Rule.DIGEST for finding in found):
        what = "is signed, but files are not those that it vouches for"
        return [Finding(Rule.SIGNATURE, dataset.folder.uri(REPORT), what, "get the dataset anew")]
    return []


def _check_definition(dataset: Dataset) -> Iterator[Finding]:
    for problem in dataset.problems:
        yield Finding(Rule.DEFINITION, problem.where, problem.what, problem.fix)
    file = dataset.folder.uri(dataset.definition.file)
    names = dataset.names
    for repeated in sorted({name for name in names if names.count(name) > 1}):
        yield Finding(Rule.DEFINITION, file, f"the class name {repeated!r} stands there twice")
    both = dataset.format in {OutputFormat.YOLO, OutputFormat.NDJSON}
    required = REQUIRED_SPLITS if both else REQUIRED_SPLITS[:1]
    if UNSPLIT in dataset.splits:
        return
    for split in required:
        if not dataset.splits.get(split):
            yield Finding(Rule.SPLIT_EMPTY, file, f"there is no picture to {_purpose(split)} with ({split})")


def _purpose(split: str) -> str:
    return {"train": "train", "val": "validate"}[split]


def _check_lists(dataset: Dataset) -> Iterator[Finding]:
    seen: dict[str, Listed] = {}
    for entry in dataset.listed():
        if not entry.image_file:
            yield Finding(Rule.LISTED_OUTSIDE, entry.where, f"{entry.text} lies outside the dataset's folder")
            continue
        if dataset.format is OutputFormat.YOLO and entry.from_list and not entry.text.startswith(("./", "/")):
            what = f"{entry.text} is looked for in the directory that training starts in"
            yield Finding(Rule.LISTED_FROM_WORKING_DIRECTORY, entry.where, what, "write ./ before it")
        earlier = seen.setdefault(entry.image_file, entry)
        if earlier.split != entry.split:
            what = f"{entry.image_file} is in {earlier.split} too"
            yield Finding(Rule.TWO_SPLITS, entry.where, what, "its score will flatter the model")
        elif earlier is not entry:
            yield Finding(Rule.LISTED_TWICE, entry.where, f"{entry.image_file} is listed before ({earlier.where})")


def _check_completeness(dataset: Dataset) -> Iterator[Finding]:
    """Whether the conversion ended, and its pictures were pulled."""
    if dataset.rows is None:
        return
    if REPORT not in dataset.files:
        what = "is missing: the conversion did not end, or the dataset was not copied to its end"
        yield Finding(Rule.UNFINISHED, dataset.folder.uri(REPORT), what, "run it again")
    if not dataset.has_pictures:
        uri = dataset.folder.uri()
        yield Finding(Rule.NOT_PULLED, uri, "the pictures are not beside the labels", f"run labelround pull {uri}")


def _check_entry(dataset: Dataset, entry: Listed, images: bool) -> _Checked:
    findings: list[Finding] = []
    labels = dataset.labels(entry) if entry.label_file in dataset.files else None
    if labels is None and entry.label_file not in dataset.files:
        what = f"has no label file {entry.label_file}, so trainers take it for background"
        findings.append(Finding(Rule.LABEL_MISSING, entry.image_file, what, "write one, empty if that is so"))
    if labels is not None:
        findings += check_labels(dataset.labels_name(entry), labels, dataset.names, _LINES.get(dataset.format, ""))
    if entry.image_file not in dataset.files:
        knows_origins = dataset.rows is not None
        if dataset.has_pictures or not knows_origins:
            fix = "run labelround pull" if knows_origins else ""
            findings.append(Finding(Rule.IMAGE_MISSING, entry.image_file, "is listed but not there", fix))
        return _Checked(entry, tuple(findings), labels, was_read=False)
    if images:
        row = dataset.row(entry)
        findings += check_image(entry.image_file, dataset.folder.read(entry.image_file), row)
    return _Checked(entry, tuple(findings), labels, was_read=images)


def _check_left_over(dataset: Dataset, entries: list[Listed]) -> Iterator[Finding]:
    """Labels and pictures that lie where the dataset's do, but that no split names."""
    labels, pictures = {entry.label_file for entry in entries}, {entry.image_file for entry in entries}
    label_folders = {posixpath.dirname(name) for name in labels}
    picture_folders = {posixpath.dirname(name) for name in pictures}
    for name in sorted(dataset.files):
        folder, file = posixpath.split(name)
        if name.endswith((".txt", ".xml")) and folder in label_folders and name not in labels and file not in NO_LABELS:
            yield Finding(Rule.LABEL_UNLISTED, name, "is a label file without a listed picture", "remove it")
        if name.lower().endswith(EXTENSIONS) and folder in picture_folders and name not in pictures:
            yield Finding(Rule.IMAGE_UNLISTED, name, "is a picture that no split names")
