"""Names in the dataset: distinct everywhere, holdable everywhere, and the path itself wherever that is possible."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dataset.manifests import BUCKET, PREFIX, World, line, plan_of, table_rows

from labelround.dataset.convert import convert
from labelround.dataset.naming import Rules, label_name
from labelround.errors import InvalidInput
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, local_bucket

BOX = ("pen", 10, 10, 20, 20)


def named(keys: Sequence[str], **options: Any) -> dict[str, str]:
    """The names of images in the dataset, by their path below the images prefix."""
    world = World()
    world.convert([line(key, BOX) for key in keys], **options)
    start = len(f"s3://{BUCKET}/{PREFIX}")
    return {row["source_ref"][start:]: row["image"] for row in world.rows("images.csv")}


@pytest.mark.parametrize(
    "key",
    [
        "a.b.jpg",
        "deep/er/x.jpeg",
        "with space.jpg",
        "100%.jpg",
        "%20.jpg",
        "a#1.jpg",
        "what?.PNG",
        "back\\slash.jpg",
        "[x] {y} 'z' \"q\".jpg",
        "한국어/사진.jpg",
        "banana\u200b.jpg\u200b.jpg",
        "e\u0301.jpg",
        f"{'x' * 251}.jpg",
        "/".join(["y" * 98] * 10) + ".jpg",
        "image.without.a.usual.extension",
        "noextension",
    ],
)
def test_an_ordinary_path_is_kept(key: str) -> None:
    """With its folders, spaces, dots and letters."""
    assert named([key]) == {key: key}


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["x.jpg", "x.png"], ["x.jpg", "x_png.png"]),
        (["x.JPG", "x.jpg"], ["x.JPG", "x_jpg.jpg"]),
        (["X.jpg", "x.jpg"], ["X.jpg", "x_jpg.jpg"]),
        (["A/x.jpg", "a/x.jpg"], ["A/x.jpg", "a/x_jpg.jpg"]),
        (["a/x.jpg", "b/x.jpg"], ["a/x.jpg", "b/x.jpg"]),
        (["x.jpeg", "x.jpg", "x.png"], ["x.jpeg", "x_jpg.jpg", "x_png.png"]),
        (["x.jpg", "x.png", "x_png.jpg"], ["x.jpg", "x_png_png.png", "x_png.jpg"]),
        (["x.jpg", "x.png", "x_png.png"], ["x.jpg", "x_png_png.png", "x_png.png"]),
        (["e\u0301.jpg", "\u00e9.jpg"], ["e\u0301.jpg", "\u00e9_jpg.jpg"]),
        (["STRASSE.jpg", "straße.jpg"], ["STRASSE.jpg", "straße_jpg.jpg"]),
        (["x", "x.jpg"], ["x", "x_jpg.jpg"]),
    ],
)
def test_the_first_in_key_order_keeps_a_name_that_two_could_have(keys: list[str], names: list[str]) -> None:
    """The later gets its extension into the stem, again if that is taken; whoever shares with nobody keeps its own."""
    assert named(keys) == dict(zip(keys, names, strict=True))
    assert named(keys[::-1]) == named(keys)


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["a.jpg", "a.jpg/b.jpg"], ["a_jpg.jpg", "a.jpg/b.jpg"]),
        (["a.png", "a.txt/b.jpg"], ["a_png.png", "a.txt/b.jpg"]),
        (["a", "a/b.jpg"], ["a_image", "a/b.jpg"]),
        (["A.TXT/b.jpg", "a.jpg"], ["A.TXT/b.jpg", "a_jpg.jpg"]),
    ],
)
def test_a_file_gives_way_to_a_folder_of_its_name(keys: list[str], names: list[str]) -> None:
    """S3 holds both; a file system cannot, be it for the image or for the label file."""
    assert named(keys) == dict(zip(keys, names, strict=True))


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("images/x.jpg", "images_/x.jpg"),
        ("a/images/b/images/x.jpg", "a/images_/b/images_/x.jpg"),
        ("a./b.jpg", "a._/b.jpg"),
        ("my images/x.jpg", "my images/x.jpg"),
        ("images.jpg", "images.jpg"),
    ],
)
def test_a_folder_that_misleads_ultralytics_is_renamed(key: str, name: str) -> None:
    """It finds labels by the last `/images/` of a path, and replaces every `./` by the list's own folder."""
    assert named([key]) == {key: name}


@pytest.mark.parametrize(
    "key",
    [
        f"{'x' * 252}.jpg",
        f"{'é' * 126}.jpg",
        f"{'x' * 300}/a.jpg",
        "line\u2028feed.jpg",
        "line\x85feed.jpg",
        "line\nfeed.jpg",
        "tab\tbed.jpg",
        "\x1c.jpg",
        "dataset#12",
        "ends.jpg ",
        "ends.jpg\u00a0",
        ".jpg",
        "a//b.jpg",
        "../b.jpg",
        "./b.jpg",
        "a/../b.jpg",
    ],
)
def test_a_name_that_cannot_be_held_is_replaced_by_a_short_hash(key: str) -> None:
    """The same one wherever the key comes up again; images.csv maps it."""
    (name,) = named([key]).values()

    assert name.startswith("image_")
    assert len(name) <= 30
    assert named(["a.jpg", key, "z.jpg"])[key] == name


def test_a_hashed_name_keeps_an_extension_that_is_one() -> None:
    """Trainers tell images by it."""
    rules = Rules(1000)

    assert rules.hashed("x.PNG", "b/x.PNG").endswith(".PNG")
    assert "." not in rules.hashed("x.what is this", "b/x")


