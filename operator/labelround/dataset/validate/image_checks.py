"""Checks of one picture."""

from __future__ import annotations

from collections.abc import Iterator

from labelround.dataset.existing import ImageRow
from labelround.dataset.validate.findings import Finding, Rule
from labelround.images import BadImage, ImageFormat, ImageHeader, has_end_marker, read_header
from labelround.images.raster import load_raster

SMALLEST_SIDE = 10


def check_image(where: str, content: bytes, row: ImageRow | None) -> Iterator[Finding]:
    """What a trainer refuses, rewrites or misunderstands in a picture. `row` is its line in images.csv, if any."""
    try:
        header = read_header(lambda start, length: content[start : start + length])
        load_raster(content)
    except BadImage as error:
        yield Finding(Rule.IMAGE_CORRUPT, where, str(error))
        return
    if min(header.width, header.height) < SMALLEST_SIDE:
        what = f"is only {header.width} x {header.height} pixels"
        yield Finding(Rule.IMAGE_SMALL, where, what, f"Ultralytics refuses sides under {SMALLEST_SIDE} pixels")
    if header.format is ImageFormat.JPEG and not has_end_marker(content):
        fix = "Ultralytics will overwrite the file with a picture that it encodes anew"
        yield Finding(Rule.IMAGE_WITHOUT_END, where, "the JPEG does not end with its end marker", fix)
    if header.is_turned:
        what = f"has the EXIF orientation {header.orientation}: OpenCV turns it away from its boxes"
        yield Finding(Rule.IMAGE_TURNED, where, what, "run labelround pull, which sets it upright")
    if row is not None and row.width and row.height:
        yield from _check_size(where, header, row)


def _check_size(where: str, header: ImageHeader, row: ImageRow) -> Iterator[Finding]:
    if (header.width, header.height) != (row.width, row.height):
        what = f"is {header.width} x {header.height} pixels, but images.csv says {row.width} x {row.height}"
        yield Finding(Rule.IMAGE_SIZE, where, what, "it is not the picture that was labeled")
