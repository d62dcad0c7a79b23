"""`tiff:Orientation` in an XMP packet, as an attribute or as an element."""

from __future__ import annotations

import re

_AS_PILLOW = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')
_ANY = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|[^<>=]*>)\s*)([0-9]+)")


def read_orientation(packet: bytes) -> int:
    """The orientation that Pillow takes from XMP, 1 to 8; 1 when there is none."""
    match = _AS_PILLOW.search(packet)
    value = int(match[1]) if match else 1
    return value if 1 <= value <= 8 else 1


def upright(packet: bytes) -> bytes:
    """The packet with each orientation saying 1, of the same length; the same object when nothing must change."""
    changed = _ANY.sub(lambda match: match[1] + b"1".ljust(len(match[2])), packet)
    return packet if changed == packet else changed
