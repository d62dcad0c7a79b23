"""Pascal VOC: an XML file a picture, in `Annotations`, or beside the picture as LabelImg and Roboflow leave it.

Corners are pixels that count from 1 and belong to the box: its left edge is `xmin` - 1, its right edge `xmax`. Some
tools count from 0; where any corner of a dataset is 0, all of it does, and `xmin` itself is the left edge.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from xml.etree import ElementTree

from labelround.dataset.existing.contents import EXTENSIONS, Contents, Listed, PictureFinder, split_of
from labelround.dataset.existing.definition import SPLITS, Definition
from labelround.dataset.existing.labels import LabelFile, LabelRow
from labelround.dataset.naming import split_extension
from labelround.dataset.voc import EXTENSION, IMAGES_FOLDER, LABEL_MAP, LABELS_FOLDER, LISTS_FOLDER
from labelround.errors import Problem
from labelround.parallel import in_threads
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, ObjectMeta
from labelround.wording import counted

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True, slots=True)
class _Annotation:
    """One XML file: the picture that it names, its size (0 when unknown), and each object's class and corners.

    A text in the place of corners is what is wrong with them; `problem` what is wrong with all of it.
    """

    path: str
    digest: str
    picture: str = ""
    width: int = 0
    height: int = 0
    objects: tuple[tuple[str, tuple[float, ...] | str], ...] = ()
    problem: str = ""


def read_voc(folder: Folder, files: Mapping[str, ObjectMeta], classes: Sequence[str]) -> Contents | None:
    """The dataset in `folder`, whose `files` are known; None when it holds no file of VOC's.

    `classes` are those that it is known to have, in the order of their ids; otherwise it may say so itself.
    """
    paths = sorted(path for path in files if path.endswith(EXTENSION))
    read = {one.path: one for one in in_threads(lambda path: _read(path, folder.read(path)), paths)}
    read = {path: one for path, one in read.items() if one.problem != _FOREIGN}
    if not read:
        return None
    problems = [Problem(folder.uri(one.path), one.problem) for one in read.values() if one.problem]
    found = {name for one in read.values() for name, _ in one.objects}
    known = tuple(classes) or _label_map(folder, files)
    names = (*known, *sorted(found.difference(known)))
    corners = [box for one in read.values() for _, box in one.objects if not isinstance(box, str)]
    first = 0 if any(box[0] == 0 or box[1] == 0 for box in corners) else 1
    pictures, sizes, held = PictureFinder(files), {}, {}
    splits, unlisted = _splits(folder, read, files)
    for entry in chain.from_iterable(splits.values()):
        one = read.get(entry.label_file)
        if one is None or one.problem:
            continue
        size = (one.width, one.height) if one.width and one.height else pictures.size(folder, entry.image_file)
        if size is None:
            what = "has no size, and the picture is not there to tell it"
            problems.append(Problem(folder.uri(one.path), what, "add it"))
            continue
        sizes[entry.image_file] = size
        held[entry.label_file, entry.image_file] = _labels(one, size, names, first)
    notes = [] if first else ["a corner is 0, so that all were taken to count from 0 instead of VOC's 1"]
    notes += [f"left out {counted(unlisted, 'XML file')} that no list names"] if unlisted else []
    definition = Definition(next(iter(read)), OutputFormat.PASCAL_VOC, names, problems=tuple(problems))
    return Contents(definition, splits, held, sizes, tuple(notes))


_FOREIGN = "is no annotation"


def _read(path: str, content: bytes) -> _Annotation:
    digest = sha256(content).hexdigest()
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        return _Annotation(path, digest, problem="has a DOCTYPE, which no annotation needs")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 without a DOCTYPE there are no entities
    except ElementTree.ParseError as error:
        return _Annotation(path, digest, problem=f"is not XML ({error})")
    if root.tag != "annotation":
        return _Annotation(path, digest, problem=_FOREIGN)
    size = [max(_number(root.findtext(f"size/{side}")) or 0, 0) for side in ("width", "height")]
    objects = tuple((one.findtext("name") or "", _corners(one)) for one in root.findall("object"))
    return _Annotation(path, digest, (root.findtext("filename") or "").strip(), int(size[0]), int(size[1]), objects)


def _corners(element: ElementTree.Element) -> tuple[float, ...] | str:
    found = [_number(element.findtext(f"bndbox/{corner}")) for corner in _CORNERS]
    box = tuple(number for number in found if number is not None)
    if len(box) < len(found):
        return "has no bndbox of four numbers"
    return box if box[0] <= box[2] and box[1] <= box[3] else "has a bndbox that ends before it begins"


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _labels(one: _Annotation, size: tuple[int, int], names: Sequence[str], first: int) -> LabelFile:
    """The boxes in shares of the picture's sides."""
    rows: list[LabelRow] = []
    problems: list[tuple[int, str]] = []
    (width, height), class_ids = size, {name: number for number, name in enumerate(names)}
    for line, (name, box) in enumerate(one.objects, start=1):
        if isinstance(box, str) or not name:
            problems.append((line, box if isinstance(box, str) else "has no name"))
            continue
        left, top, right, bottom = box[0] - first, box[1] - first, box[2], box[3]
        center = (left + right) / 2 / width, (top + bottom) / 2 / height
        rows.append(LabelRow(line, class_ids[name], *center, (right - left) / width, (bottom - top) / height))
    return LabelFile(tuple(rows), tuple(problems), one.digest)


