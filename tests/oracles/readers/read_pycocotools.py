"""Reads a COCO dataset with pycocotools and prints its boxes as JSON. Runs in pycocotools' own environment.

    python read_pycocotools.py DATASET

Prints `{"<image>": [["<class>", left, top, right, bottom], ...]}`, in pixels. Before that it scores the boxes of each
file against themselves, as an evaluation would: each must be found again.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

BEST = 0.999_999


def boxes(file: Path) -> dict[str, list[tuple[str, float, float, float, float]]]:
    """The boxes of one part of the split."""
    with contextlib.redirect_stdout(sys.stderr):
        read = COCO(str(file))
        evaluate(read)
    names = {number: category["name"] for number, category in read.cats.items()}
    found = {}
    for image in read.loadImgs(read.getImgIds()):
        seen = read.loadAnns(read.getAnnIds(imgIds=[image["id"]]))
        found[image["file_name"]] = [
            (names[one["category_id"]], left, top, left + width, top + height)
            for one in seen
            for left, top, width, height in [one["bbox"]]
        ]
    return found


def evaluate(read: COCO) -> None:
    """Take the boxes for the detections of a model."""
    detections = [{**one, "score": 1.0} for one in read.anns.values()]
    if not detections:
        return
    scores = COCOeval(read, read.loadRes(detections), "bbox")
    scores.params.maxDets = [1, 10, 10_000]
    scores.evaluate()
    scores.accumulate()
    reached = [scores.eval[measure][..., 0, -1] for measure in ("precision", "recall")]
    if any(numbers[numbers >= 0].min() < BEST for numbers in reached):
        raise SystemExit(f"{read}: not every box is found again")


found: dict[str, list[tuple[str, float, float, float, float]]] = {}
for path in sorted(Path(sys.argv[1], "annotations").glob("*.json")):
    found |= boxes(path)
json.dump(found, sys.stdout)
