"""A session on another party's S3 and STS: moto's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer
from moto.sts.models import AssumedRole, sts_backends
from tests.controller.memory_cluster import MemoryCluster

from labelround.controller.rules import Backend, Policy
from labelround.controller.sessions import Sessions, check_bucket_owner
from labelround.controller.settings import ConversionSettings, OperatorSettings
from labelround.errors import ObjectNotFound

ROLE = "arn:aws:iam::123456789012:role/labelround"


@pytest.fixture
def moto_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """moto's server, where the default chain's credentials lead."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
    yield url
    server.stop()


def assumed() -> list[AssumedRole]:
    """The roles that moto has given out."""
    regions = sts_backends["123456789012"]
    return [role for region in list(regions) for role in regions[region].assumed_roles]


def test_objects_are_written_and_read_under_an_assumed_role(moto_url: str) -> None:
    """Listing, conditional writes and the look at the bucket included."""
    settings = OperatorSettings("east", ConversionSettings("i"), Policy(), "labelround")
    backend = Backend("moto", "us-east-1", moto_url, moto_url, role_arn=ROLE)
    session = Sessions(MemoryCluster(), settings).open(backend, "team-a")
    session.s3.create_bucket(Bucket="pictures")

    bucket = session.buckets.open("pictures")
    bucket.write("team-a/a b#1.jpg", b"x", if_absent=True)

    check_bucket_owner(session, "pictures", "123456789012")
    assert [meta.key for meta in bucket.list("team-a")] == ["team-a/a b#1.jpg"]
    assert bucket.read("team-a/a b#1.jpg") == b"x"
    assert [(role.role_arn, role.session_name, role.external_id) for role in assumed()] == [
        (ROLE, "labelround-team-a", "east/team-a")
    ]
    with pytest.raises(ObjectNotFound):
        check_bucket_owner(session, "absent", "123456789012")
