"""On S3, a conversion that runs again writes only what is missing or different, as the server counts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from tests.dataset.manifests import line, manifest, plan_of
from tests.dataset.pictures import picture
from tests.dataset.watched import WatchedBucket
from tests.servers.s3 import S3Server

from labelround.dataset.convert import ManifestSource, convert
from labelround.spec.model import ImagesMode
from labelround.storage import Bucket, Folder, Location
from labelround.uri import ObjectURI

COUNT = 1203
"""More than S3 lists in one answer."""
OUTPUT = "dataset"
TURNED = 7


@pytest.fixture
def bucket(server: S3Server) -> Bucket:
    """A bucket of the server with pictures in it, one of them turned."""
    bucket = server.new_bucket()
    for number in range(10):
        bucket.write(f"images/{number}.jpg", picture(orientation=6 if number == TURNED else 1))
    return bucket


@dataclass(frozen=True)
class OneBucket:
    """Opens the same bucket, so that what is copied in it is seen."""

    bucket: Bucket

    def open(self, name: str) -> Bucket:
        assert name == self.bucket.name
        return self.bucket


def written(bucket: Bucket, lines: int, **options: Any) -> list[str]:
    """The label files and images that a conversion of so many lines writes or copies."""
    drawn = [
        {**line("", ("pen", 10, 10, 20, 20)), "source-ref": f"s3://{bucket.name}/images/{number}.jpg"}
        for number in range(lines)
    ]
    bucket.write("output.manifest", manifest(drawn))
    source = ManifestSource(Location(bucket, "output.manifest"), "output.manifest")
    watched = WatchedBucket(bucket.name, bucket.store, boto_client=bucket.boto_client)
    plan = plan_of(source, images_prefix=ObjectURI(bucket.name, "images/"), **options)
    convert(plan, Folder(watched, OUTPUT), OneBucket(watched))
    keys = (what.split(" ", 1)[1].removeprefix(f"{OUTPUT}/") for what in watched.effects.done if "delete" not in what)
    return sorted(key for key in keys if key.startswith(("labels/", "images/")))


def test_only_missing_and_different_label_files_are_written(bucket: Bucket) -> None:
    """Whatever of them there is, in any page of the listing."""
    first = written(bucket, COUNT)
    bucket.delete(f"{OUTPUT}/report.json")
    bucket.delete(f"{OUTPUT}/labels/1150.txt")
    bucket.write(f"{OUTPUT}/labels/9.txt", b"0 0.5 0.5 0.5 0.5\n")

    again = written(bucket, COUNT)

    assert len(first) == COUNT
    assert again == ["labels/1150.txt", "labels/9.txt"]


def test_only_missing_and_different_images_are_copied(bucket: Bucket) -> None:
    """Those that the store copies by itself, and one that is set upright on its way."""
    first = written(bucket, 10, images_mode=ImagesMode.COPY, check_images=True)
    bucket.delete(f"{OUTPUT}/report.json")
    bucket.delete(f"{OUTPUT}/images/3.jpg")
    bucket.write(f"{OUTPUT}/images/{TURNED}.jpg", b"cut off")

    again = written(bucket, 10, images_mode=ImagesMode.COPY, check_images=True)

    assert len(first) == 20
    assert again == ["images/3.jpg", f"images/{TURNED}.jpg"]
