"""The one thing that can be wrong with a picture."""

from __future__ import annotations


class BadImage(ValueError):
    """The picture cannot be read; the message says why, as the end of a sentence about the file."""
