"""Ultralytics' NDJSON: a file whose first line is of the dataset, and each other one of a picture with its boxes."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

import msgspec

from labelround.dataset.existing.contents import UNSPLIT, Contents, Listed
from labelround.dataset.existing.definition import SPLITS, Definition
from labelround.dataset.existing.labels import LabelFile, LabelRow, row_of
from labelround.dataset.formats import NDJSON_EXTENSION
from labelround.dataset.lines import read_lines
from labelround.errors import Problem
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, ObjectMeta


class _Head(msgspec.Struct):
    task: str = "detect"
    path: str = "."
    class_names: dict[int, str] = {}


class _Picture(msgspec.Struct):
    file: str
    split: str = UNSPLIT
    width: float = 0
    height: float = 0
    annotations: dict[str, list[list[float]]] = {}


_decode_head = msgspec.json.Decoder(_Head, strict=False).decode
_decode_picture = msgspec.json.Decoder(_Picture).decode


def read_ndjson(folder: Folder, files: Mapping[str, ObjectMeta]) -> Contents | None:
    """The dataset in `folder`, whose `files` are known; None when it holds no such file."""
    name = next((path for path in sorted(files) if path.endswith(NDJSON_EXTENSION) and "/" not in path), None)
    if name is None:
        return None
    problems: list[Problem] = []
    head = _Head()
    splits: dict[str, list[Listed]] = {}
    held: dict[tuple[str, str], LabelFile] = {}
    sizes: dict[str, tuple[int, int]] = {}
    for number, line, _ in read_lines(folder.chunks(name)):
        where = f"{name}:{number}"
        try:
            if number == 1:
                head = _decode_head(line)
                continue
            if not line.strip():
                continue
            picture = _decode_picture(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            problems.append(Problem(folder.uri(where), f"is no line of such a dataset ({error})"))
            continue
        split = picture.split if picture.split in SPLITS else UNSPLIT
        image_file = posixpath.normpath(posixpath.join(head.path, "images", picture.split, picture.file))
        if posixpath.isabs(image_file) or image_file.startswith("../"):
            image_file = ""
        splits.setdefault(split, []).append(Listed(split, where, True, picture.file, image_file, name))
        held[name, image_file] = _labels(picture)
        if picture.width >= 1 and picture.height >= 1:
            sizes[image_file] = int(picture.width), int(picture.height)
    if head.task not in _TASKS:
        problems.append(Problem(folder.uri(f"{name}:1"), f"is of the task {head.task}", "only boxes are understood"))
    names = tuple(head.class_names.get(class_id, f"class{class_id}") for class_id in _class_ids(head))
    definition = Definition(name, OutputFormat.NDJSON, names, problems=tuple(problems))
    return Contents(definition, splits, held, sizes)


_TASKS = frozenset({"detect", "segment"})


def _class_ids(head: _Head) -> Sequence[int]:
    """0 to the highest: Ultralytics, too, makes up names for gaps."""
    return range(max(head.class_names, default=-1) + 1)


def _labels(picture: _Picture) -> LabelFile:
    """The boxes of a picture; of several kinds of annotations the first counts, as for Ultralytics."""
    rows: list[LabelRow] = []
    problems: list[tuple[int, str]] = []
    for line, values in enumerate(next(iter(picture.annotations.values()), []), start=1):
        row = row_of(line, values)
        if isinstance(row, LabelRow):
            rows.append(row)
        else:
            problems.append((line, row))
    return LabelFile(tuple(rows), tuple(problems), "")
