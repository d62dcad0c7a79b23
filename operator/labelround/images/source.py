"""Where the bytes of a picture come from: memory, or a store that is asked for as little as possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

FIRST_READ_BYTES = 1 << 16
FIND_BYTES = 1 << 16

Read = Callable[[int, int], bytes]


class Source(Protocol):
    """Bytes by their place. What lies beyond the end is missing from the answer."""

    def take(self, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`; fewer only at the end."""
        ...


class Memory:
    """A picture that is already in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def take(self, start: int, length: int) -> bytes:
        return self._content[start : start + length]


class Growing:
    """The front of an object in a store: 64 KiB at first, then twice as much each time more is needed."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._content = b""
        self._ended = False

    @property
    def length(self) -> int:
        """How many bytes were read so far."""
        return len(self._content)

    def take(self, start: int, length: int) -> bytes:
        while len(self._content) < start + length and not self._ended:
            have = len(self._content)
            wanted = max(FIRST_READ_BYTES - have, have)
            piece = self._read(have, wanted)
            self._content += piece
            self._ended = len(piece) < wanted
        return self._content[start : start + length]


def find(source: Source, needle: bytes, start: int) -> int:
    """Where `needle`, one byte, is next; -1 when it does not come any more."""
    size = 1  # it is nearly always the very next byte, and to look further could cost a read
    while piece := source.take(start, size):
        place = piece.find(needle)
        if place >= 0:
            return start + place
        start += len(piece)
        size = min(2 * size, FIND_BYTES)
    return -1
