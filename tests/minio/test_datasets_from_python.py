"""`labelround.load` and the tables on an S3 server."""

from __future__ import annotations

import pytest
from tests.servers.pens import PENS, pens_bucket
from tests.servers.s3 import S3Server

import labelround
from labelround.dataset.convert import ConversionPlan, ManifestSource, convert
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, locate


def test_a_dataset_on_s3_is_read_from_python(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the buckets that are given, and without any by the environment alone; pictures come from their bucket."""
    bucket, answers = pens_bucket(server), str(PENS / "answers.manifest")
    source = ManifestSource(locate(answers, server.buckets), answers, None)
    plan = ConversionPlan((source,), ("pencil", "pen"), OutputFormat.YOLO, owner="pens")
    convert(plan, Folder(bucket, "out"), server.buckets)
    for name, value in {**server.environment, "AWS_ENDPOINT_URL_S3": server.url}.items():
        monkeypatch.setenv(name, value)

    given = labelround.load("s3://pens/out/", buckets=server.buckets)
    found = labelround.load("s3://pens/out/")

    assert list(given) == list(found)
    assert sum(len(sample.boxes) for sample in found) == 31
    assert all(sample.picture().size == (sample.width, sample.height) for sample in found)
    assert len(labelround.read_annotations("s3://pens/out")) == 31
    assert len(labelround.read_dataset("s3://pens/out").images()) == 15
