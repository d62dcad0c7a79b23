"""The chunks of a PNG file, and the places where one may hold EXIF or XMP."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from labelround.images import exif, xmp
from labelround.images.problem import BadImage
from labelround.images.source import Growing, Memory, Read, Source

MAGIC = b"\x89PNG\r\n\x1a\n"
END = b"IEND\xaeB`\x82"

TAIL_BYTES = 1 << 16
MAX_TEXT_BYTES = 1 << 24

_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_METADATA = re.compile(b"eXIf|tEXt|zTXt|iTXt")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of the type `kind`, whose payload of `length` bytes starts at the byte `start` of the file."""

    kind: bytes
    start: int
    length: int


class Kind(Enum):
    """What a chunk says about the orientation, and how."""

    EXIF = auto()
    """A bare block of EXIF."""
    RAW_PROFILE = auto()
    """EXIF in hexadecimal, as ImageMagick writes it."""
    XMP = auto()


_KEYWORDS = {
    b"exif": Kind.EXIF,
    b"Raw profile type exif": Kind.RAW_PROFILE,
    b"Raw profile type APP1": Kind.RAW_PROFILE,
    b"XML:com.adobe.xmp": Kind.XMP,
    b"xmp": Kind.XMP,
}


@dataclass(frozen=True, slots=True)
class Metadata:
    """A block of metadata taken out of its chunk. `wrap` puts another block into the same kind of chunk."""

    kind: Kind
    content: bytes
    chunk: bytes
    prefix: bytes = b""
    compressed: bool = False

    def wrap(self, content: bytes) -> bytes:
        """The whole chunk, with its length and checksum, around `content`."""
        payload = self.prefix + (zlib.compress(content) if self.compressed else content)
        return len(payload).to_bytes(4, "big") + self.chunk + payload + _checksum(self.chunk + payload)


def read_size(source: Source) -> tuple[int, int]:
    """Width and height of the stored raster. Raises BadImage when the header is not there."""
    header = source.take(8, 16)
    if len(header) < 16:
        raise BadImage("the PNG ends inside its header")
    if header[4:8] != b"IHDR":
        raise BadImage("the PNG does not start with its header")
    return int.from_bytes(header[8:12], "big"), int.from_bytes(header[12:16], "big")


def chunks(source: Source) -> Iterator[Chunk]:
    """The chunks as far as the file goes; payloads are not read."""
    position = 8
    while len(head := source.take(position, 8)) == 8:
        length = int.from_bytes(head[:4], "big")
        yield Chunk(head[4:8], position + 8, length)
        position += 12 + length


def read_orientation(source: Growing, read: Read, size: int | None) -> int:
    """The orientation by EXIF, or by XMP when EXIF has none; 1 when there is none at all."""
    blocks = list(_metadata(source, read, size))
    bare = [block.content for block in blocks if block.kind is Kind.EXIF]
    profiles = [from_raw_profile(block.content) or b"" for block in blocks if block.kind is Kind.RAW_PROFILE]
    packets = [block.content for block in blocks if block.kind is Kind.XMP]
    by_exif = exif.read_orientation((bare or profiles or [b""])[-1])
    return by_exif if by_exif is not None else xmp.read_orientation(packets[-1] if packets else b"")


def _metadata(source: Growing, read: Read, size: int | None) -> Iterator[Metadata]:
    """The metadata before the pixels, and that behind them: in the last bytes when they are far away."""
    for chunk in chunks(source):
        tail = max(chunk.start, (size or 0) - TAIL_BYTES)
        if chunk.kind == b"IDAT" and size is not None and source.length < tail:
            yield from _in_tail(read(tail, size - tail))
            return
        if block := metadata(source, chunk):
            yield block


def _in_tail(tail: bytes) -> Iterator[Metadata]:
    """The metadata chunks in the last bytes of a file, known by their checksums."""
    source = Memory(tail)
    for match in _METADATA.finditer(tail, 4):
        length = int.from_bytes(tail[match.start() - 4 : match.start()], "big")
        end = match.end() + length
        if tail[end : end + 4] == _checksum(tail[match.start() : end]):
            block = metadata(source, Chunk(match[0], match.end(), length))
            if block:
                yield block


def metadata(source: Source, chunk: Chunk) -> Metadata | None:
    """What the chunk holds, if it may say something about the orientation and can be read."""
    if chunk.kind == b"eXIf":
        payload = source.take(chunk.start, chunk.length)
        return Metadata(Kind.EXIF, payload, b"eXIf") if len(payload) == chunk.length else None
    if chunk.kind not in _TEXTS:
        return None
    payload = source.take(chunk.start, chunk.length)
    keyword, mark, rest = payload.partition(b"\x00")
    kind = _KEYWORDS.get(keyword)
    if kind is None or not mark or len(payload) < chunk.length:
        return None
    start, compressed = _text_start(chunk.kind, rest)
    content = _inflated(rest[start:]) if compressed else rest[start:]
    if start < 0 or content is None:
        return None
    return Metadata(kind, content, chunk.kind, keyword + mark + rest[:start], compressed)


def _text_start(kind: bytes, rest: bytes) -> tuple[int, bool]:
    """Where the text begins behind the keyword (-1: nowhere), and whether it is compressed."""
    if kind == b"tEXt":
        return 0, False
    if kind == b"zTXt":
        return (1, True) if rest[:1] == b"\x00" else (-1, False)
    language = rest.find(b"\x00", 2)
    translation = rest.find(b"\x00", language + 1) if language >= 0 else -1
    return (translation + 1, rest[0] != 0) if translation >= 0 else (-1, False)


def _inflated(content: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(content, MAX_TEXT_BYTES)
    except zlib.error:
        return None


def from_raw_profile(text: bytes) -> bytes | None:
    """The bytes of a `Raw profile type exif` text: an empty line, a name, a length, then hexadecimal lines."""
    try:
        return bytes.fromhex("".join(text.decode("latin-1").split("\n")[3:]))
    except ValueError:
        return None


def to_raw_profile(like: bytes, content: bytes) -> bytes:
    """The text for `content`, with the name and the length of the text `like`."""
    digits = content.hex()
    lines: Iterable[str] = (digits[start : start + 72] for start in range(0, len(digits), 72))
    return b"\n".join([*like.split(b"\n")[:3], *(line.encode() for line in lines), b""])


def _checksum(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")
