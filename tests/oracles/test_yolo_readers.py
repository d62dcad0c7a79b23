"""Readers that labelround has no hand in find in its datasets what the manifests say, and one trains on it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from tests.oracles.agreement import REAL, assert_same_boxes
from tests.oracles.conftest import Made, Reader, labels_of

pytestmark = pytest.mark.oracle


def test_supervision_reads_the_demo_dataset_as_the_manifest_says(demo: Made, reader: Reader) -> None:
    """The EXIF-rotated photograph among them."""
    found = reader("supervision", "yolo", demo.folder)

    assert_same_boxes(found, demo.expected())
    assert sum(map(len, found.values())) == 31


@pytest.mark.parametrize("name", REAL)
def test_supervision_reads_real_manifests_as_they_say(
    convert_real: Callable[..., Made], reader: Reader, name: str
) -> None:
    """Every box of a real labeling job, through the label file and back to pixels."""
    made = convert_real(name)

    found = reader("supervision", "yolo", made.folder)

    assert_same_boxes(found, made.expected())
    assert (len(found), sum(map(len, found.values()))) == REAL[name]


def test_ultralytics_accepts_the_demo_dataset(demo: Made, reader: Reader) -> None:
    """No label is missing or corrupt, no picture is repaired, and the backgrounds are known as such."""
    checked = reader("ultralytics", "check", demo.folder)

    splits = checked["splits"].values()
    assert checked["names"] == ["pencil", "pen"]
    assert sorted(image for split in splits for image in split["images"]) == sorted(demo.expected())
    assert [(split["missing"], split["corrupt"], split["messages"]) for split in splits] == [(0, 0, [])] * 2
    assert sum(split["empty"] for split in splits) == 2
    assert sum(split["boxes"] for split in splits) == 31


@pytest.mark.parametrize("name", REAL)
def test_ultralytics_accepts_what_real_manifests_become(
    convert_real: Callable[..., Made], reader: Reader, name: str
) -> None:
    """Names with spaces, stems that collide, classes in Chinese: nothing is missing, corrupt or mended."""
    made = convert_real(name)

    checked = reader("ultralytics", "check", made.folder)

    images, boxes = REAL[name]
    splits = checked["splits"].values()
    assert checked["names"] == labels_of(made.manifest)
    assert all((split["missing"], split["corrupt"], split["messages"]) == (0, 0, []) for split in splits)
    assert sum(split["total"] for split in splits) == images
    assert sum(split["boxes"] for split in splits) == boxes


def test_the_smallest_model_trains_on_the_demo_dataset(demo: Made, reader: Reader) -> None:
    """One epoch, from no weights to weights, with finite losses for boxes and classes."""
    trained = reader("ultralytics", "train", demo.folder)

    assert trained["epochs"] == 1
    assert trained["names"] == ["pencil", "pen"]
    assert trained["weights_bytes"] > 1_000_000
    assert {"train/box_loss", "train/cls_loss"} <= trained["losses"].keys()
    assert all(math.isfinite(loss) and loss > 0 for loss in trained["losses"].values())