def test_the_key_of_the_finished_object_counts_with_its_prefix() -> None:
    """1,024 bytes with the output prefix and the folder of labels; on disk the place of the dataset does not count."""
    key = "/".join(["y" * 98] * 10) + ".jpg"
    world = World(prefix=f"{'p' * 60}/")

    world.convert([line(key, BOX)])

    (row,) = world.rows("images.csv")
    assert row["image"].startswith("image_")
    assert max(len(world.output.key(path).encode()) for path in world.files()) <= 1024


def test_an_output_prefix_without_room_for_names_is_refused() -> None:
    """Before anything is written."""
    world = World(prefix=f"{'p' * 1000}/")

    with pytest.raises(InvalidInput, match="choose a shorter output prefix"):
        world.convert([line("a.jpg", BOX)])

    assert world.files() == {}


@pytest.mark.parametrize("stem", ["train", "VAL", "test"])
def test_darknet_lists_do_not_meet_label_files(stem: str) -> None:
    """Both lie at the root; the image gives way."""
    names = named([f"{stem}.jpg", "a.jpg"], output_format=OutputFormat.DARKNET)

    assert names == {f"{stem}.jpg": f"{stem}_jpg.jpg", "a.jpg": "a.jpg"}


@pytest.mark.parametrize("key", [".labelround-unfinished.jpg", "obj.data", "annot.csv"])
def test_darknet_images_do_not_meet_the_datasets_own_files(key: str) -> None:
    """Neither they nor their label files."""
    (name,) = named([key], output_format=OutputFormat.DARKNET).values()

    assert name not in {key, ""}


@pytest.mark.parametrize("folder", ["previews", "Train.txt", "obj.names", "images.csv"])
def test_darknet_folders_do_not_meet_the_datasets_own_files(folder: str) -> None:
    """A folder at the root that is called like one of them is renamed."""
    assert named([f"{folder}/a.jpg"], output_format=OutputFormat.DARKNET) == {f"{folder}/a.jpg": f"{folder}_/a.jpg"}


def test_yolo_names_may_be_called_like_the_datasets_files() -> None:
    """They lie in folders of their own."""
    assert named(["train.jpg", "previews/a.jpg"]) == {"train.jpg": "train.jpg", "previews/a.jpg": "previews/a.jpg"}


segments = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6) | st.sampled_from(
    [
        "images",
        "a",
        "A",
        "a.txt",
        "a.jpg",
        ".",
        "..",
        "é",
        "e\u0301",
        "x" * 260,
        "#1",
        "train",
        "val.txt",
        " ",
        "ß",
        "ss",
    ]
)
keys = st.lists(segments, min_size=1, max_size=3).map("/".join)
extensions = st.sampled_from([".jpg", ".png", ".JPG", ".jpeg", "", ".x y"])
whole_keys = st.builds(str.__add__, keys, extensions).filter(
    lambda key: not key.endswith("/") and not key.lower().endswith(".txt")
)


@settings(max_examples=60, deadline=None)
@given(st.lists(whole_keys, min_size=1, max_size=12, unique=True), st.sampled_from(OutputFormat))
def test_any_keys_get_names_that_differ_on_every_file_system(keys: list[str], output_format: OutputFormat) -> None:
    """Folded by case and by composition, no file is another file or a folder, and each can be read back."""
    world = World()

    world.convert([line(key, BOX) for key in keys], output_format=output_format)

    rows = world.rows("images.csv")
    assert [row["source_ref"] for row in rows] == sorted(
        (f"s3://{BUCKET}/{PREFIX}{key}" for key in keys), key=lambda ref: ref.encode()
    )
    files = [row["image"] for row in rows] + [label_name(row["image"]) for row in rows]
    folded = [folded_path(path) for path in files]
    assert len(set(folded)) == len(files)
    folders = {
        folded_path("/".join(path.split("/")[:depth])) for path in files for depth in range(1, path.count("/") + 1)
    }
    assert not folders & set(folded)
    assert not any(path.splitlines()[1:] or "/images/" in f"/{path}" or "./" in path for path in files)
    assert all(len(segment.encode()) <= 255 for path in files for segment in path.split("/"))
    for label_file in filter(None, (row["label_file"] for row in rows)):
        assert world.output.read(label_file).startswith((b"1 0.2", b"<annotation>"))


def folded_path(path: str) -> str:
    """What APFS, NTFS and HFS+ might take for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def test_names_of_odd_keys_work_on_disk(tmp_path: Path) -> None:
    """Label files of all of them, as the operating system lists them."""
    world = World()
    keys = [
        "a#1.jpg",
        "x y.jpg",
        "x%20y.jpg",
        "q?.jpg",
        "\u200b.jpg",
        "é/é.png",
        f"{'x' * 251}.jpg",
        "한/국.jpg",
        "#1/a.jpg",
    ]

    convert(plan_of(world.source([line(key, BOX) for key in keys])), Folder(local_bucket(tmp_path)), world.buckets)

    found = {
        Path(place, name).relative_to(tmp_path / "labels").as_posix()
        for place, _, names in os.walk(tmp_path / "labels")
        for name in names
    }
    assert found == {label_name(key) for key in keys}
    rows = table_rows((tmp_path / "images.csv").read_bytes())
    assert all((tmp_path / row["label_file"]).is_file() for row in rows)
