"""Which objects are images, and the lines that name them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.errors import InvalidManifest
from labelround.manifest import (
    MAX_IMAGE_BYTES,
    SHOWN_EXAMPLES,
    SkipReason,
    manifest_content,
    manifest_line,
    select_images,
)
from labelround.storage import ObjectMeta

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def _object(key: str, size: int = 1, problem: str = "") -> ObjectMeta:
    return ObjectMeta(key, size, NOW, problem=problem)


IMAGES = ["i/a.jpg", "i/a.JPEG", "i/b.PnG", "i/a b#?%.jpg", "i/sub/ü\u200b.png", "i/a.b.jpg", "i/i/a.jpg"]


@pytest.mark.parametrize("key", IMAGES)
def test_pictures_are_selected_whatever_their_names(key: str) -> None:
    """By extension in any case, in subfolders too."""
    assert select_images([_object(key)], "i/").keys == (key,)


SKIPPED = {
    "the folder's own placeholder": (_object("i/", 0), SkipReason.FOLDER),
    "a subfolder's placeholder": (_object("i/sub/", 0), SkipReason.FOLDER),
    "the Finder's file": (_object("i/.DS_Store"), SkipReason.HIDDEN),
    "an AppleDouble file": (_object("i/._a.jpg"), SkipReason.HIDDEN),
    "a file in a hidden folder": (_object("i/.thumbs/a.jpg"), SkipReason.HIDDEN),
    "a file in macOS' archive folder": (_object("i/__MACOSX/a.jpg"), SkipReason.HIDDEN),
    "a text": (_object("i/notes.txt"), SkipReason.NOT_AN_IMAGE),
    "an image that Ground Truth does not take": (_object("i/a.webp"), SkipReason.NOT_AN_IMAGE),
    "an extension with something behind it": (_object("i/a.jpg\u200b"), SkipReason.NOT_AN_IMAGE),
    "no extension": (_object("i/jpg"), SkipReason.NOT_AN_IMAGE),
    "an empty file": (_object("i/a.jpg", 0), SkipReason.EMPTY),
    "a file over 40 MB": (_object("i/a.jpg", MAX_IMAGE_BYTES + 1), SkipReason.TOO_LARGE),
    "a key that cannot be read": (_object("i//a.jpg", problem="an empty segment"), SkipReason.UNADDRESSABLE),
    "a key with a way up": (_object("i/../a.jpg", problem="a .. segment"), SkipReason.UNADDRESSABLE),
}


@pytest.mark.parametrize(("meta", "reason"), SKIPPED.values(), ids=SKIPPED)
def test_what_is_not_labeled_is_told_with_its_reason(meta: ObjectMeta, reason: SkipReason) -> None:
    """Nothing vanishes silently."""
    selection = select_images([meta], "i/")

    (skipped,) = selection.skipped
    assert (selection.keys, selection.skipped_count) == ((), 1)
    assert (skipped.reason, skipped.count, skipped.examples) == (reason, 1, (meta.key,))


def test_a_picture_of_exactly_40_mb_is_taken() -> None:
    """The limit itself is allowed."""
    assert select_images([_object("i/a.jpg", MAX_IMAGE_BYTES)], "i/").keys == ("i/a.jpg",)


def test_a_hidden_folder_above_the_images_hides_nothing() -> None:
    """Only names below the images prefix count."""
    assert select_images([_object(".cache/i/a.jpg")], ".cache/i/").keys == (".cache/i/a.jpg",)


def test_skipped_objects_are_counted_and_the_first_are_named() -> None:
    """The examples are the smallest keys, in any order of listing, and memory stays bounded."""
    objects = [_object(f"i/{index:05}.txt") for index in reversed(range(5000))]

    (skipped,) = select_images(objects, "i/").skipped

    assert skipped.count == 5000
    assert skipped.examples == tuple(f"i/{index:05}.txt" for index in range(SHOWN_EXAMPLES))


@given(st.lists(KEYS.map(lambda key: f"i/x{key.replace('/', '_')}.jpg"), unique=True))
def test_keys_are_sorted_as_their_utf_8_bytes(keys: list[str]) -> None:
    """The order of S3 listings, and the same everywhere."""
    selection = select_images([_object(key) for key in keys], "i/")

    assert list(selection.keys) == sorted(selection.keys, key=lambda key: key.encode())
    assert set(selection.keys) == set(keys)


def test_a_line_is_compact_json_in_raw_utf_8() -> None:
    """As Ground Truth writes it."""
    assert manifest_line("b", 'ü "1".jpg') == '{"source-ref":"s3://b/ü \\"1\\".jpg"}\n'.encode()


@given(st.lists(KEYS, max_size=30))
def test_a_manifest_holds_every_key_once_and_in_order(keys: list[str]) -> None:
    """Any key survives, one line each."""
    lines = manifest_content(keys, "b").split(b"\n")

    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == [{"source-ref": f"s3://b/{key}"} for key in keys]


def test_an_address_beyond_ground_truth_s_limit_is_refused() -> None:
    """An attribute has at most 20,000 characters."""
    with pytest.raises(InvalidManifest, match="has 20007 characters and Ground Truth takes 20000"):
        manifest_line("b", "k" * 20_000)
