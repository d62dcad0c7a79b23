"""Ultralytics' NDJSON: one file with a line of JSON for the dataset, and one for each image with its boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from labelround.dataset.boxes import label_file
from labelround.dataset.gathering import Gathered
from labelround.dataset.split import PART_WORDS, Part, Placing

_LINES_A_CHUNK = 1000
_encode = msgspec.json.Encoder().encode


def chunks(pictures: Iterable[Gathered], labels: Sequence[str], cut: Placing) -> Iterator[bytes]:
    """The file. An image that stands in two parts of the split has a line for each."""
    classes = {str(class_id): label for class_id, label in enumerate(labels)}
    yield _encode({"type": "dataset", "task": "detect", "path": ".", "class_names": classes}) + b"\n"
    held: list[bytes] = []
    for picture in pictures:
        held += (_line(picture, part) for part in cut.lists(picture.part))
        if len(held) >= _LINES_A_CHUNK:
            yield b"".join(held)
            held.clear()
    yield b"".join(held)


def _line(picture: Gathered, part: Part) -> bytes:
    """One image: the boxes as shares of its sides, as a label file of YOLO has them."""
    name, address = _encode(picture.name).decode(), _encode(picture.source_ref).decode()
    width, height = int(picture.width), int(picture.height)
    drawn = (
        (box.class_id, float(box.left), float(box.top), float(box.width), float(box.height)) for box in picture.boxes
    )
    rows = label_file(drawn, width, height).decode().splitlines()
    boxes = ",".join(f"[{row.replace(' ', ',')}]" for row in rows)
    return (
        f'{{"type":"image","file":{name},"url":{address},"width":{width},"height":{height},'
        f'"split":"{PART_WORDS[part]}","annotations":{{"boxes":[{boxes}]}}}}\n'
    ).encode()
