"""JSON Lines: cutting a stream into lines, reading one line, and checking the lines of an input manifest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from labelround.manifest import IMAGE_EXTENSIONS, MAX_ATTRIBUTE_CHARACTERS, MAX_LINE_CHARACTERS, SOURCE_REF
from labelround.uri import ObjectURI

# A character has at most four bytes; a longer line is too long in any case, and is not kept whole.
MAX_LINE_BYTES = 4 * MAX_LINE_CHARACTERS + 2
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class BadLine(ValueError):
    """The line cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class InputLine:
    """One data object of an input manifest: its line without the newline, its image's address, all its attributes."""

    text: str
    source_ref: str
    attributes: frozenset[str]


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a stream, without `\\n` or `\\r\\n`. Of a line that is far too long only the beginning comes."""
    rest = b""
    for chunk in chunks:
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()[: MAX_LINE_BYTES + 1]
        yield from (piece.removesuffix(b"\r") for piece in pieces)
    if rest:
        yield rest.removesuffix(b"\r")


def parse_object(line: bytes) -> dict[str, Any]:
    """One JSON object. Raises BadLine."""
    try:
        entry = json.loads(line.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in line:
            _ENCODER.encode(entry).encode("utf-8")  # fails for half of a surrogate pair, which cannot be written again
    except UnicodeDecodeError:
        raise BadLine("the line is not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadLine("the line is not JSON") from None
    if not isinstance(entry, dict):
        raise BadLine("the line is not a JSON object")
    return entry


def compact(entry: Mapping[str, Any]) -> str:
    """The entry as Ground Truth writes it: one line of compact JSON, not escaped to ASCII."""
    return _ENCODER.encode(entry)


def read_input_line(line: bytes) -> InputLine:
    """One line of an input manifest for images. Raises BadLine."""
    if len(line) > MAX_LINE_BYTES or len(line.decode("utf-8", "replace")) > MAX_LINE_CHARACTERS:
        raise BadLine(f"the line has more than {MAX_LINE_CHARACTERS} characters")
    entry = parse_object(line)
    source_ref = entry.get(SOURCE_REF)
    if not isinstance(source_ref, str):
        raise BadLine('the line has no "source-ref" with the address of an image')
    for name, value in entry.items():
        if name.startswith("$"):
            raise BadLine(f"the attribute {name!r} begins with $")
        if len(line) > MAX_ATTRIBUTE_CHARACTERS and _length(value) > MAX_ATTRIBUTE_CHARACTERS:
            raise BadLine(f"the attribute {name!r} has more than {MAX_ATTRIBUTE_CHARACTERS} characters")
    try:
        uri = ObjectURI.parse(source_ref)
    except ValueError as error:
        raise BadLine(str(error)) from None
    if not uri.key.lower().endswith(IMAGE_EXTENSIONS):
        raise BadLine(f"{source_ref!r} is not a {', '.join(IMAGE_EXTENSIONS)} file")
    return InputLine(line.decode("utf-8"), source_ref, frozenset(entry))


def _length(value: Any) -> int:
    """How many characters an attribute's value has."""
    return len(value if isinstance(value, str) else _ENCODER.encode(value))


def _refuse_constant(name: str) -> NoReturn:
    raise BadLine(f"{name} is not JSON")
