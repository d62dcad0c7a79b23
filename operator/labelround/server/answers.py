"""The answers manifest: an output manifest of Ground Truth from which simulated workers take their boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labelround.errors import InvalidManifest, Problem
from labelround.server.boxes import Box, Size
from labelround.server.lines import BadLine, parse_object
from labelround.uri import SCHEME

OBJECT_DETECTION = "groundtruth/object-detection"
LONGEST_SIDE = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to see in one image. `size` is None when the manifest does not tell it."""

    boxes: tuple[Box, ...]
    size: Size | None


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers by the whole `source-ref`, and by the path below its bucket."""

    by_reference: Mapping[str, Answer]
    by_path: Mapping[str, Answer]

    def find(self, source_ref: str) -> Answer | None:
        """The answer for an image: that of its own address, or that of the same path in another bucket."""
        return self.by_reference.get(source_ref) or self.by_path.get(_path(source_ref))


def read_answers(lines: Iterable[bytes], name: str, attribute: str = "") -> Answers:
    """The labeled images of a manifest; those that failed or were not labeled are left out, as if unknown.

    `attribute` is the label attribute to read; empty, the one object-detection attribute that the manifest has.
    Raises InvalidManifest with every bad line of the file `name`.
    """
    by_reference: dict[str, Answer] = {}
    problems: list[Problem] = []
    attributes: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            source_ref, found = _read_line(line, attribute)
        except BadLine as error:
            problems.append(Problem(f"{name}:{number}", str(error)))
            continue
        attributes.update(found)
        by_reference.update((source_ref, answer) for answer in found.values())
    if len(attributes) > 1:
        listed = ", ".join(sorted(attributes))
        problems.append(Problem(name, f"has several label attributes ({listed})", "name one with --answers-attribute"))
    if attribute and not attributes and not problems:
        problems.append(Problem(name, f"has no boxes under the label attribute {attribute!r}", "name another"))
    if problems:
        raise InvalidManifest(problems)
    by_path: dict[str, Answer] = {}
    for source_ref, answer in by_reference.items():
        by_path.setdefault(_path(source_ref), answer)
    return Answers(by_reference, by_path)


def _read_line(line: bytes, wanted: str) -> tuple[str, dict[str, Answer]]:
    """The image, and what each label attribute that counts says of it. Raises BadLine."""
    entry = parse_object(line)
    source_ref = entry.get("source-ref")
    if not isinstance(source_ref, str):
        raise BadLine("the line has no source-ref")
    names = [wanted] if wanted else _detection_attributes(entry)
    return source_ref, {name: _answer(entry, name) for name in names if name in entry}


def _detection_attributes(entry: Mapping[str, Any]) -> list[str]:
    """The label attributes of the line that hold boxes."""
    ending = "-metadata"
    return [
        name.removesuffix(ending)
        for name, metadata in entry.items()
        if name.endswith(ending) and isinstance(metadata, Mapping) and metadata.get("type") == OBJECT_DETECTION
    ]


def _answer(entry: Mapping[str, Any], attribute: str) -> Answer:
    value, metadata = entry[attribute], entry.get(f"{attribute}-metadata")
    if not isinstance(value, Mapping) or not isinstance(value.get("annotations"), list):
        raise BadLine(f"{attribute} holds no annotations; write the output manifest of a bounding box job")
    names = metadata.get("class-map") if isinstance(metadata, Mapping) else None
    class_map = names if isinstance(names, Mapping) else {}
    return Answer(tuple(_boxes(value["annotations"], class_map, attribute)), _size(value.get("image_size"), attribute))


def _boxes(annotations: list[Any], class_map: Mapping[str, Any], attribute: str) -> Iterator[Box]:
    for place, annotation in enumerate(annotations):
        where = f"{attribute}.annotations[{place}]"
        if not isinstance(annotation, Mapping):
            raise BadLine(f"{where} is not a box")
        label = class_map.get(str(annotation.get("class_id")))
        if not isinstance(label, str):
            raise BadLine(f"{where} has the class_id {annotation.get('class_id')!r}, which is not in the class-map")
        left, top, width, height = (_number(annotation, edge, where) for edge in ("left", "top", "width", "height"))
        if width < 0 or height < 0:
            raise BadLine(f"{where} has a negative width or height")
        yield Box(label, left, top, width, height)


def _size(value: Any, attribute: str) -> Size | None:
    """The picture's size from `[{"width": 640, "height": 480, "depth": 3}]`."""
    if value is None:
        return None
    where = f"{attribute}.image_size"
    entry = value[0] if isinstance(value, list) and value else None
    if not isinstance(entry, Mapping):
        raise BadLine(f"{where} is not a list of one size")
    width, height = int(_number(entry, "width", where)), int(_number(entry, "height", where))
    if width < 1 or height < 1:
        raise BadLine(f"{where} has no pixels")
    if max(width, height) > LONGEST_SIDE:
        raise BadLine(f"{where} has a side of more than {LONGEST_SIDE} pixels")
    return Size(width, height)


def _number(entry: Mapping[str, Any], name: str, where: str) -> float:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadLine(f"{where} needs {name} as a number")
    return value


def _path(source_ref: str) -> str:
    """The path below the bucket."""
    return source_ref.removeprefix(SCHEME).partition("/")[2]
