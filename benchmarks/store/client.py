"""One process that writes or lists objects with one client; its CPU time is what is measured.

    python -m benchmarks.store.client write|list CLIENT URL BUCKET COUNT

`write` writes COUNT label files of four boxes below `CLIENT/`, by as many threads as labelround has (s3fs has tasks of
its own instead), and `list` tells how many keys it found below `labelround/`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

CONTENT = b"0 0.500000 0.500000 0.250000 0.250000\n" * 4
LISTED = "labelround"


def keys(client: str, count: int) -> Iterator[str]:
    """In the order of their names, as a conversion writes them."""
    return (f"{client}/camera-{number // 1000:03}/{number:07}.txt" for number in range(count))


def write_labelround(url: str, bucket: str, count: int) -> None:
    """Through the very function of a conversion."""
    from labelround.dataset.imagetable import Entry
    from labelround.dataset.shard import LabelFile
    from labelround.dataset.writing import write_labels
    from labelround.progress import NoProgress
    from labelround.storage import Folder, S3Buckets

    entry: Any = Entry
    files = (LabelFile(entry, key, CONTENT) for key in keys("labelround", count))
    write_labels(files, Folder(S3Buckets(url).open(bucket)), NoProgress())


def write_boto3(url: str, bucket: str, count: int) -> None:
    """One client for all threads, as its documentation advises."""
    from labelround.parallel import THREADS, in_threads

    client = boto3_client(url, THREADS)

    def put(key: str) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=CONTENT)

    for _ in in_threads(put, keys("boto3", count)):
        pass


def write_s3fs(url: str, bucket: str, count: int) -> None:
    """Its call for many files, as quick as it is."""
    import s3fs

    filesystem = s3fs.S3FileSystem(endpoint_url=url)
    filesystem.pipe({f"{bucket}/{key}": CONTENT for key in keys("s3fs", count)})


def list_labelround(url: str, bucket: str, _: int) -> int:
    """As a round lists its images."""
    from labelround.storage import S3Buckets

    return sum(1 for _ in S3Buckets(url).open(bucket).list(LISTED))


def list_boto3(url: str, bucket: str, _: int) -> int:
    """With its paginator."""
    pages = boto3_client(url).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{LISTED}/")
    return sum(len(page.get("Contents", ())) for page in pages)


def list_s3fs(url: str, bucket: str, _: int) -> int:
    """With its call for all below a prefix."""
    import s3fs

    return len(s3fs.S3FileSystem(endpoint_url=url).find(f"{bucket}/{LISTED}"))


def boto3_client(url: str, connections: int = 10) -> Any:
    """A client with so many connections."""
    import boto3
    from botocore.config import Config

    return boto3.client("s3", endpoint_url=url, config=Config(max_pool_connections=connections))


CLIENTS = ("labelround", "boto3", "s3fs")
DEEDS: dict[tuple[str, str], Callable[[str, str, int], int | None]] = {
    ("write", "labelround"): write_labelround,
    ("write", "boto3"): write_boto3,
    ("write", "s3fs"): write_s3fs,
    ("list", "labelround"): list_labelround,
    ("list", "boto3"): list_boto3,
    ("list", "s3fs"): list_s3fs,
}


if __name__ == "__main__":
    deed, name, address, place, number = sys.argv[1:]
    found = DEEDS[deed, name](address, place, int(number))
    if found is not None and found != int(number):
        sys.exit(f"{name} lists {found} keys of {number}")
