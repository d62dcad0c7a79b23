"""One line of a Ground Truth output manifest under one label attribute.

Lenient in what varies from year to year (key order, spaces, unknown keys, metadata that a failed object leaves out)
and strict in all that a box is made of.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar

import msgspec

from labelround.dataset.boxes import Box
from labelround.manifest import MAX_LINE_CHARACTERS, SOURCE_REF
from labelround.uri import SCHEME

OBJECT_DETECTION = "groundtruth/object-detection"
METADATA = "-metadata"
JOB_NAME_PREFIX = "labeling-job/"
MAX_SIDE = 1_000_000_000

Entry = dict[str, msgspec.Raw]
Decoded = TypeVar("Decoded")


class State(IntEnum):
    """What labeling made of an image, in one line or in all of them together."""

    LABELED = 0
    EMPTY = 1
    FAILED = 2
    UNLABELED = 3

    @property
    def in_dataset(self) -> bool:
        """Whether such an image has a label file."""
        return self <= State.EMPTY


STATE_WORDS = tuple(state.name.lower() for state in State)
"""What each state is called in tables and reports."""


class LineError(ValueError):
    """A line that cannot be read: what is wrong, and what to do."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix


class WrongType(LineError):
    """The attribute holds something other than bounding boxes."""


class Annotation(msgspec.Struct, frozen=True, gc=False):
    """What one line says of its image. `width` and `height` are 0 when it says nothing."""

    state: State
    width: int = 0
    height: int = 0
    boxes: list[Box] = []
    reason: str = ""
    job: str = ""


class _Box(msgspec.Struct, gc=False):
    class_id: int
    left: float
    top: float
    width: float
    height: float


class _Size(msgspec.Struct, gc=False):
    width: float
    height: float


class _Boxes(msgspec.Struct):
    annotations: list[_Box]
    image_size: list[_Size]


class Metadata(msgspec.Struct, rename="kebab"):
    """`<attribute>-metadata`: all of it may be missing."""

    type: str | None = None
    class_map: dict[str, str] | None = None
    failure_reason: object = None
    job_name: str | None = None


_decode_entry = msgspec.json.Decoder(Entry).decode
_decode_text = msgspec.json.Decoder(str).decode
_decode_boxes = msgspec.json.Decoder(_Boxes | None).decode
_decode_metadata = msgspec.json.Decoder(Metadata | None).decode
_NULL = b"null"
_ONE_OBJECT_A_LINE = 'a manifest holds one JSON object a line, such as {"source-ref": "s3://bucket/key.jpg", ...}'


