"""COCO: JSON files that hold the images, boxes and classes of a split, such as `annotations/instances_train.json`.

Classes are known by name: category ids need not be 0, 1, 2 ..., and may differ from file to file.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from labelround.dataset.existing.contents import Contents, Listed, PictureFinder, split_of
from labelround.dataset.existing.definition import Definition
from labelround.dataset.existing.labels import LabelFile, LabelRow
from labelround.dataset.formats import COCO_FOLDER
from labelround.errors import Problem
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, ObjectMeta
from labelround.wording import counted

_OWN = re.compile(rf"{COCO_FOLDER}/instances_[^/]*\.json")
_ROBOFLOW = re.compile(r"(?:[^/]+/)?_annotations\.coco\.json")
_ANY = re.compile(rf"(?:{COCO_FOLDER}/)?[^./][^/]*\.json")


class _Image(msgspec.Struct, gc=False):
    id: int
    file_name: str
    width: float = 0
    height: float = 0


class _Annotation(msgspec.Struct, gc=False):
    image_id: int
    category_id: int
    id: int = 0
    bbox: list[float] = []
    iscrowd: int = 0
    segmentation: msgspec.Raw = msgspec.Raw(b"[]")


class _Category(msgspec.Struct):
    id: int
    name: str


class _File(msgspec.Struct):
    images: list[_Image]
    categories: list[_Category]
    annotations: list[_Annotation] = []


_decode = msgspec.json.Decoder(_File, strict=False).decode
_decode_polygons = msgspec.json.Decoder(list[list[float]]).decode


def read_coco(folder: Folder, files: Mapping[str, ObjectMeta]) -> Contents | None:
    """The dataset in `folder`, whose `files` are known; None when it holds no file of COCO's."""
    found = next(
        (names for names in (sorted(filter(kind.fullmatch, files)) for kind in (_OWN, _ROBOFLOW, _ANY)) if names), []
    )
    problems: list[Problem] = []
    documents: dict[str, _File] = {}
    for name in found:
        try:
            documents[name] = _decode(folder.read(name))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if not _ANY.fullmatch(name) or _OWN.fullmatch(name):
                problems.append(Problem(folder.uri(name), f"is no COCO file of objects ({error})"))
    if not documents and not problems:
        return None
    names = tuple(dict.fromkeys(one.name for document in documents.values() for one in _sorted(document.categories)))
    reading = _Reading(folder, names, PictureFinder(files), problems)
    for name, document in documents.items():
        reading.read(name, document)
    definition = Definition(found[0], OutputFormat.COCO, names, problems=tuple(problems))
    notes = (f"left out {counted(reading.crowds, 'annotation')} of crowds (iscrowd)",) if reading.crowds else ()
    return Contents(definition, reading.splits, reading.held, reading.sizes, notes)


def _sorted(categories: Iterable[_Category]) -> list[_Category]:
    return sorted(categories, key=lambda one: one.id)


@dataclass
class _Reading:
    """What all files come to. `sizes` are in pixels, by the path of the picture."""

    folder: Folder
    names: Sequence[str]
    pictures: PictureFinder
    problems: list[Problem]
    splits: dict[str, list[Listed]] = field(default_factory=dict)
    held: dict[tuple[str, str], LabelFile] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)
    crowds: int = 0

    def read(self, name: str, document: _File) -> None:
        """Take in the file `name`."""
        class_ids = {one.id: self.names.index(one.name) for one in document.categories}
        images = {image.id: image for image in document.images}
        wrong: dict[str, list[int]] = defaultdict(list)
        if len(images) < len(document.images):
            self.problems.append(Problem(self.folder.uri(name), "several images have one id", "give each its own"))
        by_image: dict[int, list[_Annotation]] = defaultdict(list)
        for annotation in document.annotations:
            if annotation.image_id not in images:
                wrong["of an image that is not listed"].append(annotation.id)
            elif annotation.category_id not in class_ids:
                wrong["of a category that is not listed"].append(annotation.id)
            else:
                by_image[annotation.image_id].append(annotation)
        split = split_of(name)
        for image in images.values():
            self._add(name, split, image, list(self._boxes(by_image[image.id], class_ids, wrong)))
        for what, ids in wrong.items():
            listed = ", ".join(map(str, ids[:_SHOWN])) + (", ..." if len(ids) > _SHOWN else "")
            self.problems.append(
                Problem(self.folder.uri(name), f"has {counted(len(ids), 'annotation')} {what} (id {listed})")
            )

    def _boxes(
        self, annotations: Iterable[_Annotation], class_ids: Mapping[int, int], wrong: dict[str, list[int]]
    ) -> Iterator[tuple[int, list[float]]]:
        for annotation in annotations:
            if annotation.iscrowd:
                self.crowds += 1
                continue
            box = _box(annotation)
            if box is None:
                wrong["without a box (bbox), or polygons that give one"].append(annotation.id)
            else:
                yield class_ids[annotation.category_id], box

    def _add(self, name: str, split: str, image: _Image, boxes: Sequence[tuple[int, list[float]]]) -> None:
        place = self.pictures.find(image.file_name, name, split)
        where = f"{name}: {image.file_name}"
        entry = Listed(split, where, True, image.file_name, place, name)
        self.splits.setdefault(split, []).append(entry)
        if not place:
            self.problems.append(Problem(where, "lies outside the dataset's folder"))
            return
        width, height = self._size(image, place, where)
        if not width or not height:
            return
        self.sizes[place] = width, height
        rows = tuple(
            LabelRow(
                line,
                class_id,
                (left + box_width / 2) / width,
                (top + box_height / 2) / height,
                box_width / width,
                box_height / height,
            )
            for line, (class_id, (left, top, box_width, box_height)) in enumerate(boxes, start=1)
        )
        self.held[name, place] = LabelFile(rows, (), "")

    def _size(self, image: _Image, place: str, where: str) -> tuple[int, int]:
        """The size as the file has it, or else by the picture's own header; 0 when neither tells."""
        if image.width > 0 and image.height > 0:
            return int(image.width), int(image.height)
        size = self.pictures.size(self.folder, place)
        if size is None:
            what = "has no width and height, and the picture is not there to tell them"
            self.problems.append(Problem(where, what, "add both to the image"))
            return 0, 0
        return size


_SHOWN = 5


def _box(annotation: _Annotation) -> list[float] | None:
    """Left, top, width and height in pixels: the box, or what surrounds the polygons."""
    if len(annotation.bbox) == 4 and any(annotation.bbox):  # left, top, width, height
        return annotation.bbox if all(map(math.isfinite, annotation.bbox)) else None
    try:
        polygons = _decode_polygons(annotation.segmentation)
    except msgspec.DecodeError:
        return None
    xs = [x for polygon in polygons for x in polygon[::2]]
    ys = [y for polygon in polygons for y in polygon[1::2]]
    return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)] if xs and ys else None
