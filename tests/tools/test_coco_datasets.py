"""COCO datasets of others, with the habits of their exporters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.tools.foreign import boxes, dataset_of

from labelround.dataset.existing import Dataset
from labelround.dataset.stats import stats
from labelround.progress import NoProgress

CATEGORIES = [{"id": 90, "name": "pen"}, {"id": 3, "name": "pencil", "supercategory": "thing"}]
IMAGE = {"id": 7, "file_name": "a.jpg", "width": 40, "height": 20}
BOX = {"id": 1, "image_id": 7, "category_id": 90, "bbox": [4, 2, 20, 10]}


def document(*annotations: Mapping[str, Any], images: tuple[Any, ...] = (IMAGE,), **more: Any) -> str:
    return json.dumps({"images": images, "annotations": annotations, "categories": CATEGORIES, **more})


def dataset(folder: Path, text: str, name: str = "annotations/instances_train.json", picture: str = "") -> Dataset:
    return dataset_of(folder, {name: text}, picture)


def test_categories_are_known_by_name(tmp_path: Path) -> None:
    """Their ids have gaps, and stand in any order."""
    opened = dataset(tmp_path, document(BOX))

    assert opened.names == ("pencil", "pen")
    assert boxes(opened) == {"images/a.jpg": [("pen", (0.35, 0.35, 0.5, 0.5))]}
    assert opened.problems == ()


def test_numbers_are_in_the_order_of_the_splits(tmp_path: Path) -> None:
    """Not in that of the files, which is by their names."""
    opened = None
    for split in ("val", "test", "train"):
        opened = dataset(tmp_path, document(BOX), f"annotations/instances_{split}.json")

    assert opened is not None
    assert list(stats(opened, NoProgress()).splits) == ["train", "val", "test"]


@pytest.mark.parametrize(
    ("name", "picture", "split"),
    [
        ("annotations/instances_val2017.json", "val2017/a.jpg", "val"),
        ("annotations/instances_default.json", "images/default/a.jpg", "unsplit"),
        ("annotations/instances_test-dev2017.json", "images/test/a.jpg", "test"),
        ("valid/_annotations.coco.json", "valid/a.jpg", "val"),
        ("_annotations.coco.json", "a.jpg", "unsplit"),
        ("labels.json", "data/a.jpg", "unsplit"),
        ("annotations/train.json", "images/train/a.jpg", "train"),
    ],
)
def test_pictures_are_found_where_exporters_put_them(name: str, picture: str, split: str, tmp_path: Path) -> None:
    """COCO's own layout, and those of CVAT, Roboflow and FiftyOne."""
    opened = dataset(tmp_path, document(BOX), name, picture)

    assert list(boxes(opened)) == [picture]
    assert list(opened.splits) == [split]


def test_an_image_without_annotations_is_background(tmp_path: Path) -> None:
    """It is listed, with no box."""
    assert boxes(dataset(tmp_path, document())) == {"images/a.jpg": []}


def test_polygons_without_a_box_are_surrounded_by_one(tmp_path: Path) -> None:
    """Of several polygons, all count."""
    outline = {**BOX, "bbox": [], "segmentation": [[4, 2, 10, 4, 6, 12], [20, 10, 24, 10, 24, 11]]}

    opened = dataset(tmp_path, document(outline))

    assert boxes(opened) == {"images/a.jpg": [("pen", (0.35, 0.35, 0.5, 0.5))]}


def test_a_crowd_is_no_box(tmp_path: Path) -> None:
    """How many there were is told."""
    opened = dataset(tmp_path, document({**BOX, "iscrowd": 1, "segmentation": {"counts": [1], "size": [20, 40]}}))

    assert boxes(opened) == {"images/a.jpg": []}
    assert opened.notes == ("left out 1 annotation of crowds (iscrowd)",)


def test_a_size_that_is_missing_is_read_from_the_picture(tmp_path: Path) -> None:
    """From its header."""
    unsized = {"id": 7, "file_name": "a.jpg"}

    opened = dataset(tmp_path, document(BOX, images=(unsized,)), picture="images/a.jpg")

    assert boxes(opened) == {"images/a.jpg": [("pen", (0.35, 0.35, 0.5, 0.5))]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is no COCO file of objects"),
        (json.dumps({"images": [], "annotations": []}), "missing required field `categories`"),
        (document(images=({"id": 7, "file_name": "a.jpg"},)), "has no width and height, and the picture is not there"),
        (document(images=(IMAGE, IMAGE)), "several images have one id"),
        (document({**BOX, "image_id": 8}), r"1 annotation of an image that is not listed \(id 1\)"),
        (document({**BOX, "category_id": 1}), r"1 annotation of a category that is not listed \(id 1\)"),
        (document({**BOX, "bbox": []}), "1 annotation without a box"),
        (document({**BOX, "bbox": [1, 2, 3]}), "1 annotation without a box"),
        (document(images=({**IMAGE, "file_name": "../a.jpg"},)), "lies outside the dataset's folder"),
    ],
)
def test_what_is_wrong_is_told(text: str, problem: str, tmp_path: Path) -> None:
    """With the file, and the annotation."""
    opened = dataset(tmp_path, text)

    with pytest.raises(AssertionError, match=problem):
        assert [str(one) for one in opened.problems] == []
