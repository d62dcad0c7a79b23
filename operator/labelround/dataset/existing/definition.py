"""`data.yaml` (YOLO) or `obj.data` (Darknet): class names, and where each split's pictures are listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from labelround.dataset.formats import DATA_YAML, OBJ_DATA, OBJ_NAMES
from labelround.errors import ObjectNotFound, Problem
from labelround.spec.model import OutputFormat
from labelround.storage import Folder

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Definition:
    """The file that a trainer is given. `sources` are lists or folders, relative to the dataset, by split.

    `path` is data.yaml's own key of that name: where it says that the dataset lies.
    """

    file: str
    format: OutputFormat
    names: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] | None = None
    path: str = ""
    problems: tuple[Problem, ...] = ()


def read_definition(folder: Folder, kind: OutputFormat | None = None) -> Definition | None:
    """The dataset's definition, with what is wrong with it; None when the folder holds none (of this `kind`)."""
    known = ((OutputFormat.YOLO, DATA_YAML, _yolo), (OutputFormat.DARKNET, OBJ_DATA, _darknet))
    for own, file, read in known:
        if kind not in {None, own}:
            continue
        try:
            content = folder.read(file)
        except ObjectNotFound:
            continue
        return read(folder, content)
    return None


def _yolo(folder: Folder, content: bytes) -> Definition:
    where = folder.uri(DATA_YAML)
    try:
        data = yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return Definition(DATA_YAML, OutputFormat.YOLO, problems=(Problem(where, f"is not YAML ({error})"),))
    if not isinstance(data, dict):
        return Definition(DATA_YAML, OutputFormat.YOLO, problems=(Problem(where, "is not a mapping"),))
    problems: list[Problem] = []
    names = _names(data, where, problems)
    sources = {split: _sources(data[split], f"{where}: {split}", problems) for split in SPLITS if data.get(split)}
    path = str(data.get("path") or "")
    return Definition(DATA_YAML, OutputFormat.YOLO, names, sources, path, tuple(problems))


def _names(data: Mapping[str, Any], where: str, problems: list[Problem]) -> tuple[str, ...]:
    names, count = data.get("names"), data.get("nc")
    if names is None and isinstance(count, int):
        return tuple(f"class_{i}" for i in range(count))  # so does Ultralytics
    if isinstance(names, dict):
        if list(names) != list(range(len(names))):
            problems.append(Problem(f"{where}: names", "the class ids are not 0, 1, 2 ... in order"))
        names = list(names.values())
    if not isinstance(names, list) or not names:
        problems.append(Problem(f"{where}: names", "is not a list of class names"))
        return ()
    problems += [
        Problem(f"{where}: names[{i}]", f"YAML reads it as {name!r}, which is no text", "put it in quotes")
        for i, name in enumerate(names)
        if not isinstance(name, str)
    ]
    if count is not None and count != len(names):
        problems.append(Problem(f"{where}: nc", f"is {count}, but there are {len(names)} names"))
    return tuple(str(name) for name in names)


def _sources(value: object, where: str, problems: list[Problem]) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in values):
        problems.append(Problem(where, "is neither a path nor a list of paths"))
        return ()
    return tuple(values)


def _darknet(folder: Folder, content: bytes) -> Definition:
    where = folder.uri(OBJ_DATA)
    options: dict[str, str] = {}
    problems: list[Problem] = []
    for line in content.decode("utf-8", "replace").splitlines():
        key, mark, value = line.partition("=")
        if mark and not line.lstrip().startswith(("#", ";")):
            options[key.strip()] = value.strip()
    try:
        names = tuple(folder.read(options.get("names", OBJ_NAMES)).decode().splitlines())
    except ObjectNotFound as error:
        problems.append(Problem(f"{where}: names", str(error)))
        names = ()
    except UnicodeDecodeError:
        problems.append(Problem(f"{where}: names", "the file is not UTF-8 text"))
        names = ()
    if names and options.get("classes", "") != str(len(names)):
        said = options.get("classes", "not given")
        problems.append(Problem(f"{where}: classes", f"is {said}, but there are {len(names)} names"))
    sources = {
        split: (options[key],) for split, key in zip(SPLITS, ("train", "valid", "test"), strict=True) if key in options
    }
    return Definition(OBJ_DATA, OutputFormat.DARKNET, names, sources, problems=tuple(problems))
