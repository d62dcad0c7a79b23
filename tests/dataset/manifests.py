"""Output manifests made for tests, and conversions of them in memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from labelround.dataset.convert import ConversionPlan, ManifestSource, Report, convert
from labelround.spec.model import OutputFormat
from labelround.storage import Bucket, Buckets, Folder, Location, MemoryBuckets
from labelround.uri import ObjectURI

BUCKET = "pictures"
PREFIX = "pens/images/"
LABELS = ("pencil", "pen")
SIZE = (100, 80)

Drawn = tuple[str, float, float, float, float]
"""Class name, left, top, width, height."""


def line(key: str, *boxes: Drawn, size: tuple[int, int] = SIZE, attribute: str = "pens", **more: Any) -> dict[str, Any]:
    """What Ground Truth writes of a labeled image; without boxes it is a background image."""
    names = list(dict.fromkeys(name for name, *_ in boxes))
    annotations = [
        {"class_id": names.index(name), "left": left, "top": top, "width": width, "height": height}
        for name, left, top, width, height in boxes
    ]
    return {
        "source-ref": f"s3://{BUCKET}/{PREFIX}{key}",
        attribute: {
            "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
            "annotations": annotations,
        },
        f"{attribute}-metadata": {
            "objects": [{"confidence": 0}] * len(boxes),
            "class-map": {str(index): name for index, name in enumerate(names)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-02T03:04:05.678901",
            "job-name": f"labeling-job/{attribute}",
        },
        **more,
    }


def failed(key: str, reason: str = "ClientError: Annotation tasks expired.", attribute: str = "pens") -> dict[str, Any]:
    """What Ground Truth writes of an image that nobody labeled in time."""
    return {
        "source-ref": f"s3://{BUCKET}/{PREFIX}{key}",
        f"{attribute}-metadata": {"retry-count": 1, "failure-reason": reason, "human-annotated": "true"},
    }


def unlabeled(key: str) -> dict[str, Any]:
    """What a stopped job leaves of an image that it never came to; also a line of an input manifest."""
    return {"source-ref": f"s3://{BUCKET}/{PREFIX}{key}"}


def manifest(lines: Iterable[Mapping[str, Any]]) -> bytes:
    """A manifest in Ground Truth's compact style."""
    return b"".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for one in lines)


def plan_of(*sources: ManifestSource, **options: Any) -> ConversionPlan:
    """A plan for the labels pencil and pen, below the images prefix, without looking at the images."""
    plan = ConversionPlan(
        sources=sources,
        labels=LABELS,
        output_format=OutputFormat.YOLO,
        owner="round-1",
        images_prefix=ObjectURI(BUCKET, PREFIX),
        check_images=False,
    )
    return replace(plan, **options)


@dataclass
class World:
    """Buckets in memory and an output folder in one of them."""

    buckets: Buckets = field(default_factory=MemoryBuckets)
    prefix: str = "pens/yolo/"

    @property
    def bucket(self) -> Bucket:
        return self.buckets.open(BUCKET)

    @property
    def output(self) -> Folder:
        return Folder(self.bucket, self.prefix)

    def source(
        self, content: bytes | Sequence[Mapping[str, Any]], name: str = "output.manifest", **more: Any
    ) -> ManifestSource:
        """A manifest of this content, in the bucket `manifests`."""
        bucket = self.buckets.open("manifests")
        bucket.write(name, content if isinstance(content, bytes) else manifest(content))
        return ManifestSource(Location(bucket, name), name, **more)

    def convert(self, content: bytes | Sequence[Mapping[str, Any]], *, shards: int = 1, **options: Any) -> Report:
        """Convert one manifest."""
        return convert(plan_of(self.source(content), **options), self.output, self.buckets, shards=shards)

    def files(self) -> dict[str, bytes]:
        """All that is in the output folder, by path."""
        return {meta.key: self.output.read(meta.key) for meta in self.output.list()}

    def rows(self, name: str) -> list[dict[str, str]]:
        """The rows of a table in the output folder."""
        return table_rows(self.output.read(name))


def table_rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
