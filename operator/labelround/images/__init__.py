"""Sizes and orientation of JPEG and PNG pictures, read and set without decoding a pixel."""

from __future__ import annotations

from labelround.images.header import (
    MAX_PIXELS,
    BadImage,
    ImageFormat,
    ImageHeader,
    has_end_marker,
    read_header,
)
from labelround.images.upright import upright

__all__ = ["MAX_PIXELS", "BadImage", "ImageFormat", "ImageHeader", "has_end_marker", "read_header", "upright"]
