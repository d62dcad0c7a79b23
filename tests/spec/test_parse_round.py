"""Reading a LabelingRound: defaults, and every mistake told with its path and its remedy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.spec.structural import MINIMAL, document

from labelround.errors import InvalidRound
from labelround.spec.model import DeletionPolicy, ImagesMode, OutputFormat
from labelround.spec.parse import parse_round


def _problems(spec: Any) -> list[str]:
    with pytest.raises(InvalidRound) as caught:
        parse_round(document(MINIMAL) | {"spec": spec})
    return [str(problem) for problem in caught.value.problems]


def _problem(**fields: Any) -> str:
    """The only problem of the minimal spec with these fields."""
    (problem,) = _problems(MINIMAL | fields)
    return problem


def test_four_fields_suffice() -> None:
    """Everything else has its default, and folders end in a slash."""
    round = parse_round(document(MINIMAL))

    assert (round.name, round.namespace, round.generation) == ("pens-1", "default", 1)
    assert round.prefix == "bounding_box/"
    assert round.output_prefix == "bounding_box/yolo_annot_files/"
    assert round.output_format is OutputFormat.YOLO
    assert round.dataset.images is ImagesMode.REFERENCE
    assert round.deletion_policy is DeletionPolicy.STOP
    assert (round.labeling_job.workers_per_image, round.labeling_job.task_time_limit_seconds) == (1, 3600)
    assert (round.dataset.split.train, round.dataset.split.val) == (80, 20)
    assert round.ttl_seconds_after_finished is None


def test_a_folder_at_the_root_of_the_bucket_has_the_root_as_its_parent() -> None:
    """`images` lies in the bucket itself, and so does everything the round makes."""
    round = parse_round(document(MINIMAL | {"imagesPrefix": "images"}))

    assert (round.images_prefix, round.prefix, round.output_prefix) == ("images/", "", "yolo_annot_files/")


def test_null_is_the_same_as_leaving_a_field_out() -> None:
    """As in the Kubernetes API."""
    spec = MINIMAL | {"prefix": None, "labelingJob": None, "ttlSecondsAfterFinished": None, "dataset": {"split": None}}

    round = parse_round(document(spec))

    assert round == parse_round(document(MINIMAL))


def test_the_document_uid_is_kept_unless_one_is_given() -> None:
    """The cluster's uid is the round's own."""
    stated = document(MINIMAL) | {"metadata": {"name": "pens-1", "uid": "from-the-cluster", "generation": 3}}

    round = parse_round(stated)

    assert (round.uid, round.generation) == ("from-the-cluster", 3)
    assert parse_round(stated, uid="given").uid == "given"


def test_what_the_kubernetes_api_adds_to_metadata_is_no_mistake() -> None:
    """An object as the cluster returns it parses, status and managed fields included."""
    metadata = {"name": "a.b", "namespace": "team", "managedFields": [{}], "finalizers": ["x"], "resourceVersion": "1"}

    round = parse_round(document(MINIMAL) | {"metadata": metadata, "status": {"phase": "Labeling"}})

    assert (round.name, round.namespace) == ("a.b", "team")


def test_all_problems_are_told_at_once() -> None:
    """One reading finds the mistakes of every field and of the fields together."""
    problems = _problems(
        {
            "imagesPrefix": "images/",
            "labels": [True, "pen", "pen"],
            "outputFormat": "VOC",
            "outputPrefix": "images/out",
            "attempts": 99,
            "labelingJob": {"adopt": "_", "taskTimeLimitSeconds": "60"},
            "dataset": {"split": {"val": 0}},
        }
    )

    assert problems == [
        "spec.bucket: is missing; it is required",
        "spec.labels[0]: is true, a boolean; write it in quotes",
        'spec.labels[2]: "pen" repeats spec.labels[1]; remove one',
        'spec.outputFormat: is "VOC", a text; write YOLO or Darknet or PascalVOC or COCO or NDJSON',
        "spec.labelingJob.adopt: '_' is not a labeling job's name; use letters, digits and - between them",
        'spec.labelingJob.taskTimeLimitSeconds: is "60", a text; write a whole number from 30 to 28800',
        "spec.attempts: is 99; write 1 to 10",
        "spec.dataset.split.val: is 0; write 1 to 1000000",
        "spec.outputPrefix: images/out/ lies inside the images, images/; choose a folder outside",
    ]


UNKNOWN_FIELDS = {
    "a slip of the key": ({"outputformat": 1}, "spec.outputformat: unknown field; did you mean outputFormat?"),
    "a field one level too high": (
        {"workersPerImage": 2},
        "spec.workersPerImage: unknown field; it belongs at spec.labelingJob.workersPerImage",
    ),
    "a field one level too deep": (
        {"dataset": {"attempts": 2}},
        "spec.dataset.attempts: unknown field; it belongs at spec.attempts",
    ),
    "nothing like it": (
        {"dataset": {"zzz": 1}},
        "spec.dataset.zzz: unknown field; known are split, images, checkImages, previews, since, license",
    ),
    "a price for the closed public workforce": (
        {"labelingJob": {"publicWorkforceTaskPrice": {}}},
        "spec.labelingJob.publicWorkforceTaskPrice: is not taken; only the public workforce was paid by the task; "
        "it was Amazon Mechanical Turk, which closed on 2026-09-30",
    ),
    "a key that is no text": (
        {"dataset": {True: 1}},
        "spec.dataset.True: the key is true, a boolean; write a field's name",
    ),
}


@pytest.mark.parametrize(("fields", "expected"), UNKNOWN_FIELDS.values(), ids=UNKNOWN_FIELDS)
def test_an_unknown_field_is_named_with_what_was_meant(fields: dict[str, Any], expected: str) -> None:
    """Slips, misplaced fields and fields that are left out on purpose each get their remedy."""
    assert _problem(**fields) == expected


WRONG_VALUES = {
    "YAML reads yes as true": ({"labels": ["a", True]}, "spec.labels[1]: is true, a boolean; write it in quotes"),
    "a number as a label": ({"labels": [7]}, "spec.labels[0]: is 7, a number; write it in quotes"),
    "one label instead of a list": ({"labels": "pen"}, 'spec.labels: is "pen", a text; write a list'),
    "no label": ({"labels": []}, "spec.labels: has 0 items; write 1 to 180"),
    "an empty item": ({"labels": ["a", None]}, "spec.labels[1]: is empty; write a text"),
    "a blank label": ({"labels": ["  "]}, "spec.labels[0]: is blank; write a name that people can read"),
    "a label of two lines": (
        {"labels": ["a\nb"]},
        "spec.labels[0]: holds (U+000A); write one line without control characters",
    ),
    "half a character": (
        {"labels": ["\ud83d"]},
        "spec.labels[0]: holds half of a character (a lone surrogate); remove it",
    ),
    "the lower case name of a format": (
        {"outputFormat": "yolo"},
        'spec.outputFormat: is "yolo", a text; did you mean YOLO?',
    ),
    "a boolean in quotes": (
        {"suspend": "true"},
        'spec.suspend: is "true", a text; write true or false, without quotes',
    ),
    "a fraction": ({"attempts": 1.5}, "spec.attempts: is 1.5, a number; write a whole number from 1 to 10"),
    "a list for a section": (
        {"labelingJob": []},
        "spec.labelingJob: is a list; write a mapping, `name: value` lines",
    ),
    "an upper case bucket": (
        {"bucket": "Pictures"},
        "spec.bucket: 'Pictures' is not a bucket name; use lower case letters, digits, - and . between them",
    ),
    "an address for a folder": (
        {"imagesPrefix": "s3://b/images/"},
        "spec.imagesPrefix: 's3://b/images/' is an address; write the folder alone, such as images/",
    ),
    "a leading slash": ({"imagesPrefix": "/images"}, "spec.imagesPrefix: '/images' starts with /; leave it out"),
    "an empty folder": (
        {"imagesPrefix": "a//b"},
        "spec.imagesPrefix: 'a//b' holds //, an empty folder; write one /",
    ),
    "a way up": (
        {"prefix": "a/../b"},
        "spec.prefix: 'a/../b' holds a . or .. folder; write the whole path without them",
    ),
    "the closed public workforce": (
        {"labelingJob": {"workteam": "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"}},
        "spec.labelingJob.workteam: names the public workforce, but it was Amazon Mechanical Turk, which closed on "
        "2026-09-30; name a private or vendor workteam",
    ),
    "a reserved ending of the attribute": (
        {"labelingJob": {"labelAttributeName": "boxes-ref"}},
        "spec.labelingJob.labelAttributeName: 'boxes-ref' ends in -ref, which Ground Truth gives another meaning; "
        "choose another name",
    ),
    "an ownership tag": (
        {"labelingJob": {"tags": {"labelround.dev/uid": "x"}}},
        "spec.labelingJob.tags['labelround.dev/uid']: starts with labelround.dev/, which is reserved; "
        "choose another key",
    ),
    "a number as a tag": (
        {"labelingJob": {"tags": {"cost-center": 42}}},
        "spec.labelingJob.tags['cost-center']: is 42, a number; write it in quotes",
    ),
    "an emoji in the title": (
        {"labelingJob": {"title": "Pens 🖊"}},
        "spec.labelingJob.title: holds '🖊' (U+1F58A), which Ground Truth refuses in titles; remove it",
    ),
    "an example that Liquid cannot name": (
        {"labelingJob": {"instructions": {"goodExamples": ["""it's "x".png"""]}}},
        "spec.labelingJob.instructions.goodExamples[0]: holds both kinds of quotes, which the page for workers "
        "cannot address; rename the picture",
    ),
    "an expression that does not compile": (
        {"dataset": {"split": {"groupBy": "(a"}}},
        "spec.dataset.split.groupBy: is not a regular expression: missing ), unterminated subpattern at position 0",
    ),
    "an adopted job with attempts": (
        {"attempts": 2, "labelingJob": {"adopt": "yolo-bbox"}},
        "spec.attempts: is above 1, and an adopted labeling job cannot be followed by another; "
        "remove it, or remove spec.labelingJob.adopt",
    ),
    "an adopted job with images to leave out": (
        {"dataset": {"since": "pens/all"}, "labelingJob": {"adopt": "yolo-bbox"}},
        "spec.dataset.since: names images to leave out, and an adopted labeling job has its own; "
        "remove it, or remove spec.labelingJob.adopt",
    ),
    "an adopted job with more labels than a job has": (
        {"labels": [f"l{index}" for index in range(51)], "labelingJob": {"adopt": "yolo-bbox"}},
        "spec.labels: has 51 labels, and an adopted labeling job has at most 50; list the job's own labels",
    ),
}