def _label_map(folder: Folder, files: Mapping[str, ObjectMeta]) -> tuple[str, ...]:
    """The classes that `labelmap.txt` names, without the background that CVAT adds."""
    if LABEL_MAP not in files:
        return ()
    lines = folder.read(LABEL_MAP).decode("utf-8", "replace").splitlines()
    names = (line.split(":")[0] for line in lines if not line.startswith("#"))
    return tuple(dict.fromkeys(name for name in names if name and name != "background"))


def _splits(
    folder: Folder, read: Mapping[str, _Annotation], files: Mapping[str, ObjectMeta]
) -> tuple[dict[str, list[Listed]], int]:
    """The pictures by split, and how many files stand in no list though there are lists.

    Lists are those in `ImageSets/Main`; without any, folders may be called after splits.
    """
    splits: dict[str, list[Listed]] = {}
    listed: set[str] = set()
    for root in sorted({_root(path) for path in read}):
        for split in SPLITS:
            name = f"{root}{LISTS_FOLDER}{split}.txt"
            if name not in files:
                continue
            for number, path in _lines(folder.read(name), f"{root}{LABELS_FOLDER}", read):
                listed.add(path)
                splits.setdefault(split, []).append(
                    _entry(split, f"{name}:{number}", path, root, read.get(path), files)
                )
    if splits:
        return splits, len(read.keys() - listed)
    for path, one in read.items():
        split = split_of(path)
        splits.setdefault(split, []).append(_entry(split, posixpath.dirname(path), path, _root(path), one, files))
    return splits, 0


def _root(path: str) -> str:
    """The folder that holds `Annotations`, ending in `/` or empty; for a file elsewhere its own folder."""
    head, mark, _ = f"/{path}".rpartition(f"/{LABELS_FOLDER}")
    folder = head[1:] if mark else posixpath.dirname(path)
    return f"{folder}/" if folder else ""


def _lines(content: bytes, labels: str, read: Mapping[str, _Annotation]) -> Iterator[tuple[int, str]]:
    """The number of each line of a list, and the XML file that it means; some lists have a second column."""
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        path = f"{labels}{line.strip()}{EXTENSION}"
        if line.strip():
            yield number, path if path in read else f"{labels}{line.split()[0]}{EXTENSION}"


def _entry(
    split: str, where: str, path: str, root: str, one: _Annotation | None, files: Mapping[str, ObjectMeta]
) -> Listed:
    """The picture of the XML file `path`: of the same name, in `JPEGImages`, `images` or beside it."""
    stem = path.removesuffix(EXTENSION)
    below = stem.removeprefix(f"{root}{LABELS_FOLDER}").removeprefix(root)
    own = split_extension(one.picture)[1] if one is not None else ""
    ends = dict.fromkeys([own or EXTENSIONS[0], *EXTENSIONS, *map(str.upper, EXTENSIONS)])
    places = [f"{place}{end}" for place in _places(root, below, stem) for end in ends]
    picture = next((place for place in places if place in files), places[0])
    return Listed(split, where, True, below, picture, path)


def _places(root: str, below: str, stem: str) -> Iterable[str]:
    return (f"{root}{IMAGES_FOLDER}{below}", f"{root}images/{below}", stem)
