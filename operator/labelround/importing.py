"""The AWS blog's `input.json` as a LabelingRound that adopts its labeling job.

The blog on Ground Truth and YOLO (aws-samples/groundtruth-object-detection) keeps four names in a file that its scripts
read: `s3_bucket`, `job_id` (the folder in the bucket), `ground_truth_job_name` and `yolo_output_dir`. Its folders are
kept: the pictures in `<job_id>/images/`, the job in `<job_id>/ground_truth_annots/`, the labels in
`<job_id>/<yolo_output_dir>/`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from labelround.errors import InvalidInput, InvalidRound, Problem, StorageError
from labelround.labelfile import read_labels
from labelround.layout import Layout
from labelround.spec.names import OBJECT_NAME_MAX_LENGTH
from labelround.spec.parse import parse_round, round_yaml
from labelround.storage import Buckets
from labelround.uri import ObjectURI, folder

IMAGES_FOLDER = "images/"
FIELDS = {
    "s3_bucket": "the bucket, such as ground-truth-data-labeling",
    "job_id": "the folder in the bucket, such as bounding_box",
    "ground_truth_job_name": "the labeling job, such as yolo-bbox",
    "yolo_output_dir": "the folder for the label files, such as yolo_annot_files",
}
ORIGINS = {
    "spec.bucket": "s3_bucket",
    "spec.imagesPrefix": "job_id",
    "spec.prefix": "job_id",
    "spec.outputPrefix": "yolo_output_dir",
    "spec.labelingJob": "ground_truth_job_name",
}


@dataclass(frozen=True, slots=True)
class BlogInput:
    """A blog's `input.json`: names as they stand there, `unknown` the fields that the blog does not know."""

    bucket: str
    job_id: str
    job: str
    output: str
    unknown: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """The round's folder; empty for the root of the bucket."""
        return folder(self.job_id.strip("/"))

    @property
    def images_prefix(self) -> str:
        return f"{self.prefix}{IMAGES_FOLDER}"

    @property
    def output_prefix(self) -> str:
        return f"{self.prefix}{self.output.strip('/')}/"

    @property
    def label_uri(self) -> ObjectURI:
        """The job's label category configuration file, where the console puts it."""
        return ObjectURI(self.bucket, Layout(self.prefix, self.output_prefix).label_category_key(self.job))

    @property
    def round_name(self) -> str:
        """The labeling job's name as the name of a Kubernetes object."""
        return re.sub(r"[^a-z0-9]+", "-", self.job.lower()).strip("-")[:OBJECT_NAME_MAX_LENGTH]


def read_input(content: bytes, file: str) -> BlogInput:
    """The `input.json` called `file`. Raises InvalidInput with every missing or wrong field."""
    try:
        document = json.loads(content)
    except ValueError as error:
        raise InvalidInput([Problem(file, f"is not JSON ({error})", _shape())]) from None
    if not isinstance(document, dict):
        raise InvalidInput([Problem(file, "is not a JSON object", _shape())])
    problems = [
        Problem(f"{file}: {field}", _field_problem(document.get(field)), f"write {meaning}")
        for field, meaning in FIELDS.items()
        if _field_problem(document.get(field))
    ]
    if problems:
        raise InvalidInput(problems)
    return BlogInput(
        bucket=document["s3_bucket"],
        job_id=document["job_id"],
        job=document["ground_truth_job_name"],
        output=document["yolo_output_dir"],
        unknown=tuple(field for field in document if field not in FIELDS),
    )


def labels_of(blog: BlogInput, buckets: Buckets) -> tuple[str, ...]:
    """The labels of the blog's labeling job. Raises InvalidInput when its file is absent, unreadable or wrong."""
    uri = blog.label_uri
    try:
        bucket = buckets.open(uri.bucket)
        content = bucket.read(uri.key)
    except StorageError as error:
        fix = "name a copy of it with --label-file, or correct s3_bucket, job_id and ground_truth_job_name"
        raise InvalidInput(
            [Problem("labels", f"the labeling job's label file cannot be read ({error})", fix)]
        ) from error
    return read_labels(content, bucket.uri(uri.key))


def imported_round(blog: BlogInput, labels: Callable[[], Iterable[str]], file: str, name: str = "") -> str:
    """The LabelingRound, as YAML, that adopts the blog's job; `labels` reads its labels.

    Raises InvalidInput with all problems, of the fields and of the labels, naming the field in `file`.
    """
    problems: list[Problem] = []
    known: tuple[str, ...] = ()
    try:
        known = tuple(labels())
    except InvalidInput as error:
        problems += error.problems
    text = round_yaml(
        name or blog.round_name,
        blog.bucket,
        blog.images_prefix,
        list(known) or ["unknown"],
        prefix=blog.prefix,
        adopt=blog.job,
        output_prefix=blog.output_prefix,
    )
    try:
        parse_round(_document(text))
    except InvalidRound as error:
        problems += (_as_field(problem, file) for problem in error.problems)
    if problems:
        raise InvalidInput(dict.fromkeys(problems))
    return text


def _document(text: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = yaml.safe_load(text)
    return document


def _field_problem(value: object) -> str:
    if value is None:
        return "is missing"
    if not isinstance(value, str):
        return f"is {json.dumps(value)}, not a string"
    return "" if value.strip("/ ") else "is empty"


def _as_field(problem: Problem, file: str) -> Problem:
    """The problem of a spec field as one of the JSON field that it came from."""
    for path, field in ORIGINS.items():
        if problem.where == path or problem.where.startswith((f"{path}.", f"{path}[")):
            return Problem(f"{file}: {field}", problem.what, problem.fix)
    return problem


def _shape() -> str:
    return "write an object with " + ", ".join(FIELDS)
