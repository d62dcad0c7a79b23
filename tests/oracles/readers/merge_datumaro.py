"""Merges output manifests with datumaro and prints the result as JSON. Runs in datumaro's own environment.

    python merge_datumaro.py LABELS=MANIFEST...

LABELS are the classes of a round in its order, with commas between them. datumaro joins the classes by name and keeps
every round's drawing of an image, numbered in the order of the rounds; the last of each is printed:
`{"classes": [...], "images": {"<source-ref>": [["<class>", left, top, width, height], ...]}}`, in pixels.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from datumaro.components.annotation import AnnotationType, Bbox, LabelCategories
from datumaro.components.dataset import Dataset
from datumaro.components.dataset_base import DatasetItem


def read(labels: list[str], manifest: str) -> Dataset:
    """A round as a dataset of datumaro, of the images that were labeled."""
    items = []
    for entry in map(json.loads, Path(manifest).read_text(encoding="utf-8").splitlines()):
        for name, value in entry.items():
            if isinstance(value, dict) and "annotations" in value:
                classes = entry[f"{name}-metadata"]["class-map"]
                boxes = [
                    Bbox(
                        box["left"],
                        box["top"],
                        box["width"],
                        box["height"],
                        label=labels.index(classes[str(box["class_id"])]),
                    )
                    for box in value["annotations"]
                ]
                items.append(DatasetItem(id=entry["source-ref"], subset="all", annotations=boxes))
    return Dataset.from_iterable(items, categories={AnnotationType.label: LabelCategories.from_iterable(labels)})


rounds = []
for argument in sys.argv[1:]:
    listed, _, path = argument.partition("=")
    rounds.append(read(listed.split(","), path))
merged = Dataset.from_extractors(*rounds, merge_policy="union")
names = [label.name for label in merged.categories()[AnnotationType.label]]
latest: dict[str, tuple[int, list[Bbox]]] = {}
for item in merged:
    stem, _, number = item.id.partition(".jpg")
    ref, place = f"{stem}.jpg", int(number.removeprefix("-") or 0)
    latest[ref] = max(latest.get(ref, (-1, [])), (place, item.annotations), key=lambda one: one[0])
images = {ref: [(names[box.label], box.x, box.y, box.w, box.h) for box in boxes] for ref, (_, boxes) in latest.items()}
json.dump({"classes": names, "images": images}, sys.stdout)
