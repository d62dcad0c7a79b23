"""The server over S3 instead of folders on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from tests.server.labeling import BUCKET, Place, refused, request

from labelround.storage import S3Buckets

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 server with nothing in it."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    finally:
        server.stop()


def test_a_job_reads_from_and_writes_to_s3(place: Place, s3: Any) -> None:
    """Manifest, categories and template in one bucket, the output in another."""
    for name in (BUCKET, "results"):
        s3.create_bucket(Bucket=name)
    for name in ("manifest.json", "data.json", "template.liquid"):
        s3.put_object(Bucket=BUCKET, Key=name, Body=place.file(name))
    place.buckets = S3Buckets(s3.meta.endpoint_url)
    with place.serving() as api:
        absent = refused(api.create_labeling_job, **request(OutputConfig={"S3OutputPath": "s3://nowhere/x"}))
        api.create_labeling_job(**request(OutputConfig={"S3OutputPath": "s3://results/annots"}))

        place.finish()
        job = api.describe_labeling_job(LabelingJobName="pens-1")

    key = "annots/pens-1/manifests/output/output.manifest"
    lines = s3.get_object(Bucket="results", Key=key)["Body"].read().decode().splitlines()
    assert absent[0] == "ValidationException"
    assert "S3OutputPath" in absent[1]
    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelingJobOutput"]["OutputDatasetS3Uri"] == f"s3://results/{key}"
    assert [len(json.loads(line)["pens"]["annotations"]) for line in lines] == [2, 2, 2, 2]


def test_an_unreachable_store_is_worth_another_try(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """ServiceUnavailable, which clients repeat."""
    for name, value in {**CREDENTIALS, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    place.buckets = S3Buckets("http://127.0.0.1:9")
    with place.serving() as api:
        code, message = refused(api.create_labeling_job, **request())

    assert code == "ServiceUnavailable"
    assert "S3" in message