@pytest.mark.parametrize(("fields", "expected"), WRONG_VALUES.values(), ids=WRONG_VALUES)
def test_a_wrong_value_is_named_with_its_remedy(fields: dict[str, Any], expected: str) -> None:
    """Each message stands alone: where, what, and what to do."""
    assert _problem(**fields) == expected


MIXED_FOLDERS = {
    "the round's folder is the images": ({"prefix": "bounding_box/images"}, "spec.prefix"),
    "the round's folder is among the images": ({"prefix": "bounding_box/images/x"}, "spec.prefix"),
    "the images are among the annotations": (
        {"prefix": "a", "imagesPrefix": "a/ground_truth_annots/images"},
        "spec.imagesPrefix",
    ),
    "the images are where annotations come by default": (
        {"imagesPrefix": "a/ground_truth_annots"},
        "spec.imagesPrefix",
    ),
    "the dataset is among the images": ({"outputPrefix": "bounding_box/images/out"}, "spec.outputPrefix"),
    "the dataset is the images": ({"outputPrefix": "bounding_box/images"}, "spec.outputPrefix"),
    "the dataset holds the images": ({"outputPrefix": "bounding_box"}, "spec.outputPrefix"),
    "the dataset is among the annotations": (
        {"outputPrefix": "bounding_box/ground_truth_annots/out"},
        "spec.outputPrefix",
    ),
    "the dataset holds the annotations": ({"prefix": "x/y", "outputPrefix": "x"}, "spec.outputPrefix"),
    "the images are where the dataset comes by default": (
        {"imagesPrefix": "a/yolo_annot_files"},
        "spec.outputPrefix",
    ),
}


