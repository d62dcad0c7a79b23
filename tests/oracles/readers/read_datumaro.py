"""Reads a dataset with datumaro and prints its boxes as JSON. Runs in datumaro's own environment.

    python read_datumaro.py FORMAT DATASET [OPTION=VALUE...]

Prints `{"formats": [...], "images": {"<image without its extension>": [["<class>", left, top, right, bottom], ...]}}`:
what formats datumaro takes the folder for by itself, and its boxes in pixels.
"""

from __future__ import annotations

import json
import sys

from datumaro.components.annotation import AnnotationType
from datumaro.components.dataset import Dataset
from datumaro.components.environment import Environment

kind, folder, *options = sys.argv[1:]
read = Dataset.import_from(folder, kind, **dict(option.split("=") for option in options))
names = [label.name for label in read.categories()[AnnotationType.label]]
images = {
    item.id: [
        (names[box.label], box.x, box.y, box.x + box.w, box.y + box.h)
        for box in item.annotations
        if box.type == AnnotationType.bbox
    ]
    for item in read
}
json.dump({"formats": Environment().detect_dataset(folder), "images": images}, sys.stdout)
