"""The same boxes for all: a Ground Truth output manifest, Label Studio's tasks and COCO's annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

LABELS = ("pencil", "pen", "marker", "brush")
ATTRIBUTE = "pens"
BUCKET = "pictures"
ROUND = "round"
WIDTH, HEIGHT = 1280, 960
CAMERAS = 40
BOXES = (0, 1, 1, 2, 2, 3, 3, 4, 5, 8)
"""One of these, drawn at random, is how many boxes a labeled image has."""
FAILED, UNLABELED = 0.02, 0.02
"""Their shares of the lines."""

Drawn: TypeAlias = tuple[int, int, int, int, int]
"""Class id, left, top, width and height."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the manifest. `boxes` is None for an image that nobody labeled, which `failed` or was not sent out."""

    number: int
    boxes: tuple[Drawn, ...] | None
    failed: bool = False

    @property
    def key(self) -> str:
        """The image's key below the images prefix; its stem is its own, so that all peers can tell images apart."""
        return f"camera-{self.number % CAMERAS:02}/{self.number:07}.jpg"

    @property
    def source_ref(self) -> str:
        """Where the image is."""
        return f"s3://{BUCKET}/{ROUND}/images/{self.key}"


@dataclass(frozen=True, slots=True)
class Scene:
    """The files in `folder`, and what is in them."""

    folder: Path
    lines: int
    labeled: int
    empty: int
    boxes: int

    @property
    def s3(self) -> Path:
        """The folder whose folders are buckets."""
        return self.folder / "s3"

    @property
    def manifest(self) -> Path:
        """Ground Truth's output manifest, where the blog's scripts look for it."""
        return self._job / "manifests" / "output" / "output.manifest"

    @property
    def categories(self) -> Path:
        """Its label category configuration file."""
        return self._job / "annotation-tool" / "data.json"

    @property
    def _job(self) -> Path:
        return self.s3 / BUCKET / ROUND / "ground_truth_annots" / ATTRIBUTE

    @property
    def tasks(self) -> Path:
        """Label Studio's export."""
        return self.folder / "tasks.json"

    @property
    def config(self) -> Path:
        """Label Studio's labeling configuration."""
        return self.folder / "config.xml"

    @property
    def coco(self) -> Path:
        """COCO's folder."""
        return self.folder / "coco"


def lines(count: int) -> Iterator[Line]:
    """The same lines each time."""
    random = Random(0)  # noqa: S311 a reproducible manifest, no secret
    for number in range(count):
        fate = random.random()
        if fate < FAILED + UNLABELED:
            yield Line(number, None, failed=fate < FAILED)
        else:
            yield Line(number, tuple(_box(random) for _ in range(random.choice(BOXES))))


def _box(random: Random) -> Drawn:
    return (
        random.randrange(len(LABELS)), random.randrange(700), random.randrange(500), random.randrange(3, 500),
        random.randrange(3, 400),
    )  # fmt: skip


def furnish(folder: Path, count: int) -> Scene:
    """Write all files for so many lines."""
    drawn = list(lines(count))
    labeled = [line for line in drawn if line.boxes is not None]
    empty = sum(not line.boxes for line in labeled)
    scene = Scene(folder, count, len(labeled), empty, sum(len(line.boxes or ()) for line in labeled))
    _write(scene.manifest, "".join(f"{_json(manifest_line(line))}\n" for line in drawn))
    _write(scene.categories, _json({"document-version": "2018-11-28", "labels": [{"label": name} for name in LABELS]}))
    _write(scene.tasks, _json([_task(line) for line in labeled]))
    _write(scene.config, _config())
    (scene.coco / "images").mkdir(parents=True)
    _write(scene.coco / "annotations" / "instances_train.json", _json(_coco(labeled)))
    return scene


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def manifest_line(line: Line) -> dict[str, Any]:
    """A line as Ground Truth writes it."""
    entry: dict[str, Any] = {"source-ref": line.source_ref}
    if line.failed:
        return entry | {f"{ATTRIBUTE}-metadata": _metadata(()) | {"failure-reason": "Annotation tasks expired"}}
    if line.boxes is None:
        return entry
    names = ("class_id", "left", "top", "width", "height")
    annotations = [dict(zip(names, box, strict=True)) for box in line.boxes]
    size = {"width": WIDTH, "height": HEIGHT, "depth": 3}
    return entry | {
        ATTRIBUTE: {"image_size": [size], "annotations": annotations},
        f"{ATTRIBUTE}-metadata": _metadata(line.boxes),
    }


def _metadata(boxes: tuple[Drawn, ...]) -> dict[str, Any]:
    return {
        "objects": [{"confidence": 0} for _ in boxes],
        "class-map": {str(class_id): LABELS[class_id] for class_id, *_ in boxes},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2026-01-01T00:00:00.000000",
        "job-name": f"labeling-job/{ATTRIBUTE}",
    }


def _task(line: Line) -> dict[str, Any]:
    """A labeled image as Label Studio exports it."""
    results = [
        {
            "id": f"{line.number}-{place}", "type": "rectanglelabels", "from_name": "label", "to_name": "image",
            "original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0,
            "value": {
                "x": 100 * left / WIDTH, "y": 100 * top / HEIGHT, "width": 100 * width / WIDTH,
                "height": 100 * height / HEIGHT, "rotation": 0, "rectanglelabels": [LABELS[class_id]],
            },
        }
        for place, (class_id, left, top, width, height) in enumerate(line.boxes or ())
    ]  # fmt: skip
    annotation = {"id": line.number + 1, "completed_by": 1, "result": results, "was_cancelled": False}
    return {"id": line.number + 1, "data": {"image": line.source_ref}, "annotations": [annotation]}


def _config() -> str:
    labels = "".join(f'<Label value="{name}"/>' for name in LABELS)
    return (
        '<View><Image name="image" value="$image"/>'
        f'<RectangleLabels name="label" toName="image">{labels}</RectangleLabels></View>\n'
    )


def _coco(labeled: list[Line]) -> dict[str, Any]:
    drawn = [(line.number + 1, box) for line in labeled for box in line.boxes or ()]
    return {
        "images": [
            {"id": line.number + 1, "file_name": line.key, "width": WIDTH, "height": HEIGHT} for line in labeled
        ],
        "categories": [{"id": class_id + 1, "name": name} for class_id, name in enumerate(LABELS)],
        "annotations": [
            {
                "id": number, "image_id": image, "category_id": class_id + 1, "bbox": [left, top, width, height],
                "area": width * height, "iscrowd": 0, "segmentation": [],
            }
            for number, (image, (class_id, left, top, width, height)) in enumerate(drawn, start=1)
        ],
    }  # fmt: skip