@pytest.mark.parametrize(("fields", "where"), MIXED_FOLDERS.values(), ids=MIXED_FOLDERS)
def test_pictures_annotations_and_dataset_stay_apart(fields: dict[str, Any], where: str) -> None:
    """No folder that is written lies in one that belongs to something else."""
    problems = _problems(MINIMAL | fields)

    assert problems
    assert all(problem.startswith(f"{where}: ") for problem in problems)


def test_folders_with_a_common_beginning_are_apart() -> None:
    """`images-2` does not lie in `images`."""
    spec = MINIMAL | {"imagesPrefix": "a/images", "prefix": "a/images-2", "outputPrefix": "a/images2"}

    round = parse_round(document(spec))

    assert (round.prefix, round.output_prefix) == ("a/images-2/", "a/images2/")


def test_labels_that_differ_in_one_character_are_different() -> None:
    """Case and white space count: real jobs have labels that end in a space."""
    labels = ["pen", "Pen", "pen ", "pén", "pe\u0301n"]

    round = parse_round(document(MINIMAL | {"labels": labels}))

    assert round.labels == tuple(labels)


WRONG_DOCUMENTS: dict[str, tuple[Any, list[str]]] = {
    "not a mapping": (
        [1],
        ["document: is not a mapping; write a LabelingRound with apiVersion, kind, metadata and spec"],
    ),
    "nothing in it": (
        {},
        [
            "apiVersion: is missing; write apiVersion: labelround.dev/v1alpha1",
            "kind: is missing; write kind: LabelingRound",
            "metadata.name: is missing; it is required",
            "spec.bucket: is missing; it is required",
            "spec.imagesPrefix: is missing; it is required",
            "spec.labels: is missing; it is required",
            "spec.outputFormat: is missing; it is required",
        ],
    ),
    "another kind": (
        document(MINIMAL) | {"kind": "Job", "apiVersion": "batch/v1"},
        [
            'apiVersion: is "batch/v1"; write apiVersion: labelround.dev/v1alpha1',
            'kind: is "Job"; write kind: LabelingRound',
        ],
    ),
    "a field of the spec beside it": (
        document(MINIMAL) | {"labels": ["a"]},
        ["labels: unknown field; it belongs at spec.labels"],
    ),
    "a name with capitals": (
        document(MINIMAL) | {"metadata": {"name": "Pens"}},
        [
            "metadata.name: 'Pens' is not a name; use lower case letters, digits, - and . and begin and end with a"
            " letter or digit"
        ],
    ),
}


@pytest.mark.parametrize(("stated", "expected"), WRONG_DOCUMENTS.values(), ids=WRONG_DOCUMENTS)
def test_a_document_of_the_wrong_kind_is_explained(stated: Any, expected: list[str]) -> None:
    """What stands around the spec is checked too."""
    with pytest.raises(InvalidRound) as caught:
        parse_round(stated)

    assert [str(problem) for problem in caught.value.problems] == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["apiVersion", "kind", "metadata", "spec", "x"]), JSON)
    | st.dictionaries(st.sampled_from(list(MINIMAL)), JSON).map(lambda spec: document(MINIMAL | spec))
    | JSON
)
def test_no_document_raises_anything_else(stated: Any) -> None:
    """Whatever is in the file, the answer is a round or InvalidRound with sentences."""
    try:
        told = [parse_round(stated).bucket]
    except InvalidRound as error:
        told = [str(problem) for problem in error.problems]

    assert all(told)
    assert all(line.isprintable() for line in told)
