"""The AWS blog's input.json becomes a LabelingRound."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from labelround.errors import InvalidInput, InvalidManifest
from labelround.importing import imported_round, labels_of, read_input
from labelround.labelfile import read_labels
from labelround.spec.model import LabelingRound
from labelround.spec.parse import parse_round
from labelround.storage import LocalBuckets, S3Buckets

BLOG = {
    "s3_bucket": "ground-truth-data-labeling",
    "job_id": "bounding_box",
    "ground_truth_job_name": "yolo-bbox",
    "yolo_output_dir": "yolo_annot_files",
}
LABELS = json.dumps({"document-version": "2018-11-28", "labels": [{"label": "pencil"}, {"label": "pen"}]}).encode()
LABEL_KEY = "bounding_box/ground_truth_annots/yolo-bbox/annotation-tool/data.json"


def blog(**changes: Any) -> bytes:
    return json.dumps({**BLOG, **changes}).encode()


def imported(content: bytes, labels: Callable[[], tuple[str, ...]] = lambda: ("pencil", "pen")) -> LabelingRound:
    """The round as everything behind the command sees it."""
    text = imported_round(read_input(content, "input.json"), labels, "input.json")
    return parse_round(yaml.safe_load(text))


def problems(content: bytes, labels: Callable[[], tuple[str, ...]] = lambda: ("pen",)) -> dict[str, str]:
    """What is wrong, by the place that is named."""
    with pytest.raises(InvalidInput) as refusal:
        imported(content, labels)
    return {problem.where: problem.what for problem in refusal.value.problems}


def test_the_round_adopts_the_job_and_keeps_the_blogs_folders() -> None:
    """The very names of the blog's repository."""
    round = imported(blog())

    assert round.name == "yolo-bbox"
    assert round.bucket == "ground-truth-data-labeling"
    assert round.labeling_job.adopt == "yolo-bbox"
    assert round.labels == ("pencil", "pen")
    assert round.images_prefix == "bounding_box/images/"
    assert round.prefix == "bounding_box/"
    assert round.output_prefix == "bounding_box/yolo_annot_files/"


def test_folders_may_be_nested_and_end_in_a_slash() -> None:
    """The blog joins them with slashes, so people write them either way."""
    round = imported(blog(job_id="teams/a/", yolo_output_dir="out/yolo/"))

    assert round.images_prefix == "teams/a/images/"
    assert round.output_prefix == "teams/a/out/yolo/"


def test_a_job_name_in_capitals_names_the_round_in_lower_case() -> None:
    """Kubernetes has no capitals in names, Ground Truth does."""
    round = imported(blog(ground_truth_job_name="Yolo--BBox"))

    assert round.name == "yolo-bbox"
    assert round.labeling_job.adopt == "Yolo--BBox"


def test_every_missing_and_wrong_field_is_told_at_once() -> None:
    """By its name in the file."""
    found = problems(b'{"s3_bucket": 5, "job_id": " ", "ground_truth_jobname": "x"}')

    assert found == {
        "input.json: s3_bucket": "is 5, not a string",
        "input.json: job_id": "is empty",
        "input.json: ground_truth_job_name": "is missing",
        "input.json: yolo_output_dir": "is missing",
    }


def test_what_the_round_refuses_is_told_by_the_json_field() -> None:
    """A person who has never seen a LabelingRound can mend the file."""
    found = problems(blog(s3_bucket="Bad_Bucket", ground_truth_job_name="bad_name_", yolo_output_dir="../up"))

    assert set(found) >= {
        "input.json: s3_bucket",
        "input.json: ground_truth_job_name",
        "input.json: yolo_output_dir",
    }


