"""The orientation tag in a block of EXIF, which is a small TIFF file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

ByteOrder = Literal["little", "big"]

_ORIENTATION = (274).to_bytes(2, "big")
_ENTRY_BYTES = 12
_MAX_DIRECTORIES = 16
_SHORT = 3
_INTEGER_BYTES = {1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4}
"""TIFF's integer types, by their number, and their widths."""

KNOWN = frozenset(range(1, 9))


def read_orientation(tiff: bytes) -> int | None:
    """The orientation of the main picture: None without a tag, 1 where readers cannot make sense of it."""
    tiff = tiff[_prefix(tiff) :]
    order = _byte_order(tiff)
    if order is None:
        return None
    for place in _entries(tiff, order, directories=1):
        entry = tiff[place : place + _ENTRY_BYTES]
        width = _INTEGER_BYTES.get(int.from_bytes(entry[2:4], order), 0)
        count = int.from_bytes(entry[4:8], order)
        value = int.from_bytes(entry[8 : 8 + width], order)
        return value if width and count == 1 and value in KNOWN else 1
    return None


def upright(tiff: bytes) -> bytes:
    """The block with every orientation tag saying 1, in place; the same object when nothing must change.

    An entry is made a SHORT whatever it was: readers differ in how they take other types. The thumbnail's tag is set
    too, since the thumbnail lies as the raster does.
    """
    skipped = _prefix(tiff)
    order = _byte_order(tiff[skipped:])
    if order is None:
        return tiff
    wanted = _entry(order)
    places = [
        place + skipped
        for place in _entries(tiff[skipped:], order, directories=_MAX_DIRECTORIES)
        if tiff[place + skipped : place + skipped + _ENTRY_BYTES] != wanted
    ]
    if not places:
        return tiff
    changed = bytearray(tiff)
    for place in places:
        changed[place : place + _ENTRY_BYTES] = wanted
    return bytes(changed)


def _entry(order: ByteOrder) -> bytes:
    """The directory entry "orientation, SHORT, one value, 1"."""
    numbers = ((274, 2), (_SHORT, 2), (1, 4), (1, 2), (0, 2))
    return b"".join(number.to_bytes(width, order) for number, width in numbers)


def _prefix(tiff: bytes) -> int:
    """How many bytes stand before the TIFF header: some writers repeat the segment's own prefix."""
    skipped = 0
    while tiff.startswith(b"Exif\x00\x00", skipped):
        skipped += 6
    return skipped


def _byte_order(tiff: bytes) -> ByteOrder | None:
    if tiff[2:4] not in {b"\x2a\x00", b"\x00\x2a"}:
        return None
    return {b"II": "little", b"MM": "big"}.get(tiff[:2])  # type: ignore[return-value]


def _entries(tiff: bytes, order: ByteOrder, directories: int) -> Iterator[int]:
    """Where whole orientation entries stand in the first so many directories."""
    tag = _ORIENTATION if order == "big" else _ORIENTATION[::-1]
    offset = int.from_bytes(tiff[4:8], order)
    seen: set[int] = set()
    while offset and offset not in seen and len(seen) < directories and offset + 2 <= len(tiff):
        seen.add(offset)
        count = int.from_bytes(tiff[offset : offset + 2], order)
        first = offset + 2
        for place in range(first, first + count * _ENTRY_BYTES, _ENTRY_BYTES):
            if place + _ENTRY_BYTES > len(tiff):
                return
            if tiff.startswith(tag, place):
                yield place
        offset = int.from_bytes(tiff[first + count * _ENTRY_BYTES :][:4], order)
