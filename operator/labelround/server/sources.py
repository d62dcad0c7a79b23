"""What a labeling job reads from S3: manifest, label category file, template, and the size of an image."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from labelround.errors import InvalidManifest, ObjectNotFound, StorageDenied, StorageError, Unavailable
from labelround.images import BadImage, read_header
from labelround.labelfile import read_labels
from labelround.server.boxes import Size
from labelround.server.jobs import Job, output_folder
from labelround.server.lines import BadLine, read_input_line, split_lines
from labelround.server.results import MAX_REASON_CHARACTERS
from labelround.server.rows import InputObject
from labelround.server.rules import address_problem
from labelround.server.work import UnreadableImage
from labelround.spec.names import MAX_IMAGES_PER_JOB, MAX_LABELS_PER_JOB
from labelround.storage import Bucket, Buckets
from labelround.uri import ObjectURI

MAX_CATEGORY_BYTES = 1 << 20
MAX_TEMPLATE_BYTES = 1 << 20
SHOWN_LINES = 5


class InvalidInputData(Exception):
    """The manifest's content is wrong; the message is the job's FailureReason."""


class InputCheck:
    """What CreateLabelingJob finds out about the files that a request names.

    `problems` are sentences that name the member; `labels` the classes, in order, when there are none.
    """

    def __init__(self, request: Mapping[str, Any], buckets: Buckets) -> None:
        self.problems: list[str] = []
        self.labels: tuple[str, ...] = ()
        self._buckets = buckets
        self._manifest(request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"])
        self._categories(request["LabelCategoryConfigS3Uri"])
        self._template(request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"])
        self._output(output_folder(request))

    def _manifest(self, text: str) -> None:
        member = "InputConfig.DataSource.S3DataSource.ManifestS3Uri"
        uri = ObjectURI.parse(text)
        try:
            size = self._buckets.open(uri.bucket).head(uri.key).size
        except StorageError as error:
            self.problems.append(f"{member}: {text} cannot be read: {error}")
            return
        if not size:
            self.problems.append(f"{member}: {text} is empty")

    def _categories(self, text: str) -> None:
        member = "LabelCategoryConfigS3Uri"
        content = self._content(member, text, MAX_CATEGORY_BYTES)
        if content is None:
            return
        try:
            self.labels = read_labels(content, text)
        except InvalidManifest as error:
            self.problems += [f"{member}: {problem}" for problem in error.problems]
        if len(self.labels) > MAX_LABELS_PER_JOB:
            self.problems.append(f"{member}: {text} has {len(self.labels)} labels; at most {MAX_LABELS_PER_JOB} go")

    def _template(self, text: str) -> None:
        member = "HumanTaskConfig.UiConfig.UiTemplateS3Uri"
        content = self._content(member, text, MAX_TEMPLATE_BYTES)
        if content is None:
            return
        if not content.decode("utf-8", "replace").strip() or b"\x00" in content:
            self.problems.append(f"{member}: {text} is not a template")

    def _output(self, output: ObjectURI) -> None:
        try:
            check_writable(self._buckets.open(output.bucket), output.key)
        except StorageError as error:
            self.problems.append(f"OutputConfig.S3OutputPath: {error}")

    def _content(self, member: str, text: str, at_most: int) -> bytes | None:
        uri = ObjectURI.parse(text)
        try:
            content = self._buckets.open(uri.bucket).read_range(uri.key, 0, at_most + 1)
        except StorageError as error:
            self.problems.append(f"{member}: {text} cannot be read: {error}")
            return None
        if len(content) > at_most:
            self.problems.append(f"{member}: {text} has more than {at_most} bytes")
            return None
        return content


def check_writable(bucket: Bucket, key: str) -> None:
    """Whether objects below the folder `key` can be written, as far as can be told without writing.

    Raises StorageError.
    """
    place = check_inside(bucket, key)
    if place is None:
        next(iter(bucket.list(key)), None)  # a bucket that is not there cannot be listed
        return
    if not place.is_dir():
        raise StorageError(bucket.uri(key), f"cannot be made, since {place} is a file", "choose another prefix")
    if not os.access(place, os.W_OK | os.X_OK):
        raise StorageError(bucket.uri(key), "cannot be written", "check the permissions")


def check_inside(bucket: Bucket, key: str) -> Path | None:
    """The part of a folder on disk that is there already; None in a remote bucket.

    Raises StorageError when a symbolic link leads out of the bucket.
    """
    if bucket.local_path is None:
        return None
    root = bucket.local_path.resolve()
    place = root / key
    while not place.exists() and place != root:
        if place.is_symlink():
            break
        place = place.parent
    if not place.resolve().is_relative_to(root):
        raise StorageError(bucket.uri(key), "leads out of its bucket by a symbolic link", "choose another prefix")
    return place


def input_objects(job: Job, buckets: Buckets) -> Iterator[InputObject]:
    """The data objects of the job's manifest. Blank lines are skipped.

    Raises InvalidInputData, after the last line, for wrong lines; all others that storage raises pass through.
    """
    bad: list[str] = []
    problems = 0
    known: dict[str, str] = {}
    place = 0
    for number, line in enumerate(split_lines(buckets.open(job.manifest.bucket).chunks(job.manifest.key)), 1):
        if not line.strip():
            continue
        if place == MAX_IMAGES_PER_JOB:
            raise InvalidInputData(f"ClientError: {job.manifest} has more than {MAX_IMAGES_PER_JOB} data objects")
        try:
            read = read_input_line(line)
            _check_image_address(read.source_ref, buckets, known)
        except BadLine as error:
            problems += 1
            bad += [f"line {number}: {str(error)[:160]}"] if len(bad) < SHOWN_LINES else []
            continue
        yield InputObject(place, read.text, read.source_ref, kept=job.attribute in read.attributes)
        place += 1
    if problems:
        more = f"; and {problems - len(bad)} more" if problems > len(bad) else ""
        reason = f"ClientError: {job.manifest} is not valid: {'; '.join(bad)}{more}"
        raise InvalidInputData(reason[:MAX_REASON_CHARACTERS])
    if not place:
        raise InvalidInputData(f"ClientError: {job.manifest} has no data objects")


def _check_image_address(source_ref: str, buckets: Buckets, known: dict[str, str]) -> None:
    """Raises BadLine for an address that cannot be an object of one of the buckets."""
    if problem := address_problem(source_ref, is_folder=False):
        raise BadLine(problem)
    name = ObjectURI.parse(source_ref).bucket
    if name not in known:
        known[name] = ""
        try:
            buckets.open(name)
        except StorageError as error:
            known[name] = str(error)
    if known[name]:
        raise BadLine(known[name])


def image_size(source_ref: str, buckets: Buckets) -> Size:
    """The size of a picture, from its header. Raises UnreadableImage."""
    uri = ObjectURI.parse(source_ref)
    try:
        bucket = buckets.open(uri.bucket)
        header = read_header(lambda start, length: bucket.read_range(uri.key, start, length), bucket.head(uri.key).size)
    except (StorageError, BadImage) as error:
        raise UnreadableImage(str(error)) from error
    return Size(header.width, header.height)


def readable_size(source_ref: str, buckets: Buckets) -> Size:
    """The size of a picture that somebody is to see. Raises UnreadableImage.

    Raises Unavailable where the picture's whole folder is gone or closed: that is no fault of the picture, and passes.
    """
    try:
        return image_size(source_ref, buckets)
    except UnreadableImage as error:
        if isinstance(error.__cause__, ObjectNotFound | StorageDenied):
            _check_folder(ObjectURI.parse(source_ref), buckets)
        raise


def _check_folder(uri: ObjectURI, buckets: Buckets) -> None:
    """Raises Unavailable when nothing can be seen in the folder of an object."""
    folder = ObjectURI(uri.bucket, uri.key.rpartition("/")[0])
    try:
        if next(iter(buckets.open(uri.bucket).list(folder.key)), None) is not None:
            return
        problem = "is empty"
    except StorageError as error:
        problem = f"cannot be seen ({error})"
    raise Unavailable(f"the folder of the pictures, {folder}, {problem}; bring it back, or stop the labeling job")


def open_answers(source: bytes | str | Path, buckets: Buckets) -> tuple[Iterator[bytes], str]:
    """The lines of an answers manifest, and what to call it."""
    from labelround.storage import locate

    if isinstance(source, bytes):
        return split_lines([source]), "answers"
    location = locate(str(source), buckets)
    return split_lines(location.bucket.chunks(location.key)), str(source)