def test_problems_of_the_labels_come_with_those_of_the_fields() -> None:
    """Nothing is found only after the first mend."""

    def broken() -> tuple[str, ...]:
        return read_labels(b'{"labels": [{"label": "pen"}, {"label": "pen"}]}', "data.json")

    found = problems(blog(s3_bucket="Bad_Bucket"), broken)

    assert set(found) == {"input.json: s3_bucket", "data.json: labels[1]"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
def test_a_file_that_is_no_json_object_is_refused_with_the_fields_it_needs(content: bytes) -> None:
    """The message is the documentation."""
    with pytest.raises(InvalidInput, match="ground_truth_job_name"):
        read_input(content, "input.json")


def test_fields_that_the_blog_does_not_know_are_remembered() -> None:
    """For a warning: a typing error would otherwise pass unseen."""
    found = read_input(blog(comment="mine"), "input.json")

    assert found.unknown == ("comment",)


def test_labels_are_read_from_the_jobs_folder_in_s3(s3: Any, s3_buckets: S3Buckets) -> None:
    """Where the console puts them."""
    s3.put_object(Bucket="pictures", Key=LABEL_KEY, Body=LABELS)

    labels = labels_of(read_input(blog(s3_bucket="pictures"), "input.json"), s3_buckets)

    assert labels == ("pencil", "pen")


def test_labels_are_read_from_a_local_bucket(tmp_path: Path) -> None:
    """A copy of the bucket on disk will do."""
    file = tmp_path / "ground-truth-data-labeling" / LABEL_KEY
    file.parent.mkdir(parents=True)
    file.write_bytes(LABELS)

    labels = labels_of(read_input(blog(), "input.json"), LocalBuckets(tmp_path))

    assert labels == ("pencil", "pen")


@pytest.mark.parametrize("bucket", ["pictures", "no-such-bucket"])
def test_labels_that_cannot_be_read_point_to_the_option(s3: Any, s3_buckets: S3Buckets, bucket: str) -> None:
    """A person may have the file from elsewhere."""
    with pytest.raises(InvalidInput, match="--label-file"):
        labels_of(read_input(blog(s3_bucket=bucket), "input.json"), s3_buckets)


BAD_LABEL_FILES: dict[str, tuple[bytes, list[str]]] = {
    "no JSON": (b"{", ["data.json"]),
    "no object": (b"[]", ["data.json: labels"]),
    "no labels": (b'{"labels": []}', ["data.json: labels"]),
    "bare strings": (b'{"labels": ["pen"]}', ["data.json: labels[0]"]),
    "several": (
        json.dumps({"labels": [{"label": ""}, {"label": "a"}, {"label": "a"}, {}, {"label": "x" * 257}]}).encode(),
        ["data.json: labels[0]", "data.json: labels[2]", "data.json: labels[3]", "data.json: labels[4]"],
    ),
}


@pytest.mark.parametrize(("content", "places"), BAD_LABEL_FILES.values(), ids=BAD_LABEL_FILES.keys())
def test_every_problem_of_a_label_file_is_told(content: bytes, places: list[str]) -> None:
    """By its place in the list."""
    with pytest.raises(InvalidManifest) as refusal:
        read_labels(content, "data.json")

    assert [problem.where for problem in refusal.value.problems] == places


@given(st.lists(st.text(min_size=1, max_size=256), min_size=1, max_size=50, unique=True))
def test_labels_are_read_as_they_stand(labels: list[str]) -> None:
    """Trailing spaces and any script included: their order is their class ids."""
    content = json.dumps({"labels": [{"label": label} for label in labels]}).encode()

    assert read_labels(content, "data.json") == tuple(labels)


@given(
    st.lists(
        st.from_regex(r"[^\s\x00-\x1f\x7f-\x9f\u2028\u2029][\w :#%-]{0,20}", fullmatch=True),
        min_size=1,
        max_size=9,
        unique=True,
    )
)
def test_labels_reach_the_round_through_yaml_unchanged(labels: list[str]) -> None:
    """`yes`, `1.0`, `# x` and a trailing space are labels too."""
    round = imported(blog(), lambda: tuple(labels))

    assert round.labels == tuple(labels)
