"""The numbers of a dataset."""

from __future__ import annotations

from pathlib import Path

from tests.tools.made_datasets import Made, make

from labelround.dataset.existing import dataset_folder, open_dataset
from labelround.dataset.stats import DatasetStats, Spread, stats
from labelround.progress import NoProgress
from labelround.storage import MemoryBuckets

MADE = [
    Made("a.jpg", "0 0.5 0.5 0.5 0.5\n0 0.5 0.5 1 1\n1 0.5 0.5 0.25 1\n", width=100, height=40),
    Made("b.jpg", "0 0.5 0.5 0.1 0.1\n", split="val", width=100, height=40),
    Made("empty.jpg", state="empty"),
    Made("failed.jpg", split="", state="failed"),
]


def numbers(folder: Path) -> DatasetStats:
    return stats(open_dataset(dataset_folder(str(folder), MemoryBuckets())), NoProgress())


def test_images_boxes_and_classes_are_counted(tmp_path: Path) -> None:
    """By state, by split and by class; a class counts once an image."""
    result = numbers(make(tmp_path / "dataset", MADE, ("pencil", "pen", "unused")))

    assert (result.total, result.background, result.boxes) == (3, 1, 4)
    assert result.splits == {"train": 2, "val": 1}
    assert result.states == {"labeled": 2, "empty": 1, "failed": 1}
    assert [(each.name, each.images, each.boxes) for each in result.classes] == [
        ("pencil", 2, 3),
        ("pen", 1, 1),
        ("unused", 0, 0),
    ]


def test_sizes_are_in_pixels_of_the_stored_raster(tmp_path: Path) -> None:
    """The side of a box is the square root of its area."""
    result = numbers(make(tmp_path / "dataset", MADE))

    assert result.boxes_per_image == Spread(0, 1, 3)
    assert result.shapes.width == Spread(10, 37.5, 100)
    assert result.shapes.height == Spread(4, 30, 40)
    assert result.classes[1].side == Spread(1000**0.5, 1000**0.5, 1000**0.5)


def test_what_the_conversion_dropped_and_renamed_is_told(tmp_path: Path) -> None:
    """From its report."""
    result = numbers(make(tmp_path / "dataset", MADE))

    assert (result.dropped, result.renamed) == ({"no area": 2}, 1)


def test_a_dataset_of_others_is_counted_without_tables(tmp_path: Path) -> None:
    """Sizes are then unknown, and a class without a name still counts."""
    folder = make(tmp_path / "dataset", [Made("a.jpg", "5 0.5 0.5 0.5 0.5\n")], ("pen",))
    (folder / "images.csv").unlink()
    (folder / "report.json").unlink()

    result = numbers(folder)

    assert (result.states, result.dropped, result.renamed, result.shapes.width) == ({}, None, None, None)
    assert [(each.class_id, each.name, each.boxes) for each in result.classes] == [(0, "pen", 0), (5, "", 1)]
