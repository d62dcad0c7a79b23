"""labelround turns a bucket of pictures into a YOLO dataset that trains, with people drawing the boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelround.annotations import merge, read_annotations

__version__ = "0.1.0"

__all__ = ["__version__", "merge", "read_annotations"]


def __getattr__(name: str) -> object:
    """Import the tables, and with them pandas, when they are first asked for."""
    if name in {"merge", "read_annotations"}:
        from importlib import import_module

        return getattr(import_module("labelround.annotations"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
