"""What there is to see in a picture, as a line of a Ground Truth output manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass

LABELS = ("pencil", "pen")
FOLDER = "s3://pens/bounding_box/images/"
ATTRIBUTE = "pens"


@dataclass(frozen=True, slots=True)
class Box:
    """One object: the smallest upright rectangle around all of it that can be seen, in pixels of the stored raster."""

    label: str
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture and its objects. `name` is its path below the images folder."""

    name: str
    width: int
    height: int
    boxes: tuple[Box, ...]


# The label file published with the photograph: class, then centre and size as shares of the stored raster.
_PUBLISHED = (
    (0, 0.6067, 0.3505, 0.5497, 0.0888),
    (0, 0.6109, 0.6001, 0.6293, 0.3536),
    (1, 0.2275, 0.4128, 0.3357, 0.5425),
)
_RASTER = (1152, 864)


def _published_box(label: int, x: float, y: float, width: float, height: float) -> Box:
    across, down = _RASTER
    left, top = round((x - width / 2) * across), round((y - height / 2) * down)
    return Box(LABELS[label], left, top, round(width * across), round(height * down))


PHOTOGRAPH = Seen("pens-and-pencils.jpg", *_RASTER, tuple(_published_box(*row) for row in _PUBLISHED))


def answer_line(seen: Seen) -> str:
    """The line of the output manifest, with the class-map of the classes in this picture, in the order first seen."""
    classes = list(dict.fromkeys(box.label for box in seen.boxes))
    annotations = [
        {"class_id": LABELS.index(b.label), "top": b.top, "left": b.left, "height": b.height, "width": b.width}
        for b in seen.boxes
    ]
    line = {
        "source-ref": FOLDER + seen.name,
        ATTRIBUTE: {
            "image_size": [{"width": seen.width, "height": seen.height, "depth": 3}],
            "annotations": annotations,
        },
        f"{ATTRIBUTE}-metadata": {
            "objects": [{"confidence": 0} for _ in annotations],
            "class-map": {str(LABELS.index(label)): label for label in classes},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-01T00:00:00.000000",
            "job-name": f"labeling-job/{ATTRIBUTE}",
        },
    }
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
