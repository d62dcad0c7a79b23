"""Images as a stream of records: what the indexing part hands to a shard, and a shard to the finishing part."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from labelround.dataset.annotation import State
from labelround.dataset.imagetable import Entry
from labelround.errors import InvalidInput, Problem

MEND = "delete it, and have the manifests indexed again"
_LENGTH = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, str, str, State, int, int, int, int, str, bytes]).decode


def write_entries(entries: Iterable[Entry], file: IO[bytes]) -> None:
    """Write each record behind its length."""
    for entry in entries:
        record = _encode(tuple(entry))
        file.write(_LENGTH.pack(len(record)))
        file.write(record)


def read_entries(chunks: Iterable[bytes], name: str) -> Iterator[Entry]:
    """The records in the file `name`, one in memory at a time. Raises InvalidInput for one that cannot be read."""
    held, number = bytearray(), 0
    for chunk in chunks:
        held += chunk
        start = 0
        while (end := _end(held, start)) is not None:
            number += 1
            yield _entry(bytes(memoryview(held)[start + _LENGTH.size : end]), name, number)
            start = end
        del held[:start]
    if held:
        raise _damaged(name, f"ends within record {number + 1}")


def _end(held: bytearray, start: int) -> int | None:
    """Where the record at `start` ends; None when it is not all there."""
    if len(held) < start + _LENGTH.size:
        return None
    end: int = start + _LENGTH.size + _LENGTH.unpack_from(held, start)[0]
    return end if end <= len(held) else None


def _entry(record: bytes, name: str, number: int) -> Entry:
    try:
        return Entry._make(_decode(record))
    except msgspec.DecodeError as error:
        raise _damaged(name, f"record {number} cannot be read ({error})") from error


def _damaged(name: str, what: str) -> InvalidInput:
    return InvalidInput([Problem(name, what, MEND)])
