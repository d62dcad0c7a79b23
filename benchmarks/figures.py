"""The files of a benchmark's figures."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


def encode(result: object) -> bytes:
    """All figures as JSON."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n"


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(content)
    aside.replace(path)
