"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 image`, `2 images`; `plural` for nouns that take more than an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {plural or noun + 's'}"
