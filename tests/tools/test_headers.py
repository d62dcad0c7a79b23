"""Headers are read from as few bytes as possible, and what is no picture is told in words."""

from __future__ import annotations

import io
import struct
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.tools import picture_files as files

from labelround.images import BadImage, ImageFormat, ImageHeader, has_end_marker, read_header, upright
from labelround.images.raster import load_raster

KIB = 1024


class Store:
    """An object that counts what is read of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.reads: list[tuple[int, int]] = []

    def __call__(self, start: int, length: int) -> bytes:
        self.reads.append((start, length))
        return self.content[start : start + length]

    @property
    def bytes_read(self) -> int:
        return sum(len(self.content[start : start + length]) for start, length in self.reads)


def noise(width: int, height: int) -> Image.Image:
    """A picture that does not compress."""
    return Image.effect_noise((width, height), 90).convert("RGB")


def padding(size: int) -> list[bytes]:
    """APP2 segments of so many bytes in all."""
    return [b"\xff\xe2" + struct.pack(">H", 60_002) + bytes(60_000)] * (size // 60_000)


def test_a_large_jpeg_costs_one_small_read() -> None:
    """Its header is in the first 64 KiB."""
    store = Store(files.jpeg(noise(900, 700)))

    header = read_header(store, len(store.content))

    assert header == ImageHeader(900, 700, 1, ImageFormat.JPEG)
    assert store.reads == [(0, 64 * KIB)]


def test_a_long_jpeg_header_is_read_in_doubling_steps() -> None:
    """No byte twice; the tags behind 600 KB of profiles are found."""
    segments = [*padding(600_000), files.exif_segment(files.Exif(6).block())]
    store = Store(files.into_jpeg(files.jpeg(noise(900, 700)), segments))

    header = read_header(store)

    assert header == ImageHeader(900, 700, 6, ImageFormat.JPEG)
    assert store.reads == [(0, 64 * KIB), *((size * KIB, size * KIB) for size in (64, 128, 256, 512))]


def test_tags_behind_the_pixels_of_a_png_cost_one_more_read() -> None:
    """With the size of the object its end is looked at, not its middle."""
    late = [files.chunk(b"eXIf", files.Exif(6).block()), files.chunk(b"tEXt", b"comment\x00IDAT")]
    store = Store(files.into_png(files.png(noise(900, 700)), [], late))

    header = read_header(store, len(store.content))

    assert header == ImageHeader(900, 700, 6, ImageFormat.PNG)
    assert store.bytes_read <= 128 * KIB < len(store.content) // 10


def test_without_its_size_a_png_is_read_to_the_end() -> None:
    """Tags may stand there."""
    store = Store(files.into_png(files.png(noise(300, 200)), [], [files.chunk(b"eXIf", files.Exif(3).block())]))

    header = read_header(store)

    assert header.orientation == 3
    assert store.bytes_read == len(store.content)


def test_what_looks_like_a_chunk_among_the_pixels_is_none() -> None:
    """Checksums tell."""
    fake = files.chunk(b"eXIf", files.Exif(6).block())[:-4] + b"none"
    content = files.png(noise(900, 700))

    header = read_header(Store(content[:-100] + fake + content[-100:]), len(content) + len(fake))

    assert header.orientation == 1


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file is empty"),
    "text": (b"<html>not found</html>", "the content is neither JPEG nor PNG"),
    "a GIF": (b"GIF89a" + bytes(20), "the content is neither JPEG nor PNG"),
    "the start of a JPEG": (b"\xff\xd8\xff", "the JPEG ends before its picture"),
    "a JPEG cut in a segment": (files.jpeg(files.raster(9, 9))[:40], "the JPEG ends inside its header"),
    "a JPEG of zeros": (b"\xff\xd8\xff\xdb" + bytes(100_000), "the JPEG ends inside its header"),
    "a JPEG without a frame": (b"\xff\xd8\xff\xda\x00\x02", "the JPEG has no frame header"),
    "a JPEG that ends at once": (b"\xff\xd8\xff\xd9", "the JPEG ends before its picture"),
    "a JPEG without height": (
        b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x00\x00\x05\x01\x01\x11\x00\xff\xda\x00\x02",
        "the picture has no pixels (5 x 0)",
    ),
    "a PNG cut in its header": (files.png(files.raster(9, 9))[:20], "the PNG ends inside its header"),
    "a PNG without a header": (b"\x89PNG\r\n\x1a\n" + bytes(30), "the PNG does not start with its header"),
    "a PNG of more than 100 megapixels": (
        b"\x89PNG\r\n\x1a\n" + files.chunk(b"IHDR", struct.pack(">LLBBBBB", 10_001, 10_000, 1, 0, 0, 0, 0)),
        "the picture has 100.0 megapixels; at most 100 are possible",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_is_told_in_words(name: str) -> None:
    """The same words from memory and from a store."""
    content, words = BAD[name]

    with pytest.raises(BadImage) as caught:
        read_header(Store(content), len(content))

    assert str(caught.value) == words


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe1\x00\x20Exif\x00\x00"]),
)
def test_any_bytes_are_a_picture_or_a_bad_one(content: bytes, start: bytes) -> None:
    """Nothing else is raised."""
    try:
        header = read_header(Store(start + content))
    except BadImage:
        return
    assert header.width * header.height > 0


def test_pictures_up_to_100_megapixels_are_taken_without_a_warning() -> None:
    """Pillow's own limit warns from 89 on, and stays as it is for others."""
    before = Image.MAX_IMAGE_PIXELS
    content = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(content, "PNG")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        raster = load_raster(content.getvalue())

    assert raster.size == (10_000, 10_000)
    assert before == Image.MAX_IMAGE_PIXELS


def test_end_markers() -> None:
    """Of a whole picture, of a cut one, of one with something behind it."""
    jpeg, png = files.jpeg(files.raster(9, 9)), files.png(files.raster(9, 9))

    assert has_end_marker(jpeg)
    assert has_end_marker(png)
    assert not has_end_marker(jpeg[:-1])
    assert not has_end_marker(png[:-1])
    assert not has_end_marker(jpeg + b"\x00")


def test_a_photograph_of_two_pictures_keeps_both() -> None:
    """Phones store a second picture behind the first; its place is counted in bytes."""
    content = io.BytesIO()
    tag = b"Exif\x00\x00" + files.Exif(6).block()
    files.raster(32, 16).save(content, "MPO", save_all=True, append_images=[files.raster(16, 16)], exif=tag)

    result = upright(content.getvalue())

    pictures = Image.open(io.BytesIO(result))
    assert read_header(Store(content.getvalue())) == ImageHeader(32, 16, 6, ImageFormat.JPEG)
    assert read_header(Store(result)).orientation == 1
    assert _sizes(pictures) == [(32, 16), (16, 16)]


def _sizes(pictures: Image.Image) -> list[tuple[int, int]]:
    sizes = []
    for frame in range(2):
        pictures.seek(frame)
        pictures.load()
        sizes.append(pictures.size)
    return sizes
