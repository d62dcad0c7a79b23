"""The round that is converted: small pictures in a bucket, and what a labeling job said of them."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from PIL import Image

from labelround.conversion import Conversion
from labelround.conversionfile import encode
from labelround.dataset.convert import ConversionPlan, ManifestSource
from labelround.dataset.report import Origin
from labelround.parallel import in_threads
from labelround.spec.model import OutputFormat
from labelround.storage import Bucket, Folder, Location
from labelround.uri import ObjectURI

LABELS = ("pencil", "pen", "marker", "brush")
WIDTH, HEIGHT = 96, 72
MOST_BOXES = 8
COLOURS = 16
CAMERAS = 40
IMAGES = "round/images/"
MANIFEST = "round/output.manifest"
JOB = "pens"


@dataclass(frozen=True, slots=True)
class Scene:
    """A bucket with `images` pictures and their output manifest, which has so many boxes."""

    bucket: Bucket
    images: int
    boxes: int

    def prepare(self, name: str, shards: int) -> str:
        """Write the file for a conversion into the folder `name`; its address."""
        uri = f"s3://{self.bucket.name}/{MANIFEST}"
        plan = ConversionPlan(
            sources=(ManifestSource(Location(self.bucket, MANIFEST), uri, job=JOB),),
            labels=LABELS,
            output_format=OutputFormat.YOLO,
            owner="benchmark",
            images_prefix=ObjectURI(self.bucket.name, IMAGES),
            previews=20,
            origin=Origin("benchmark/pens"),
        )
        tables = {JOB: Folder(self.bucket, f"{name}/job/")}
        conversion = Conversion(plan, Folder(self.bucket, f"{name}/dataset/"), tables, max(shards, 1))
        key = f"{name}/conversion.json"
        self.bucket.write(key, encode(conversion))
        return str(ObjectURI(self.bucket.name, key))

    def files(self, name: str) -> dict[str, str | None]:
        """All that a conversion has left: paths, and hashes of what is there."""
        prefixes = (f"{name}/dataset/", f"{name}/job/")
        return {meta.key.removeprefix(name): meta.etag for prefix in prefixes for meta in self.bucket.list(prefix)}


def furnish(bucket: Bucket, images: int) -> Scene:
    """Upload so many pictures and their manifest."""
    pictures = [_picture(number) for number in range(COLOURS)]

    def upload(number: int) -> None:
        bucket.write(f"{IMAGES}{_key(number)}", pictures[number % COLOURS])

    for _ in in_threads(upload, range(images)):
        pass
    boxes = 0
    with tempfile.TemporaryFile() as file:
        for line, count in _lines(bucket.name, images):
            boxes += count
            file.write(line)
        file.seek(0)
        bucket.write_stream(MANIFEST, file)
    return Scene(bucket, images, boxes)


def _key(number: int) -> str:
    return f"camera-{number % CAMERAS:02}/{number:07}.jpg"


def _picture(number: int) -> bytes:
    content = io.BytesIO()
    colour = (number * 15, 255 - number * 15, number * 7)
    Image.new("RGB", (WIDTH, HEIGHT), colour).save(content, "JPEG")
    return content.getvalue()


def _lines(bucket: str, images: int) -> Iterator[tuple[bytes, int]]:
    """Each line of the manifest and how many boxes it has."""
    random = Random(0)  # noqa: S311 a reproducible manifest, no secret
    for number in range(images):
        boxes = [_box(random) for _ in range(random.randrange(MOST_BOXES + 1))]
        classes = {str(box["class_id"]): LABELS[box["class_id"]] for box in boxes}
        line = {
            "source-ref": f"s3://{bucket}/{IMAGES}{_key(number)}",
            JOB: {"image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}], "annotations": boxes},
            f"{JOB}-metadata": {
                "objects": [{"confidence": 0} for _ in boxes],
                "class-map": classes,
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2026-01-01T00:00:00.000000",
                "job-name": f"labeling-job/{JOB}",
            },
        }
        yield json.dumps(line, separators=(",", ":")).encode() + b"\n", len(boxes)


def _box(random: Random) -> dict[str, int]:
    left, top = random.randrange(WIDTH - 10), random.randrange(HEIGHT - 10)
    return {
        "class_id": random.randrange(len(LABELS)),
        "left": left,
        "top": top,
        "width": random.randrange(5, WIDTH - left),
        "height": random.randrange(5, HEIGHT - top),
    }
