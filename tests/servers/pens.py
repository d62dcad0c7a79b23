"""The example pictures in a bucket of an S3 server, where the example round expects them."""

from __future__ import annotations

from pathlib import Path

from tests.servers.s3 import S3Server

from labelround.storage import Bucket

PENS = Path(__file__).parents[2] / "examples" / "pens"
IMAGES = "bounding_box/images/"


def pens_bucket(server: S3Server) -> Bucket:
    """The bucket `pens` with the example pictures and nothing else."""
    names = {item["Name"] for item in server.buckets.client.list_buckets()["Buckets"]}
    if "pens" not in names:
        server.buckets.client.create_bucket(Bucket="pens")
    bucket = server.buckets.open("pens")
    for meta in bucket.list(""):
        bucket.delete(meta.key)
    for path in (PENS / "pictures").rglob("*"):
        if path.is_file():
            bucket.write(IMAGES + path.relative_to(PENS / "pictures").as_posix(), path.read_bytes())
    return bucket
