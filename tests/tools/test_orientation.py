"""Every reader sees the stored raster once a picture is upright, and the pixels are not encoded again."""

from __future__ import annotations

import io
import re
import warnings

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from tests.tools import picture_files as files

from labelround.images import read_header, upright

orders = st.sampled_from(["<", ">"])
orientations = st.integers(1, 8)
exifs = st.builds(
    files.Exif,
    orientation=st.none() | orientations,
    order=orders,
    type=st.sampled_from([files.SHORT, files.LONG]),
    before=st.integers(0, 2),
    after=st.integers(0, 2),
    gap=st.sampled_from([0, 2, 30]),
    thumbnail=st.none() | orientations,
)
xmps = st.builds(files.xmp, orientations, element=st.booleans())
sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))


@st.composite
def jpegs(draw: st.DrawFn) -> bytes:
    segments = [files.exif_segment(draw(exifs).block())] * draw(st.integers(0, 1))
    segments += [files.xmp_segment(draw(xmps))] * draw(st.integers(0, 1))
    plain = files.jpeg(files.raster(*draw(sizes)), progressive=draw(st.booleans()))
    return files.into_jpeg(plain, draw(st.permutations(segments)))


@st.composite
def pngs(draw: st.DrawFn) -> bytes:
    block = draw(exifs).block()
    kinds = st.sampled_from(files.TEXT_KINDS)
    chunks = {
        "eXIf": files.chunk(b"eXIf", block),
        "text": files.text_chunk("tEXt", "exif", block),
        "profile": files.text_chunk(draw(kinds), "Raw profile type exif", files.raw_profile(block)),
        "xmp": files.text_chunk(draw(st.sampled_from(files.TEXT_KINDS[2:])), "XML:com.adobe.xmp", draw(xmps)),
    }
    names = draw(st.lists(st.sampled_from(sorted(chunks)), unique=True))
    before = draw(st.integers(0, len(names)))
    plain = files.png(files.raster(*draw(sizes)))
    return files.into_png(plain, [chunks[n] for n in names[:before]], [chunks[n] for n in names[before:]])


def by_pillow(content: bytes) -> int:
    """The orientation that Pillow goes by once the picture is loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = Image.open(io.BytesIO(content))
        picture.load()
        return int(picture.getexif().get(274, 1))


def pillow_stored(content: bytes) -> bytes:
    return Image.open(io.BytesIO(content)).convert("RGB").tobytes()


def pillow_shown(content: bytes) -> bytes:
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    return f"{shown.size}".encode() + shown.convert("RGB").tobytes()


def opencv(content: bytes, *, stored: bool = False) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    flags = cv2.IMREAD_COLOR | (cv2.IMREAD_IGNORE_ORIENTATION if stored else 0)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), flags)
    assert picture is not None
    return picture.astype(np.uint8)


def header(content: bytes, size: int | None = None) -> int:
    return read_header(lambda start, length: content[start : start + length], size).orientation


@settings(max_examples=150, deadline=None)
@given(content=jpegs() | pngs())
def test_every_reader_sees_the_stored_raster_of_an_upright_picture(content: bytes) -> None:
    """Pillow and OpenCV show what is stored, and the second time nothing must change."""
    result = upright(content)

    assert by_pillow(result) == 1
    assert header(result) == 1
    assert pillow_shown(result).endswith(pillow_stored(content))
    assert np.array_equal(opencv(result), opencv(content, stored=True))
    assert upright(result) is result


@settings(max_examples=150, deadline=None)
@given(content=jpegs() | pngs())
def test_the_header_tells_the_orientation_that_pillow_goes_by(content: bytes) -> None:
    """With the size of the object and without it."""
    assert header(content, len(content)) == header(content) == by_pillow(content)


def other_metadata(content: bytes) -> tuple[dict[int, object], list[str]]:
    """All EXIF tags but the orientation, and the texts of a PNG with every orientation taken out."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    tags = {tag: value for tag, value in picture.getexif().items() if tag != 274}
    texts = getattr(picture, "text", {})
    xmp = picture.info.get("xmp", b"").decode()
    return tags, [re.sub('Orientation[=">]+[0-9]', "", text) for text in [texts.get("XML:com.adobe.xmp", ""), xmp]]


