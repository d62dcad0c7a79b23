"""COCO: one JSON file for each part of the split, with its images, their boxes and the classes.

Category ids count from 1, as COCO's own do: trainers keep 0 for what is no object. An image has the number of its row
in `images.csv` for its id, a box that of its row in `annot.csv`, from 1, so that ids are the same in every file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from labelround.dataset.gathering import BoxRow, Gathered
from labelround.dataset.split import PART_WORDS, Part, Placing
from labelround.dataset.tables import number
from labelround.storage.local import read_chunks

FIRST_CATEGORY = 1
_CHUNK_BYTES = 1 << 20
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Instances:
    """What is made of one part of the split, in two files on disk: a line of JSON for each image, and for each box."""

    labels: Sequence[str]
    images: Path
    annotations: Path

    def chunks(self) -> Iterator[bytes]:
        """The file, as COCO's readers expect it."""
        yield b'{\n"info": {"description": "made by labelround"},\n"licenses": [],\n"categories": [\n'
        yield b",\n".join(_category(class_id, label) for class_id, label in enumerate(self.labels))
        yield b'\n],\n"images": ['
        yield from read_chunks(self.images, _CHUNK_BYTES)
        yield b'\n],\n"annotations": ['
        yield from read_chunks(self.annotations, _CHUNK_BYTES)
        yield b"\n]\n}\n"


def gather(pictures: Iterable[Gathered], labels: Sequence[str], cut: Placing, scratch: Path) -> dict[Part, Instances]:
    """Spread the images and their boxes over the parts of the split that have any, by way of files in `scratch`."""
    made = {
        part: Instances(labels, scratch / f"{PART_WORDS[part]}-images", scratch / f"{PART_WORDS[part]}-annotations")
        for part in cut.listed
    }
    with ExitStack() as stack:

        def opened(path: Path) -> _Lines:
            return _Lines(stack.enter_context(path.open("wb")))

        files = {part: (opened(one.images), opened(one.annotations)) for part, one in made.items()}
        for picture in pictures:
            for part in cut.lists(picture.part):
                images, annotations = files[part]
                images.add(_image(picture))
                for box in picture.boxes:
                    annotations.add(_annotation(picture, box))
    return made


class _Lines:
    """The members of a JSON list, a line each."""

    def __init__(self, file: IO[bytes]) -> None:
        self._write = file.write
        self._before = b"\n"

    def add(self, line: bytes) -> None:
        self._write(self._before + line)
        self._before = b",\n"


def _category(class_id: int, label: str) -> bytes:
    return _encode({"id": class_id + FIRST_CATEGORY, "name": label, "supercategory": ""})


def _image(picture: Gathered) -> bytes:
    name, address = _encode(picture.name), _encode(picture.source_ref)
    return (
        b'{"id":%d,"file_name":%b,"width":%b,"height":%b,"license":0,"coco_url":%b}'
        % (picture.number, name, picture.width.encode(), picture.height.encode(), address)
    )  # fmt: skip


def _annotation(picture: Gathered, box: BoxRow) -> bytes:
    area = number(float(box.width) * float(box.height))
    return (
        f'{{"id":{box.number},"image_id":{picture.number},"category_id":{box.class_id + FIRST_CATEGORY},'
        f'"bbox":[{box.left},{box.top},{box.width},{box.height}],"area":{area},"iscrowd":0,"segmentation":[]}}'
    ).encode()
