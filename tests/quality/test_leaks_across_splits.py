"""Pictures of val and test that an earlier split has, too."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path

import imagehash
import pytest
from click.testing import CliRunner
from tests.quality.made_pictures import blots, encoded
from tests.tools.made_datasets import BUCKET, Made, make, put

from labelround.cli.main import cli
from labelround.dataset.existing import dataset_folder, open_dataset
from labelround.dataset.preview.of_dataset import reader
from labelround.dataset.quality.fingerprints import LOOK_DISTANCE, MissingExtra
from labelround.dataset.quality.leakage import Leak, Leakage, leakage
from labelround.errors import Failed
from labelround.progress import NoProgress
from labelround.storage import LocalBuckets

IMAGES = [
    *(Made(f"train-{number}.jpg") for number in range(4)),
    Made("copy.jpg", split="val"),
    Made("scaled.png", split="val"),
    Made("other.jpg", split="val"),
    Made("copy-of-val.jpg", split="test"),
    Made("again.jpg", split="test"),
]
CONTENT = {
    **{f"train-{number}.jpg": encoded(blots(number)) for number in range(4)},
    "copy.jpg": encoded(blots(1)),
    "scaled.png": encoded(blots(2).resize((80, 60)), "PNG"),
    "other.jpg": encoded(blots(100)),
    "copy-of-val.jpg": encoded(blots(100)),
    "again.jpg": encoded(blots(1), quality=40),
}


def compare(folder: Path, root: Path, distance: int | None) -> Leakage:
    buckets = LocalBuckets(root)
    dataset = open_dataset(dataset_folder(str(folder), buckets))
    return leakage(dataset, reader(dataset, buckets), NoProgress(), distance)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The dataset, with its pictures in a bucket below `tmp_path`."""
    for name, content in CONTENT.items():
        put(tmp_path, name, content)
    return make(tmp_path / "dataset", IMAGES)


def test_a_picture_that_an_earlier_split_has_is_a_leak(folder: Path, tmp_path: Path) -> None:
    """The same file, or one that looks the same; each is told with its nearest twin in each earlier split."""
    found = compare(folder, tmp_path, LOOK_DISTANCE)

    assert [(leak.image_file, leak.twin, leak.twin_split, leak.same_bytes) for leak in found.leaks] == [
        ("images/copy.jpg", "images/train-1.jpg", "train", True),
        ("images/scaled.png", "images/train-2.jpg", "train", False),
        ("images/again.jpg", "images/train-1.jpg", "train", False),
        ("images/again.jpg", "images/copy.jpg", "val", False),
        ("images/copy-of-val.jpg", "images/other.jpg", "val", True),
    ]
    assert (found.compared, found.held_out, found.leaked, found.share) == (9, 5, 4, 0.8)


def test_without_a_distance_only_equal_files_leak(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which needs no package beside the base."""
    monkeypatch.setitem(sys.modules, "imagehash", None)

    found = compare(folder, tmp_path, None)

    assert [leak.image_file for leak in found.leaks] == ["images/copy.jpg", "images/copy-of-val.jpg"]
    with pytest.raises(MissingExtra, match=r"pip install 'labelround\[quality\]'"):
        compare(folder, tmp_path, LOOK_DISTANCE)


def test_near_pictures_are_those_that_imagehash_calls_near(tmp_path: Path) -> None:
    """Its own hashes of the whole pictures, compared by itself, each with each."""
    images, hashes = [], {}
    for seed, (side, quality) in product(range(8), ((160, 90), (96, 70), (160, 20))):
        name = f"{seed}-{side}-{quality}.jpg"
        picture = blots(seed, side, side)
        put(tmp_path, name, encoded(picture, quality=quality))
        images.append(Made(name, split="train" if quality == 90 else "val"))
        hashes[name] = imagehash.phash(picture)
    folder = make(tmp_path / "dataset", images)
    train, val = ([each.key for each in images if each.split == split] for split in ("train", "val"))
    expected = {
        f"images/{one}": f"images/{min(train, key=lambda other: hashes[one] - hashes[other])}"
        for one in val
        if min(hashes[one] - hashes[other] for other in train) <= LOOK_DISTANCE
    }

    found = {leak.image_file: leak.twin for leak in compare(folder, tmp_path, LOOK_DISTANCE).leaks}

    assert found == expected
    assert len(found) == len(val)


def test_a_picture_in_two_splits_leaks_by_itself(tmp_path: Path) -> None:
    """It is the same file in both lists."""
    put(tmp_path, "a.jpg", CONTENT["copy.jpg"])
    folder = make(tmp_path / "dataset", [Made("a.jpg")])
    (folder / "val.txt").write_bytes((folder / "train.txt").read_bytes())
    with (folder / "data.yaml").open("a") as definition:
        definition.write("val: val.txt\n")

    found = compare(folder, tmp_path, None)

    assert found.leaks == (Leak("images/a.jpg", "val", "images/a.jpg", "train", same_bytes=True, distance=0),)
    assert found.share == 1


def test_a_picture_that_cannot_be_read_is_named_and_the_rest_compared(folder: Path, tmp_path: Path) -> None:
    """One is gone, one is damaged."""
    (tmp_path / BUCKET / "other.jpg").unlink()
    put(tmp_path, "copy-of-val.jpg", b"\xff\xd8 no picture")

    found = compare(folder, tmp_path, LOOK_DISTANCE)

    assert [text.partition(":")[0] for text in found.unread] == ["images/other.jpg", "images/copy-of-val.jpg"]
    assert (found.compared, found.held_out, found.leaked) == (7, 3, 3)


def test_without_a_picture_nothing_is_claimed(folder: Path, tmp_path: Path) -> None:
    """Nothing compared is not the same as nothing found."""
    (tmp_path / "empty").mkdir()

    with pytest.raises(Failed, match="no picture could be read"):
        compare(folder, tmp_path / "empty", None)


def test_the_command_lists_leaks_for_people_and_programs(folder: Path, tmp_path: Path) -> None:
    """With their share of what is held out."""
    arguments = ["stats", str(folder), "--root", str(tmp_path), "--leaks", "near"]

    table = CliRunner().invoke(cli, arguments)
    document = json.loads(CliRunner().invoke(cli, [*arguments, "-o", "json"]).stdout)["leakage"]

    assert "4 of 5 held-out pictures (val and test) have a twin in an earlier split (80.0%; 9 pictures compared)" in (
        table.stdout
    )
    assert "  images/copy.jpg (val) is the same file as images/train-1.jpg (train)" in table.stdout
    assert document["leakedShare"] == 0.8
    assert document["leaks"][0] == {
        "image": "images/copy.jpg",
        "split": "val",
        "twin": "images/train-1.jpg",
        "twinSplit": "train",
        "sameBytes": True,
        "distance": 0,
    }


def test_without_asking_no_picture_is_read(folder: Path, tmp_path: Path) -> None:
    """The document then says that nothing is known."""
    document = json.loads(CliRunner().invoke(cli, ["stats", str(folder), "-o", "json"]).stdout)

    assert document["leakage"] is None