@settings(max_examples=100, deadline=None)
@given(content=jpegs() | pngs())
def test_all_other_metadata_stays(content: bytes) -> None:
    """Camera, dates and places are not ours to remove."""
    result = upright(content)

    assert other_metadata(result) == other_metadata(content)


@settings(max_examples=50, deadline=None)
@given(content=jpegs())
def test_no_byte_of_a_jpeg_moves(content: bytes) -> None:
    """All that follows the metadata is byte for byte the same."""
    result = upright(content)

    picture = content.index(b"\xff\xdb")
    assert len(result) == len(content)
    assert result[picture:] == content[picture:]


@settings(max_examples=50, deadline=None)
@given(content=pngs())
def test_the_pixels_of_a_png_are_the_same_bytes(content: bytes) -> None:
    """Only chunks of metadata differ."""
    result = upright(content)

    start = content.index(b"IDAT") - 4
    length = int.from_bytes(content[start : start + 4], "big") + 12
    assert content[start : start + length] in result


@settings(max_examples=200, deadline=None)
@given(content=jpegs() | pngs(), data=st.data())
@example(content=files.into_jpeg(files.jpeg(files.raster(8, 8)), [files.exif_segment(b"II*\x00")]), data=None)
def test_damaged_metadata_never_stops_the_work(content: bytes, data: st.DataObject | None) -> None:
    """Whatever byte is wrong, the picture comes back, with no byte added to a JPEG."""
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4)) if data else 0):
        assert data is not None
        damaged[data.draw(st.integers(2, min(len(content), 400) - 1))] = data.draw(st.integers(0, 255))

    result = upright(bytes(damaged))

    assert upright(result) is result
    if content.startswith(b"\xff\xd8"):
        assert len(result) == len(content)


@given(content=st.binary(max_size=64).map(lambda tail: b"\xff\xd8\xff" + tail) | st.binary(max_size=64))
def test_what_is_no_picture_is_left_alone(content: bytes) -> None:
    """A file that cannot be parsed comes back as the same object."""
    assert upright(content) is content


@pytest.mark.parametrize("order", ["<", ">"])
def test_exif_that_goes_on_in_a_second_segment_is_found(order: str) -> None:
    """Pillow joins the segments; the entry stands across their border."""
    block = files.Exif(6, order="<" if order == "<" else ">", before=1).block()
    cut = block.index(b"\x12\x01" if order == "<" else b"\x01\x12") + 9
    segments = [files.exif_segment(block[:cut]), files.exif_segment(block[cut:])]
    content = files.into_jpeg(files.jpeg(files.raster(16, 8)), segments)

    result = upright(content)

    assert by_pillow(content) == header(content) == 6
    assert by_pillow(result) == header(result) == 1


def test_a_prefix_that_stands_twice_is_skipped_as_pillow_does() -> None:
    """Some writers repeat `Exif` inside the segment."""
    segment = files.exif_segment(files.Exif(8, doubled_prefix=True).block())
    content = files.into_jpeg(files.jpeg(files.raster(16, 8)), [segment])

    result = upright(content)

    assert by_pillow(content) == header(content) == 8
    assert by_pillow(result) == header(result) == 1


def test_the_thumbnail_is_set_upright_with_its_picture() -> None:
    """It is stored the way the raster is."""
    segment = files.exif_segment(files.Exif(6, thumbnail=6).block())
    content = files.into_jpeg(files.jpeg(files.raster(16, 8)), [segment])

    result = upright(content)

    assert sum(before != after for before, after in zip(content, result, strict=True)) == 2