def read_entry(line: bytes, ended: bool) -> Entry:
    """The members of a line, not yet decoded. Raises LineError."""
    if len(line) > MAX_LINE_CHARACTERS and len(line.decode(errors="replace")) > MAX_LINE_CHARACTERS:
        raise LineError(f"is longer than {MAX_LINE_CHARACTERS:,} characters, Ground Truth's limit for a line")
    try:
        if not line.isascii():
            line.decode()
        return _decode_entry(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(line, ended, error) from None


def source_ref(entry: Entry) -> str:
    """The address of the line's image without `s3://`: `bucket/key`. Raises LineError."""
    raw = entry.get(SOURCE_REF)
    if raw is None:
        if "source" in entry:
            raise LineError("holds text (source), not an image", "name a manifest of images, with source-ref")
        raise LineError("has no source-ref", "add the address of the image: s3://bucket/key")
    address = _decoded(raw, SOURCE_REF, _decode_text)
    reference = address[len(SCHEME) :]
    bucket, slash, key = reference.partition("/")
    if not address.startswith(SCHEME) or not bucket or not slash or not key or key.endswith("/"):
        raise LineError(f"source-ref: {address!r} is not the address of an image", "write s3://bucket/key")
    return reference


def metadata_of(entry: Entry, attribute: str) -> Metadata | None:
    """The metadata of an attribute; None when the line has none. Raises LineError."""
    raw = entry.get(attribute + METADATA)
    return None if raw is None else _decoded(raw, attribute + METADATA, _decode_metadata)


def attributes_of(entry: Entry) -> list[str]:
    """The label attributes that the line has metadata for."""
    return [name[: -len(METADATA)] for name in entry if name.endswith(METADATA) and name != METADATA]


def read_annotation(entry: Entry, attribute: str, class_index: Callable[[str, int], int]) -> Annotation:
    """What the line says under `attribute`.

    `class_index(name, class_id)` gives the class id in the dataset of the class `name`, which has `class_id` in this
    line. Raises LineError; WrongType when the attribute is not one of bounding boxes.
    """
    metadata = metadata_of(entry, attribute)
    raw = entry.get(attribute)
    if metadata is None:
        if raw is None or bytes(raw) == _NULL:
            return _UNLABELED
        raise LineError(f"has {attribute} without {attribute}{METADATA}, so its class names are unknown")
    if metadata.type is not None and metadata.type != OBJECT_DETECTION:
        raise WrongType(f"{attribute} is of the type {metadata.type}", f"only {OBJECT_DETECTION} can be converted")
    job = (metadata.job_name or "").removeprefix(JOB_NAME_PREFIX)
    if metadata.failure_reason is not None:
        return Annotation(State.FAILED, reason=_sentence(metadata.failure_reason), job=job)
    value = None if raw is None else _decoded(raw, attribute, _decode_boxes)
    if value is None:
        raise LineError(f"has {attribute}{METADATA} with no failure-reason, but no {attribute}")
    width, height = _image_size(value.image_size, attribute)
    boxes: list[Box] = []
    names = metadata.class_map or {}
    for box in value.annotations:
        name = names.get(str(box.class_id))
        if name is None:
            raise LineError(f"{attribute}: class_id {box.class_id} is not in the line's class-map")
        boxes.append((class_index(name, box.class_id), box.left, box.top, box.width, box.height))
    return Annotation(State.LABELED if boxes else State.EMPTY, width, height, boxes, job=job)


_UNLABELED = Annotation(State.UNLABELED)


def _image_size(sizes: list[_Size], attribute: str) -> tuple[int, int]:
    """The one size of the image, in pixels."""
    if not sizes:
        raise LineError(f"{attribute}.image_size is empty", "the size of the image must be known")
    first = sizes[0]
    if len(sizes) > 1 and any(size.width != first.width or size.height != first.height for size in sizes[1:]):
        raise LineError(f"{attribute}.image_size holds sizes that differ")
    width, height = int(first.width), int(first.height)
    if 0 < width == first.width <= MAX_SIDE and 0 < height == first.height <= MAX_SIDE:
        return width, height
    text = f"{first.width:g} x {first.height:g}"
    raise LineError(f"{attribute}.image_size[0] is {text}, not a number of pixels on each side")


def _decoded(raw: msgspec.Raw, name: str, decode: Callable[[msgspec.Raw], Decoded]) -> Decoded:
    """The decoded member `name`, with the library's words turned into a person's."""
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        raise LineError(_explained(str(error), name)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise LineError(f"{name} is not valid JSON ({_malformed(error)})") from None


_WORDS = {"float": "a number", "int": "a whole number", "str": "a text", "object": "an object", "array": "a list"}


def _explained(text: str, name: str) -> str:
    r"""``Expected `float`, got `str` - at `$.annotations[0].left` `` as ``name.annotations[0].left: expected ...``"""
    what, _, path = text.partition(" - at ")
    path = re.sub(r"^.*?\$", "", path.strip("`"))
    what = re.sub(r"`(\w+)(?: \| \w+)*`", lambda match: _WORDS.get(match[1], match[1]), what)
    return f"{name}{path}: {what[:1].lower()}{what[1:]}"


def _malformed(error: Exception) -> str:
    """What is wrong with JSON, as a phrase."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


def _sentence(reason: object) -> str:
    """A failure reason as one line of text."""
    text = reason if isinstance(reason, str) else msgspec.json.encode(reason).decode()
    return " ".join(text.split()) or "no reason was given"


def _unreadable(line: bytes, ended: bool, error: Exception) -> LineError:
    """Why a line is not a JSON object."""
    if line.startswith(b"\xef\xbb\xbf"):
        return LineError("begins with a byte order mark", "save the file as UTF-8 without one")
    if line.startswith(b"\x1f\x8b"):
        return LineError("is compressed with gzip", "unpack the file")
    if line.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in line[:4]:
        return LineError("is UTF-16 or UTF-32", "save the file as UTF-8")
    if isinstance(error, UnicodeDecodeError):
        return LineError(f"is not valid UTF-8 (byte {error.start + 1})", "save the file as UTF-8")
    if isinstance(error, msgspec.ValidationError):
        return LineError("is JSON but not an object", _ONE_OBJECT_A_LINE)
    if not ended:
        return LineError("is cut off: the file ends in the middle of it", "copy the whole manifest again")
    if line.lstrip().startswith(b"["):
        return LineError("is not a JSON object", _ONE_OBJECT_A_LINE)
    return LineError(f"is not valid JSON ({_malformed(error)})", _ONE_OBJECT_A_LINE)
