"""COCO: few files hold the boxes of all images, with ids that mean the same in each of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.dataset.manifests import BUCKET, PREFIX, World, failed, line

from labelround.spec.model import ImagesMode, OutputFormat, Split

ENTRIES = [
    line("a.jpg", ("pen", 10, 5, 20, 30), ("pencil", 0.5, 1.25, 3, 2)),
    line("b.jpg"),
    failed("c.jpg"),
    line('d "e"/é.jpg', ("pencil", -5, 0, 15, 10)),
]
SHARED = Split(group_by="^")
"""Everything is one group, so that train and val are the same."""


def converted(split: Split = SHARED, **options: Any) -> World:
    world = World()
    world.convert(ENTRIES, output_format=OutputFormat.COCO, split=split, **options)
    return world


def test_a_split_is_one_file_as_coco_has_it() -> None:
    """Categories count from 1; ids are the rows of the tables; a background image has no annotation."""
    world = converted()

    found = json.loads(world.files()["annotations/instances_train.json"])

    assert found["categories"] == [
        {"id": 1, "name": "pencil", "supercategory": ""},
        {"id": 2, "name": "pen", "supercategory": ""},
    ]
    assert [(image["id"], image["file_name"], image["width"], image["height"]) for image in found["images"]] == [
        (1, "a.jpg", 100, 80),
        (2, "b.jpg", 100, 80),
        (4, 'd "e"/é.jpg', 100, 80),
    ]
    assert found["images"][0]["coco_url"] == f"s3://{BUCKET}/{PREFIX}a.jpg"
    box = {"iscrowd": 0, "segmentation": []}
    assert found["annotations"] == [
        {"id": 1, "image_id": 1, "category_id": 2, "bbox": [10, 5, 20, 30], "area": 600, **box},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0.5, 1.25, 3, 2], "area": 6, **box},
        {"id": 3, "image_id": 4, "category_id": 1, "bbox": [0, 0, 10, 10], "area": 100, **box},
    ]


def test_there_are_no_other_files_than_tables_and_splits() -> None:
    """One object for a split, however many pictures there are."""
    world = converted()

    splits = [f"annotations/instances_{split}.json" for split in ("train", "val")]
    about = ["CARD.md", "croissant.json"]
    assert sorted(world.files()) == sorted(
        [*splits, *about, "annot.csv", "images.csv", "report.json", ".labelround-claim.json"]
    )
    assert [row["label_file"] for row in world.rows("images.csv")] == [""] * 4


def test_one_group_is_in_both_files() -> None:
    """As with lists, train and val then say the same."""
    files = converted().files()

    assert files["annotations/instances_train.json"] == files["annotations/instances_val.json"]


@pytest.mark.parametrize("split", [Split(60, 20, 20, 3), Split(1, 0, 0)])
def test_every_image_is_in_the_file_of_its_split_alone(split: Split) -> None:
    """With all its boxes, under the id that is its row in images.csv."""
    world = World()
    entries = [line(f"{number:02}.jpg", ("pen", number, 5, 20, 20)) for number in range(30)]
    world.convert(entries, output_format=OutputFormat.COCO, split=split)

    files = world.files()
    listed = {
        (image["id"], part)
        for part in ("train", "val", "test")
        if f"annotations/instances_{part}.json" in files
        for image in json.loads(files[f"annotations/instances_{part}.json"])["images"]
    }
    rows = world.rows("images.csv")
    assert listed == {(number, row["split"]) for number, row in enumerate(rows, start=1)}


def test_copies_lie_in_images() -> None:
    """Under the names that the files give."""
    world = World()
    world.bucket.write(f"{PREFIX}deep/a.jpg", b"any")
    world.convert(
        [line("deep/a.jpg")], output_format=OutputFormat.COCO, images_mode=ImagesMode.COPY, images_prefix=None
    )

    assert "images/a.jpg" in world.files()


def test_another_format_leaves_no_file_of_coco() -> None:
    """And the other way round."""
    world, fresh = World(), World()
    world.convert(ENTRIES, output_format=OutputFormat.COCO)

    world.convert(ENTRIES)
    yolo = world.files()
    world.convert(ENTRIES, output_format=OutputFormat.COCO)
    fresh.convert(ENTRIES)

    assert yolo == fresh.files()
    assert world.files() == converted(Split()).files()
