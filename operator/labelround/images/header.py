"""What the front of a picture says: its stored size, its orientation, its format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from labelround.images import jpeg, png
from labelround.images.problem import BadImage
from labelround.images.source import Growing, Read

MAX_PIXELS = 100_000_000
"""Ground Truth takes pictures of at most 100 megapixels."""

__all__ = ["MAX_PIXELS", "BadImage", "ImageFormat", "ImageHeader", "has_end_marker", "read_header"]


class ImageFormat(Enum):
    """What the content is, whatever the name's extension says."""

    JPEG = "JPEG"
    PNG = "PNG"


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """`width` and `height` of the stored raster in pixels, before any turning.

    `orientation` is the EXIF one, 1 to 8: 1 is shown as stored, 3 is turned by half, 5 to 8 swap the sides. A value
    that no reader knows, or none at all, is 1.
    """

    width: int
    height: int
    orientation: int
    format: ImageFormat

    @property
    def is_turned(self) -> bool:
        """Whether readers that follow EXIF show another raster than the stored one."""
        return self.orientation != 1


def read_header(read: Read, size: int | None = None) -> ImageHeader:
    """The header of a JPEG or PNG picture, from as few bytes as possible.

    `read(start, length)` gives up to `length` bytes from `start`, fewer (or none) only where the object ends. The
    first 64 KiB suffice for nearly every picture; more is read, doubling, as long as the header goes on. With `size`
    (of the object, in bytes) the metadata that a PNG may hold behind its pixels is looked for in the last 64 KiB;
    without it the whole PNG is read.

    Orientation is found as Pillow finds it: in EXIF, and in XMP's `tiff:Orientation` when EXIF has none.

    Raises BadImage, with a sentence for a person: not a JPEG or PNG, cut off, without pixels, or of more than 100
    megapixels. Whatever `read` raises passes through.
    """
    source = Growing(read)
    magic = source.take(0, 8)
    if magic.startswith(jpeg.MAGIC):
        header = ImageHeader(*jpeg.read_size(source), jpeg.read_orientation(source), ImageFormat.JPEG)
    elif magic == png.MAGIC:
        header = ImageHeader(*png.read_size(source), png.read_orientation(source, read, size), ImageFormat.PNG)
    elif not magic:
        raise BadImage("the file is empty")
    else:
        raise BadImage("the content is neither JPEG nor PNG")
    if not header.width or not header.height:
        raise BadImage(f"the picture has no pixels ({header.width} x {header.height})")
    if header.width * header.height > MAX_PIXELS:
        megapixels = header.width * header.height / 1e6
        raise BadImage(f"the picture has {megapixels:.1f} megapixels; at most {MAX_PIXELS // 10**6} are possible")
    return header


def has_end_marker(content: bytes) -> bool:
    """Whether a picture ends as its format demands: JPEG with `FF D9`, PNG with its IEND chunk.

    For a JPEG the last two bytes suffice, for a PNG the last twelve. Ultralytics takes a JPEG without the marker for
    a damaged one and overwrites the file with a picture of its own making.
    """
    return content.endswith((jpeg.END, png.END))
