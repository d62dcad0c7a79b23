"""Reading the answers manifest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.server.labeling import answer_line, box, json_lines

from labelround.errors import InvalidManifest
from labelround.server.answers import read_answers
from labelround.server.boxes import Box, Size

# How many boxes and images without a box each real manifest has.
REAL = {
    "bees-500": (500, 1009, 7),
    "bcbs-logo-labeling": (470, 492, 42),
    "zegar-labeling-test": (32, 54, 9),
    "pid-label-job": (5, 36, 0),
    "dl-labelling-job-train": (14, 54, 0),
    "dl-labelling-job-test": (3, 10, 0),
    "hms-ayo": (31, 32, 5),
    "cat-ground-truth": (4, 4, 1),
    "bees-sample": (10, 20, 0),
    "bax-bees-validation": (100, 98, 5),
}


@pytest.mark.parametrize("name", REAL)
def test_real_manifests_are_answers(real_manifests: Path, name: str) -> None:
    """Every image, every box, by class name."""
    images, boxes, empty = REAL[name]
    lines = (real_manifests / f"{name}.manifest").read_bytes().splitlines()

    answers = read_answers(lines, name).by_reference

    assert len(answers) == images
    assert sum(len(answer.boxes) for answer in answers.values()) == boxes
    assert sum(not answer.boxes for answer in answers.values()) == empty
    assert all(answer.size for answer in answers.values())


def test_a_class_keeps_its_trailing_space(real_manifests: Path) -> None:
    """Names are compared as they are."""
    lines = (real_manifests / "pid-label-job.manifest").read_bytes().splitlines()

    answers = read_answers(lines, "pid").by_reference

    assert "设备 " in {box.label for answer in answers.values() for box in answer.boxes}


def test_images_that_failed_or_were_not_labeled_are_unknown() -> None:
    """As is every image that does not stand in the manifest."""
    failed = {"source-ref": "s3://pens/b.jpg", "truth-metadata": {"failure-reason": "expired"}}
    unlabeled = {"source-ref": "s3://pens/c.jpg"}

    answers = read_answers(json_lines([answer_line("a.jpg", []), failed, unlabeled]).splitlines(), "answers")

    assert answers.find("s3://pens/a.jpg") is not None
    assert [answers.find(f"s3://pens/{name}.jpg") for name in "bcd"] == [None] * 3


def test_the_whole_address_goes_before_the_path() -> None:
    """An image of another bucket is only taken when there is none of this one."""
    mine, other = answer_line("a.jpg", [box(0)]), {**answer_line("a.jpg", [box(1)]), "source-ref": "s3://other/a.jpg"}

    answers = read_answers(json_lines([mine, other]).splitlines(), "answers")

    found = [answers.find(f"s3://{bucket}/a.jpg") for bucket in ("pens", "other", "third")]
    assert [answer.boxes[0].label for answer in found if answer] == ["pencil", "pen", "pencil"]


def test_the_size_may_be_missing() -> None:
    """Then it is read from the image."""
    line = answer_line("a.jpg", [box(1)])
    del line["truth"]["image_size"]

    answer = read_answers(json_lines([line]).splitlines(), "answers").find("s3://pens/a.jpg")

    assert answer is not None
    assert answer.size is None
    assert answer.boxes == (Box("pen", 10, 20, 30, 40),)


def test_one_of_several_attributes_is_named() -> None:
    """Two are an error that lists them, unless one is chosen."""
    line = {**answer_line("a.jpg", [box(1)])}
    line |= {"other": {"annotations": [], "image_size": [{"width": 5, "height": 6}]}}
    line["other-metadata"] = {**line["truth-metadata"], "class-map": {}}
    lines = json_lines([line]).splitlines()

    with pytest.raises(InvalidManifest, match=r"several label attributes \(other, truth\)"):
        read_answers(lines, "answers")
    chosen = read_answers(lines, "answers", "other").find("s3://pens/a.jpg")

    assert chosen is not None
    assert chosen.size == Size(5, 6)


def test_an_attribute_that_is_not_there_is_an_error() -> None:
    """Rather than workers who know nothing."""
    with pytest.raises(InvalidManifest, match="no boxes under the label attribute 'nothing'"):
        read_answers(json_lines([answer_line("a.jpg", [])]).splitlines(), "answers", "nothing")


def without(line: dict[str, Any], *path: Any) -> dict[str, Any]:
    """The line without one member."""
    copy: dict[str, Any] = json.loads(json.dumps(line))
    place: Any = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


LINE = answer_line("a.jpg", [box(1)])
WRONG: dict[str, tuple[Any, str]] = {
    "cut in the middle": (b'{"source-ref": "s3', "not JSON"),
    "no address": (without(LINE, "source-ref"), "source-ref"),
    "no annotations": (without(LINE, "truth", "annotations"), "no annotations"),
    "no class map": (without(LINE, "truth-metadata", "class-map"), "class-map"),
    "a class that is not in the map": (without(LINE, "truth-metadata", "class-map", "1"), "class-map"),
    "a box without width": (without(LINE, "truth", "annotations", 0, "width"), "needs width as a number"),
    "a negative height": (answer_line("a.jpg", [box(1, height=-1)]), "negative"),
    "no pixels": (answer_line("a.jpg", [], image_size=[{"width": 0, "height": 1}]), "no pixels"),
    "no list of sizes": (answer_line("a.jpg", [], image_size={"width": 1}), "list of one size"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_line_is_named_with_its_number(case: str) -> None:
    """All wrong lines at once."""
    line, told = WRONG[case]
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()

    with pytest.raises(InvalidManifest, match=told) as caught:
        read_answers([json.dumps(LINE).encode(), raw, raw], "truth.manifest")

    assert [problem.where for problem in caught.value.problems] == ["truth.manifest:2", "truth.manifest:3"]
