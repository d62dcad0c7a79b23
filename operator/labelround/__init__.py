"""labelround turns a bucket of pictures into a YOLO dataset that trains, with people drawing the boxes."""

from __future__ import annotations

__version__ = "0.1.0"
