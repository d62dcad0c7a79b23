"""Ultralytics' NDJSON: one file holds the whole dataset, and copies lie in the folders of their split."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.dataset.manifests import BUCKET, PREFIX, World, failed, line, plan_of
from tests.dataset.pictures import picture
from tests.dataset.sharding import Sharded

from labelround.dataset.convert import convert
from labelround.spec.model import ImagesMode, OutputFormat, Split

ENTRIES = [line("cam/a.jpg", ("pen", 10, 20, 20, 40)), line("b.jpg"), failed("c.jpg")]
COPY: dict[str, Any] = {"output_format": OutputFormat.NDJSON, "images_mode": ImagesMode.COPY}


def test_the_file_is_as_ultralytics_reads_it() -> None:
    """Boxes are shares of the sides, with the digits of YOLO's label files; names are flat."""
    world = World()
    world.convert(ENTRIES, output_format=OutputFormat.NDJSON, split=Split(group_by="^"))

    head, *records = map(json.loads, world.files()["dataset.ndjson"].splitlines())

    background = {"type": "image", "file": "b.jpg", "url": f"s3://{BUCKET}/{PREFIX}b.jpg", "width": 100, "height": 80}
    labeled = {**background, "file": "cam_a.jpg", "url": f"s3://{BUCKET}/{PREFIX}cam/a.jpg"}
    boxes = [[1, 0.2, 0.5, 0.2, 0.5]]
    assert head == {"type": "dataset", "task": "detect", "path": ".", "class_names": {"0": "pencil", "1": "pen"}}
    assert records == [
        {**background, "split": "train", "annotations": {"boxes": []}},
        {**background, "split": "val", "annotations": {"boxes": []}},
        {**labeled, "split": "train", "annotations": {"boxes": boxes}},
        {**labeled, "split": "val", "annotations": {"boxes": boxes}},
    ]


def test_there_is_one_object_beside_the_tables() -> None:
    """However many pictures there are."""
    world = World()
    world.convert(ENTRIES, output_format=OutputFormat.NDJSON)

    tables = {"annot.csv", "images.csv", "report.json", ".labelround-claim.json", "CARD.md", "croissant.json"}
    assert set(world.files()) == {"dataset.ndjson", *tables}


def test_flat_names_do_not_collide() -> None:
    """Of two that would be one, the later is renamed."""
    world = World()
    report = world.convert([line("a/b.jpg"), line("a_b.jpg")], output_format=OutputFormat.NDJSON)

    assert [row["image"] for row in world.rows("images.csv")] == ["a_b.jpg", "a_b_jpg.jpg"]
    assert report.renamed == 2


@pytest.mark.parametrize("split", [Split(60, 20, 20, 7), Split(1, 0, 0), Split(0, 0, 1), Split(group_by="^")])
def test_copies_lie_where_ultralytics_looks_for_them(split: Split) -> None:
    """In the folder of each split that names them, also of images that had to move; in shards as in one process."""
    world, sharded = World(), World()
    entries = [line(f"{number}.jpg", ("pen", number, 5, 20, 20)) for number in range(8)]
    for one in (world, sharded):
        for number in range(8):
            one.bucket.write(f"{PREFIX}{number}.jpg", picture(orientation=6 if number == 3 else 1))
    plan = plan_of(world.source(entries), **COPY, check_images=True, split=split)

    convert(plan, world.output, world.buckets)
    Sharded(plan, sharded.output, sharded.buckets, 3).run([2, 0, 1])

    files = world.files()
    _, *records = map(json.loads, files["dataset.ndjson"].splitlines())
    assert {path for path in files if path.startswith("images/")} == {
        f"images/{record['split']}/{record['file']}" for record in records
    }
    assert sharded.files() == files


def test_a_change_of_the_split_leaves_no_copy_behind() -> None:
    """In the folder of another split, or of another format."""
    world, fresh = World(), World()
    for one in (world, fresh):
        for name in "abcde":
            one.bucket.write(f"{PREFIX}{name}.jpg", picture())
    entries = [line(f"{name}.jpg") for name in "abcde"]

    world.convert(entries, **COPY, split=Split(group_by="^"))
    world.convert(entries, **COPY, split=Split(50, 50, 0, 1))
    fresh.convert(entries, **COPY, split=Split(50, 50, 0, 1))

    assert world.files() == fresh.files()
    world.convert(entries)
    assert not any(path.startswith("images/") for path in world.files())
