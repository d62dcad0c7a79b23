"""The S3 servers that tests over HTTP run on: MinIO, and moto's, light and always there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from tests.servers.s3 import S3Server

from labelround.storage import Bucket


@pytest.fixture(scope="session")
def moto_server() -> Iterator[S3Server]:
    """moto's server, in a thread of this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield S3Server.at("moto", "http://{}:{}".format(*server.get_host_and_port()))
    finally:
        server.stop()


@pytest.fixture(params=[pytest.param("minio", marks=pytest.mark.minio), "moto"])
def server(request: pytest.FixtureRequest) -> S3Server:
    """Each of the two in turn."""
    found: S3Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def client(server: S3Server) -> Any:
    """A stock boto3 client: another reader than the product's own."""
    return server.buckets.client


@pytest.fixture
def bucket(server: S3Server) -> Bucket:
    """An empty bucket."""
    return server.new_bucket()
