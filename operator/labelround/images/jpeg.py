"""The segments of a JPEG file, up to its first scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labelround.images import exif, xmp
from labelround.images.problem import BadImage
from labelround.images.source import Source, find

MAGIC = b"\xff\xd8\xff"
END = b"\xff\xd9"

_SOS = 0xDA
_EOI = 0xD9
_APP1 = 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})

EXIF = b"Exif\x00\x00"
XMP = b"http://ns.adobe.com/xap/1.0/\x00"


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and its payload, which starts at the byte `start` of the file."""

    marker: int
    start: int
    payload: bytes


def segments(source: Source) -> Iterator[Segment]:
    """The segments from the start of the file up to and with SOS. Raises BadImage when the file ends before."""
    position = 2
    while True:
        position = find(source, b"\xff", position)
        marker = source.take(position + 1, 1) if position >= 0 else b""
        if not marker or marker[0] == _EOI:
            raise BadImage("the JPEG ends before its picture")
        code = marker[0]
        if code == 0xFF:  # padding before a marker
            position += 1
            continue
        if code == 0 or code in _WITHOUT_LENGTH:
            position += 2
            continue
        length = int.from_bytes(source.take(position + 2, 2), "big")
        payload = source.take(position + 4, length - 2) if length >= 2 else b""
        if length < 2 or len(payload) < length - 2:
            raise BadImage("the JPEG ends inside its header")
        yield Segment(code, position + 4, payload)
        if code == _SOS:
            return
        position += 2 + length


def read_size(source: Source) -> tuple[int, int]:
    """Width and height of the stored raster. Raises BadImage when there is none."""
    for segment in segments(source):
        if segment.marker in _FRAMES and len(segment.payload) >= 6:
            height, width = segment.payload[1:3], segment.payload[3:5]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
    raise BadImage("the JPEG has no frame header")


def read_orientation(source: Source) -> int:
    """The orientation by EXIF, or by XMP when EXIF has none; 1 when there is none at all."""
    found = list(segments(source))
    tiff = b"".join(segment.payload[len(EXIF) :] for segment in found if is_exif(segment))
    packets = [segment.payload[len(XMP) :] for segment in found if is_xmp(segment)]
    by_exif = exif.read_orientation(tiff)
    return by_exif if by_exif is not None else xmp.read_orientation(packets[-1] if packets else b"")


def is_exif(segment: Segment) -> bool:
    """Whether the segment holds EXIF, or goes on with that of the segment before."""
    return segment.marker == _APP1 and segment.payload.startswith(EXIF)


def is_xmp(segment: Segment) -> bool:
    """Whether the segment holds the XMP packet."""
    return segment.marker == _APP1 and segment.payload.startswith(XMP)
