"""S3 asks to slow down for a while: a conversion waits, and loses nothing."""

from __future__ import annotations

import threading
import time

import pytest
from tests.dataset.manifests import line, manifest, plan_of
from tests.operator.dialects import S3
from tests.operator.faults import Answer, Seen
from tests.operator.proxy import Proxy
from tests.servers.s3 import S3Server
from tests.sizes import sized

from labelround.dataset.convert import ManifestSource, convert
from labelround.errors import Unavailable
from labelround.storage import Bucket, Folder, Limits, Location, S3Buckets
from labelround.uri import ObjectURI

SECONDS = float(sized(8, 60))
COUNT = 2000


def of_a_label_file(seen: Seen) -> bool:
    """Whether the request writes one."""
    return seen.operation == "PutObject" and "/labels/" in seen.path


@pytest.mark.minio
def test_a_store_that_asks_to_slow_down_loses_no_object(
    minio_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every label file is refused with 503 SlowDown for a while, a minute in the full run."""
    for name, value in minio_server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = minio_server.new_bucket()
    drawn = [
        {**line("", ("pen", 10, 10, 20, 20)), "source-ref": f"s3://{bucket.name}/images/{number}.jpg"}
        for number in range(COUNT)
    ]
    bucket.write("output.manifest", manifest(drawn))
    with Proxy(minio_server.url, S3()) as proxy:
        buckets = S3Buckets(proxy.url, limits=Limits(patience_seconds=SECONDS + 60))
        source = ManifestSource(Location(buckets.open(bucket.name), "output.manifest"), "output.manifest")
        plan = plan_of(source, images_prefix=ObjectURI(bucket.name, "images/"))
        with proxy.fault(Answer(503), of_a_label_file) as rule:
            lifting = threading.Timer(SECONDS, rule.lifted.set)
            lifting.start()
            began = time.monotonic()
            report = convert(plan, Folder(buckets.open(bucket.name), "dataset"), buckets)
            lifting.join()

    assert rule.met
    assert time.monotonic() - began >= SECONDS
    assert report.images.labeled == COUNT
    assert sum(1 for _ in bucket.list("dataset/labels")) == COUNT


@pytest.mark.minio
def test_a_store_that_stays_away_is_given_up(minio_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it has answered, it is waited for; one that never has is a wrong address."""
    for name, value in minio_server.environment.items():
        monkeypatch.setenv(name, value)
    name = minio_server.new_bucket().name
    with Proxy(minio_server.url, S3()) as proxy:
        limits = Limits(retries=0, patience_seconds=2)
        stranger, known = (S3Buckets(proxy.url, limits=limits).open(name) for _ in range(2))
        known.write("a.txt", b"a")
        with proxy.fault(Answer(503)):
            waits = [seconds_until_unavailable(bucket) for bucket in (stranger, known)]

    assert waits[0] < 1 < 2 <= waits[1]


def seconds_until_unavailable(bucket: Bucket) -> float:
    """How long it takes until the bucket's trouble is told."""
    began = time.monotonic()
    with pytest.raises(Unavailable):
        bucket.read("a.txt")
    return time.monotonic() - began
