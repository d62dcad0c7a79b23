"""Pictures whose every reader sees the stored raster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from labelround.images import exif, jpeg, png, xmp
from labelround.images.problem import BadImage
from labelround.images.source import Memory


class _Edit(NamedTuple):
    """The bytes of the file from `start` to `end` become `content`."""

    start: int
    end: int
    content: bytes


def upright(content: bytes) -> bytes:
    """The picture with its orientation tags saying 1; the same object when nothing must change.

    Only metadata is touched: EXIF and XMP in a JPEG (in place, so that no byte moves), and in a PNG eXIf and the text
    chunks that readers take EXIF or XMP from (with their checksums). The compressed pixels stay byte for byte what
    they were. Metadata that cannot be parsed is left alone, and so is a file that is no JPEG or PNG.

    Setting the tag to 1 beats removing it: Pillow, not finding it in EXIF, falls back to XMP, where a second copy
    often stands; removing bytes would move the offsets inside EXIF and the further pictures of a multi-picture file.
    """
    edits = sorted(_edits(content))
    if not edits:
        return content
    pieces: list[bytes] = []
    position = 0
    for edit in edits:
        pieces += [content[position : edit.start], edit.content]
        position = edit.end
    return b"".join([*pieces, content[position:]])


def _edits(content: bytes) -> Iterator[_Edit]:
    if content.startswith(jpeg.MAGIC):
        yield from _jpeg_edits(content)
    elif content.startswith(png.MAGIC):
        yield from _png_edits(content)


def _jpeg_edits(content: bytes) -> Iterator[_Edit]:
    try:
        segments = list(jpeg.segments(Memory(content)))
    except BadImage:
        return
    for segment in segments:
        if jpeg.is_xmp(segment):
            yield from _edit(segment.start, segment.payload, xmp.upright(segment.payload))
    # EXIF may go on in further segments, and readers differ in whether they join them: both readings are set right.
    parts = [segment for segment in segments if jpeg.is_exif(segment)]
    joined = exif.upright(b"".join(part.payload[len(jpeg.EXIF) :] for part in parts))
    position = 0
    for part in parts:
        length = len(part.payload) - len(jpeg.EXIF)
        piece = exif.upright(joined[position : position + length])
        position += length
        yield from _edit(part.start, part.payload, jpeg.EXIF + piece)


def _png_edits(content: bytes) -> Iterator[_Edit]:
    source = Memory(content)
    for chunk in png.chunks(source):
        block = png.metadata(source, chunk)
        changed = _upright_block(block) if block else None
        if block and changed is not None:
            yield _Edit(chunk.start - 8, chunk.start + chunk.length + 4, block.wrap(changed))


def _upright_block(block: png.Metadata) -> bytes | None:
    """The block with orientation 1; None when nothing must change."""
    if block.kind is png.Kind.XMP:
        changed = xmp.upright(block.content)
        return None if changed is block.content else changed
    if block.kind is png.Kind.EXIF:
        changed = exif.upright(block.content)
        return None if changed is block.content else changed
    profile = png.from_raw_profile(block.content)
    if profile is None:
        return None
    changed = exif.upright(profile)
    return None if changed is profile else png.to_raw_profile(block.content, changed)


def _edit(start: int, before: bytes, after: bytes) -> Iterator[_Edit]:
    if before != after:
        yield _Edit(start, start + len(before), after)
