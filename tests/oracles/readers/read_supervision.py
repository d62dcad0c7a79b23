"""Reads a YOLO dataset with supervision and prints its boxes as JSON. Runs in supervision's own environment.

    python read_supervision.py DATASET

Prints `{"<image below images/>": [["<class>", left, top, right, bottom], ...]}`, in pixels.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", message="OpenCV .* is not installed")

import supervision  # noqa: E402 it warns while it is imported


def boxes(dataset: Path) -> dict[str, list[tuple[str, float, float, float, float]]]:
    """supervision reads one folder at a time, without what lies below it."""
    found = {}
    images = dataset / "images"
    for folder in [images, *(path for path in images.rglob("*") if path.is_dir())]:
        labels = dataset / "labels" / folder.relative_to(images)
        read = supervision.DetectionDataset.from_yolo(str(folder), str(labels), str(dataset / "data.yaml"))
        for path in read.image_paths:
            seen = read.annotations[path]
            names = [read.classes[number] for number in seen.class_id] if len(seen) else []
            rows = [(name, *map(float, box)) for name, box in zip(names, seen.xyxy, strict=True)]
            found[Path(path).relative_to(images).as_posix()] = rows
    return found


json.dump(boxes(Path(sys.argv[1])), sys.stdout)
