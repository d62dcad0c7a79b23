"""Pictures that look like nothing else: a few large blots of color, by a seed."""

from __future__ import annotations

import io
import random

from PIL import Image


def blots(seed: int, width: int = 160, height: int = 120) -> Image.Image:
    """A picture of 6 x 6 colors that run into each other."""
    random_ = random.Random(seed)  # noqa: S311 no secret
    small = Image.frombytes("RGB", (6, 6), random_.randbytes(6 * 6 * 3))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, kind: str = "JPEG", quality: int = 90) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, quality=quality)
    return content.getvalue()
