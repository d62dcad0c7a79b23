"""The photograph of the AWS blog, which a phone stored on its side, with the labels that were published for it."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.tools.made_datasets import Made, make, put

from labelround.dataset.existing import dataset_folder, parse_label_file
from labelround.dataset.pull import pull
from labelround.images import read_header
from labelround.progress import NoProgress
from labelround.storage import LocalBuckets

NAME = "pens-and-pencils.jpg"
LABELS = """\
0 0.6067 0.3505 0.5497 0.0888
0 0.6109 0.6001 0.6293 0.3536
1 0.2275 0.4128 0.3357 0.5425
"""

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


@pytest.fixture
def original(real_images: Path) -> bytes:
    return (real_images / NAME).read_bytes()


@pytest.fixture
def pulled(original: bytes, tmp_path: Path) -> Path:
    """The photograph as it lies in a pulled dataset."""
    put(tmp_path, NAME, original)
    dataset = make(tmp_path / "dataset", [Made(NAME, LABELS, width=1152, height=864)])
    buckets = LocalBuckets(tmp_path)
    pull(dataset_folder(str(dataset), buckets), tmp_path / "here", buckets, NoProgress())
    return tmp_path / "here/images" / NAME


def by_opencv(content: bytes) -> Pixels:
    """What OpenCV, and with it Ultralytics, reads; in Pillow's order of colors."""
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture[:, :, ::-1].astype(np.uint8)


def by_pillow(content: bytes) -> Pixels:
    """What a reader sees that follows EXIF by Pillow's means."""
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    return np.asarray(shown.convert("RGB"), np.uint8)


def stored(content: bytes) -> Pixels:
    """The raster as it is stored, whatever EXIF says."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.uint8)


def crops(picture: Pixels) -> list[Pixels]:
    """What lies inside each box."""
    height, width = picture.shape[:2]
    return [
        picture[
            round((row.y_center - row.height / 2) * height) : round((row.y_center + row.height / 2) * height),
            round((row.x_center - row.width / 2) * width) : round((row.x_center + row.width / 2) * width),
        ]
        for row in parse_label_file(LABELS.encode()).rows
    ]


def difference(one: Pixels, other: Pixels) -> float:
    """The mean difference of two pictures of one size, in gray levels."""
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


def test_both_readers_turn_the_original_away_from_its_boxes(original: bytes) -> None:
    """That is the trap: the boxes were drawn on the stored raster."""
    header = read_header(lambda start, length: original[start : start + length])

    assert (header.width, header.height, header.orientation) == (1152, 864, 6)
    assert by_opencv(original).shape == by_pillow(original).shape == (1152, 864, 3)
    assert stored(original).shape == (864, 1152, 3)


def test_both_readers_see_the_same_objects_in_the_boxes_after_pull(original: bytes, pulled: Path) -> None:
    """Each box holds what it holds on the stored raster of the original."""
    content = pulled.read_bytes()

    expected = crops(stored(original))
    for reader in (by_opencv, by_pillow):
        found = crops(reader(content))
        assert [crop.shape for crop in found] == [crop.shape for crop in expected]
        assert all(difference(*pair) < 1 for pair in zip(found, expected, strict=True))


def test_the_pen_in_its_box_is_red_and_white_only_where_the_boxes_fit(original: bytes, pulled: Path) -> None:
    """The pen's red clip lies in the lower left of its box; on the turned picture there is table."""

    def red(picture: Pixels) -> int:
        pen = crops(picture)[2].astype(int)
        lower_left = pen[pen.shape[0] // 2 :, : pen.shape[1] // 2]
        return int(((lower_left[:, :, 0] > 120) & (lower_left[:, :, 1] < 70)).sum())

    assert red(by_opencv(pulled.read_bytes())) > 2000
    assert red(by_opencv(original)) < 500


def test_the_pixels_are_not_encoded_again(original: bytes, pulled: Path) -> None:
    """One byte differs: the orientation."""
    content = pulled.read_bytes()

    assert len(content) == len(original)
    assert [(before, after) for before, after in zip(original, content, strict=True) if before != after] == [(6, 1)]
    scan = original.index(b"\xff\xda")
    assert content[scan:] == original[scan:]
    assert np.array_equal(stored(content), stored(original))
