"""Builds small JPEG and PNG files with every kind of orientation tag, byte by byte."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from PIL import Image

SHORT, LONG = 3, 4

TextKind = Literal["tEXt", "zTXt", "iTXt", "iTXt compressed"]
TEXT_KINDS: tuple[TextKind, ...] = ("tEXt", "zTXt", "iTXt", "iTXt compressed")


def raster(width: int, height: int, seed: int = 0) -> Image.Image:
    """A picture whose four corners and whose every turning can be told apart."""
    picture = Image.new("RGB", (width, height))
    picture.putdata(
        [
            ((x * 255) // max(1, width - 1), (y * 255) // max(1, height - 1), (seed * 37 + x * y) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    return picture


def jpeg(picture: Image.Image, *, progressive: bool = False) -> bytes:
    """The picture as a JPEG without any tag."""
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=90, progressive=progressive)
    return content.getvalue()


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG without any tag."""
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


@dataclass(frozen=True)
class Exif:
    """A block of EXIF to build. `orientation` None leaves the tag out; `thumbnail` is that of a second directory."""

    orientation: int | None
    order: Literal["<", ">"] = "<"
    type: int = SHORT
    before: int = 0
    after: int = 0
    gap: int = 0
    thumbnail: int | None = None
    doubled_prefix: bool = False

    def block(self) -> bytes:
        """The TIFF structure."""
        others = [
            (271, 2, b"Maker\x00"),
            (272, 2, b"Model of a camera\x00"),
            (305, 2, b"abc\x00"),
            (282, 5, b"\x00\x00\x00H" * 2),
        ]
        entries: list[tuple[int, int, bytes]] = others[: self.before]
        if self.orientation is not None:
            entries.append((274, self.type, struct.pack(self.order + "HL"[self.type == LONG], self.orientation)))
        entries += others[self.before : self.before + self.after]
        start = 8 + self.gap
        first = self._directory(entries, start, last=self.thumbnail is None)
        header = (b"II*\x00" if self.order == "<" else b"MM\x00*") + struct.pack(self.order + "L", start)
        second = b""
        if self.thumbnail is not None:
            entry = (274, SHORT, struct.pack(self.order + "H", self.thumbnail))
            second = self._directory([entry], start + len(first), last=True)
        prefix = b"Exif\x00\x00" if self.doubled_prefix else b""
        return prefix + header + bytes(self.gap) + first + second

    def _directory(self, entries: list[tuple[int, int, bytes]], start: int, *, last: bool) -> bytes:
        widths = {2: 1, SHORT: 2, LONG: 4, 5: 8}
        values_start = start + 2 + 12 * len(entries) + 4
        table, values = b"", b""
        for tag, kind, value in entries:
            table += struct.pack(self.order + "HHL", tag, kind, len(value) // widths[kind])
            if len(value) <= 4:
                table += value.ljust(4, b"\x00")
            else:
                table += struct.pack(self.order + "L", values_start + len(values))
                values += value
        following = 0 if last else values_start + len(values)
        return struct.pack(self.order + "H", len(entries)) + table + struct.pack(self.order + "L", following) + values


def xmp(orientation: int, *, element: bool = False) -> bytes:
    """An XMP packet that says the orientation as an attribute or as an element."""
    attribute = "" if element else f' tiff:Orientation="{orientation}"'
    child = f"<tiff:Orientation>{orientation}</tiff:Orientation>" if element else ""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"{attribute}>{child}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def app1(payload: bytes) -> bytes:
    """An APP1 segment."""
    return b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload


def exif_segment(block: bytes) -> bytes:
    """The APP1 segment that holds a block of EXIF."""
    return app1(b"Exif\x00\x00" + block)


def xmp_segment(packet: bytes) -> bytes:
    """The APP1 segment that holds an XMP packet."""
    return app1(b"http://ns.adobe.com/xap/1.0/\x00" + packet)


def into_jpeg(content: bytes, segments: list[bytes]) -> bytes:
    """The JPEG with the segments behind its start marker."""
    return content[:2] + b"".join(segments) + content[2:]


def chunk(kind: bytes, payload: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">L", len(payload)) + kind + payload + struct.pack(">L", zlib.crc32(kind + payload))


def raw_profile(block: bytes) -> bytes:
    """EXIF in hexadecimal, as ImageMagick puts it into a text chunk."""
    digits = (b"Exif\x00\x00" + block).hex()
    lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
    return f"\nexif\n{len(digits) // 2:8}\n{lines}\n".encode()


def text_chunk(kind: TextKind, keyword: str, text: bytes) -> bytes:
    """A text chunk of one of the kinds there are."""
    name = keyword.encode("latin-1") + b"\x00"
    if kind == "tEXt":
        return chunk(b"tEXt", name + text)
    if kind == "zTXt":
        return chunk(b"zTXt", name + b"\x00" + zlib.compress(text))
    if kind == "iTXt":
        return chunk(b"iTXt", name + b"\x00\x00en\x00\x00" + text)
    return chunk(b"iTXt", name + b"\x01\x00\x00name\x00" + zlib.compress(text))


def into_png(content: bytes, before: list[bytes], after: list[bytes]) -> bytes:
    """The PNG with chunks before its pixels and behind them."""
    pixels, end = content.index(b"IDAT") - 4, len(content) - 12
    return content[:pixels] + b"".join(before) + content[pixels:end] + b"".join(after) + content[end:]
