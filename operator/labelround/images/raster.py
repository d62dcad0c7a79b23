"""The pixels of a picture as they are stored, by Pillow."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from labelround.images.header import ImageFormat, read_header
from labelround.images.problem import BadImage

if TYPE_CHECKING:
    from PIL.Image import Image


def load_raster(content: bytes, *, about: int | None = None) -> Image:
    """The stored raster, decoded whole, whatever the orientation says.

    With `about` (pixels) a JPEG may come at a half, a quarter or an eighth of its size, but with no side of less than
    that: decoding is then several times faster. The limit of 100 megapixels is our own (`read_header`): Pillow's is a
    global that other users of Pillow in this process rely on, so the readers are called without it.

    Raises BadImage when the picture cannot be decoded to its end.
    """
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    header = read_header(lambda start, length: content[start : start + length])
    reader = JpegImageFile if header.format is ImageFormat.JPEG else PngImageFile
    try:
        picture: Image = reader(io.BytesIO(content))
        if about:
            picture.draft(None, (about, about))  # the sides of the result are at least these
        picture.load()
    except (OSError, SyntaxError, ValueError, struct.error, EOFError) as error:
        raise BadImage(f"the picture cannot be decoded ({error})") from error
    return picture


def in_color(picture: Image) -> Image:
    """The picture with 8 bits a color: RGBA where it is transparent, else RGB."""
    if picture.mode.startswith(("I", "F")):  # 16 bits a pixel: Pillow would clip them to 8, not scale
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    transparent = picture.mode in {"LA", "RGBA", "PA"} or "transparency" in picture.info
    return picture.convert("RGBA" if transparent else "RGB")


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence Pillow about odd metadata while pictures are decoded.

    Python's warning filters belong to the process, so this stands around the threads that decode, never inside one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
