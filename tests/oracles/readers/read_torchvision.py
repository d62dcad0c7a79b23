"""Reads a Pascal VOC dataset with torchvision and prints its boxes as JSON. Runs in Ultralytics' environment.

    python read_torchvision.py DATASET

torchvision knows one layout, VOCdevkit/VOC2012 and JPEG pictures, so the dataset is linked there. It gives the text of
the XML, which is read here as the VOC devkit defines it. Prints `{"<image>": [["<class>", left, top, right, bottom],
...]}`, in pixels.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from torchvision.datasets import VOCDetection


def box(found: dict[str, Any]) -> tuple[str, float, float, float, float]:
    xmin, ymin, xmax, ymax = (int(found["bndbox"][corner]) for corner in ("xmin", "ymin", "xmax", "ymax"))
    return found["name"], xmin - 1, ymin - 1, xmax, ymax


dataset = Path(sys.argv[1])
every: dict[str, list[tuple[str, float, float, float, float]]] = {}
with tempfile.TemporaryDirectory() as root:
    (Path(root) / "VOCdevkit").mkdir()
    (Path(root) / "VOCdevkit" / "VOC2012").symlink_to(dataset.resolve())
    for split in ("train", "val"):
        for picture, target in VOCDetection(root, image_set=split):
            found = target["annotation"]
            size = tuple(int(found["size"][side]) for side in ("width", "height"))
            if picture.size != size:
                raise SystemExit(f"{found['filename']}: {picture.size} is not {size}")
            every[found["filename"]] = [box(one) for one in found.get("object", [])]
json.dump(every, sys.stdout)
