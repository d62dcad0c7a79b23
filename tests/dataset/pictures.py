"""Small pictures with an EXIF orientation."""

from __future__ import annotations

import io

from PIL import Image


def picture(width: int = 100, height: int = 80, orientation: int = 1, kind: str = "JPEG") -> bytes:
    """A picture whose stored raster has this size; no orientation tag for 1."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    exif = Image.Exif()
    if orientation != 1:
        exif[0x0112] = orientation
    content = io.BytesIO()
    image.save(content, kind, exif=exif)
    return content.getvalue()
