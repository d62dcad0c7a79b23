"""Reads a dataset with supervision and prints its boxes as JSON. Runs in supervision's own environment.

    python read_supervision.py yolo|voc|coco DATASET
    python read_supervision.py write-yolo|write-voc|write-coco DATASET NEW

Prints `{"<image>": [["<class>", left, top, right, bottom], ...]}`, in pixels; images are named by their path below the
folder of images. The second form writes what it read of the split's one folder of YOLO in one of the formats.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

warnings.filterwarnings("ignore", message="OpenCV .* is not installed")

from supervision import DetectionDataset  # noqa: E402 it warns while it is imported


def yolo(dataset: Path) -> Iterator[DetectionDataset]:
    """supervision reads one folder at a time, without what lies below it."""
    for folder in folders(dataset / "images"):
        labels = dataset / "labels" / folder.relative_to(dataset / "images")
        yield DetectionDataset.from_yolo(str(folder), str(labels), str(dataset / "data.yaml"))


def coco(dataset: Path) -> Iterator[DetectionDataset]:
    """One file for each part of the split."""
    for file in sorted((dataset / "annotations").glob("*.json")):
        yield DetectionDataset.from_coco(str(dataset / "images"), str(file))


def voc(dataset: Path) -> Iterator[DetectionDataset]:
    """One folder at a time, as for YOLO."""
    for folder in folders(dataset / "JPEGImages"):
        labels = dataset / "Annotations" / folder.relative_to(dataset / "JPEGImages")
        yield DetectionDataset.from_pascal_voc(str(folder), str(labels))


def folders(images: Path) -> list[Path]:
    return [images, *(path for path in images.rglob("*") if path.is_dir())]


def boxes(read: DetectionDataset, images: Path) -> dict[str, list[tuple[str, float, float, float, float]]]:
    found = {}
    for path in read.image_paths:
        seen = read.annotations[path]
        names = [read.classes[number] for number in seen.class_id] if len(seen) else []
        rows = [(name, *map(float, box)) for name, box in zip(names, seen.xyxy, strict=True)]
        found[Path(path).relative_to(images).as_posix()] = rows
    return found


def write(kind: str, dataset: Path, new: Path) -> None:
    """The dataset in supervision's own hand."""
    (read,) = yolo(dataset)
    if kind == "write-yolo":
        read.as_yolo(str(new / "images"), str(new / "labels"), str(new / "data.yaml"))
        text = (new / "data.yaml").read_text()
        (new / "data.yaml").write_text(f"train: images\n{text}")
    elif kind == "write-voc":
        read.as_pascal_voc(str(new / "JPEGImages"), str(new / "Annotations"))
    else:
        read.as_coco(str(new / "images"), str(new / "instances.json"))


if sys.argv[1].startswith("write-"):
    write(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    sys.stdout.write("{}")
    raise SystemExit
KINDS = {"yolo": (yolo, "images"), "voc": (voc, "JPEGImages"), "coco": (coco, "images")}
reading, images = KINDS[sys.argv[1]]
place = Path(sys.argv[2])
every: dict[str, list[tuple[str, float, float, float, float]]] = {}
for one in reading(place):
    every |= boxes(one, place / images)
json.dump(every, sys.stdout)
