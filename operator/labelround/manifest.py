"""Input manifests: which objects are images, and one JSON line for each."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from labelround.errors import InvalidManifest, Problem
from labelround.uri import ObjectURI, folder

if TYPE_CHECKING:
    from labelround.storage import ObjectMeta

IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png")
MAX_IMAGE_BYTES = 40 * 1024 * 1024
MAX_LINE_CHARACTERS = 100_000
MAX_ATTRIBUTE_CHARACTERS = 20_000
SHOWN_EXAMPLES = 20
SOURCE_REF = "source-ref"
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class SkipReason(Enum):
    """Why an object below the images prefix is not labeled; the value is a phrase for a person."""

    FOLDER = "a folder placeholder"
    HIDDEN = "a hidden file, or in a hidden folder"
    NOT_AN_IMAGE = "not a .jpg, .jpeg or .png file"
    UNADDRESSABLE = "a key that cannot be addressed"
    EMPTY = "an empty file"
    TOO_LARGE = "larger than 40 MB, Ground Truth's limit for an image"
    LABELED = "labeled in the dataset of spec.dataset.since"


@dataclass(frozen=True, slots=True)
class Skipped:
    """The objects that were skipped for one reason; `examples` are the first 20 keys."""

    reason: SkipReason
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """The images of a round: their keys, sorted by Unicode code point, and what was left out."""

    keys: tuple[str, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def skipped_count(self) -> int:
        """How many objects were left out."""
        return sum(skipped.count for skipped in self.skipped)


def select_images(objects: Iterable[ObjectMeta], images_prefix: str) -> Selection:
    """The images among the objects below `images_prefix`, in key order (that of UTF-8 bytes)."""
    start = len(folder(images_prefix))
    keys: list[str] = []
    skipped: dict[SkipReason, _Tally] = {}
    for meta in objects:
        reason = skip_reason(meta, meta.key[start:])
        if reason is None:
            keys.append(meta.key)
        else:
            skipped.setdefault(reason, _Tally()).add(meta.key)
    keys.sort()
    return Selection(tuple(keys), tuple(skipped[reason].skipped(reason) for reason in SkipReason if reason in skipped))


def skip_reason(meta: ObjectMeta, name: str) -> SkipReason | None:
    """Why the object `meta`, called `name` below the images prefix, is not labeled; None for an image."""
    segments = name.split("/")
    if name == "" or name.endswith("/"):
        return SkipReason.FOLDER
    if any(_is_hidden(segment) for segment in segments):
        return SkipReason.HIDDEN
    if not name.lower().endswith(IMAGE_EXTENSIONS):
        return SkipReason.NOT_AN_IMAGE
    if meta.problem:
        return SkipReason.UNADDRESSABLE
    if meta.size == 0:
        return SkipReason.EMPTY
    return SkipReason.TOO_LARGE if meta.size > MAX_IMAGE_BYTES else None


def manifest_line(bucket: str, key: str) -> bytes:
    """One line of an input manifest: compact JSON in raw UTF-8, with its newline. Raises InvalidManifest."""
    reference = str(ObjectURI(bucket, key))
    text = _ENCODER.encode({SOURCE_REF: reference})
    if len(reference) > MAX_ATTRIBUTE_CHARACTERS:
        raise InvalidManifest(
            [
                Problem(
                    f"{reference[:80]}...",
                    f"the address has {len(reference)} characters and Ground Truth takes {MAX_ATTRIBUTE_CHARACTERS}",
                    "give the object a shorter key",
                )
            ]
        )
    return f"{text}\n".encode()


def manifest_content(keys: Iterable[str], bucket: str) -> bytes:
    """A whole input manifest. Raises InvalidManifest."""
    return b"".join(manifest_line(bucket, key) for key in keys)


def _is_hidden(segment: str) -> bool:
    return (segment.startswith(".") and segment not in {".", ".."}) or segment == "__MACOSX"


def without(selection: Selection, labeled: Iterable[str]) -> Selection:
    """The selection without the images whose keys are among `labeled`, in any order."""
    left, known = dict.fromkeys(selection.keys), _Tally()
    for key in labeled:
        if key in left:
            del left[key]
            known.add(key)
    more = (known.skipped(SkipReason.LABELED),) if known.count else ()
    return Selection(tuple(left), (*selection.skipped, *more))


@dataclass(slots=True)
class _Tally:
    """Counts skipped keys and keeps the smallest ones, in bounded memory."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, key: str) -> None:
        self.count += 1
        self.examples.append(key)
        if len(self.examples) >= 50 * SHOWN_EXAMPLES:
            self.examples = heapq.nsmallest(SHOWN_EXAMPLES, self.examples)

    def skipped(self, reason: SkipReason) -> Skipped:
        return Skipped(reason, self.count, tuple(heapq.nsmallest(SHOWN_EXAMPLES, self.examples)))
