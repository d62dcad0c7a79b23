"""NDJSON datasets of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labelround.dataset.existing import Dataset, dataset_folder, open_dataset
from labelround.storage import MemoryBuckets

HEAD = {"type": "dataset", "task": "detect", "name": "pens", "class_names": {"0": "pencil", "2": "pen"}}
PICTURE = {"type": "image", "file": "a.jpg", "url": "https://x/a.jpg", "width": 40, "height": 20, "split": "train"}
BOX = [2, 0.35, 0.35, 0.5, 0.5]


def dataset(folder: Path, *lines: Any) -> Dataset:
    (folder / "pens.ndjson").write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines))
    return open_dataset(dataset_folder(str(folder), MemoryBuckets()))


def test_boxes_and_polygons_are_boxes(tmp_path: Path) -> None:
    """A class id that nobody named gets the name that Ultralytics gives it."""
    polygon = [0, 0.1, 0.1, 0.5, 0.3, 0.3, 0.7]

    opened = dataset(tmp_path, HEAD, {**PICTURE, "annotations": {"segments": [BOX, polygon]}})

    ((entry,),) = opened.splits.values()
    labels = opened.labels(entry)
    assert labels is not None
    assert opened.names == ("pencil", "class1", "pen")
    assert (entry.split, entry.image_file) == ("train", "images/train/a.jpg")
    assert [(row.class_id, *row.box) for row in labels.rows] == [tuple(BOX), pytest.approx((0, 0.3, 0.4, 0.4, 0.6))]


def test_a_picture_without_annotations_is_background(tmp_path: Path) -> None:
    """Its member may be missing altogether."""
    opened = dataset(tmp_path, HEAD, PICTURE, "")

    assert [opened.labels(entry).rows for entry in opened.listed()] == [()]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ((HEAD, "{"), "pens.ndjson:2: is no line of such a dataset"),
        ((HEAD, {"type": "image"}), "missing required field `file`"),
        (({**HEAD, "task": "pose"}, PICTURE), "pens.ndjson:1: is of the task pose; only boxes are understood"),
    ],
)
def test_what_is_wrong_is_told_with_the_line(lines: tuple[Any, ...], problem: str, tmp_path: Path) -> None:
    """All of it at once."""
    opened = dataset(tmp_path, *lines)

    assert len(opened.problems) == 1
    assert problem in str(opened.problems[0])


def test_an_annotation_that_is_no_box_is_told_with_its_number(tmp_path: Path) -> None:
    """The others are read."""
    opened = dataset(tmp_path, HEAD, {**PICTURE, "annotations": {"boxes": [BOX, [0, 0.1, 0.1], [0.5, *BOX[1:]]]}})

    (labels,) = [opened.labels(entry) for entry in opened.listed()]
    assert labels is not None
    assert len(labels.rows) == 1
    assert [line for line, _ in labels.problems] == [2, 3]
