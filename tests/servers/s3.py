"""A real S3 server on a loopback port: MinIO, a strict judge that needs Go once."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from tests.servers.ports import free_port, wait_until_ready

from labelround.storage import Bucket, S3Buckets

REPOSITORY = Path(__file__).parents[2]
ACCESS_KEY = "labelround-tests"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
BUILD_SECONDS = 900


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server. `environment` is what a process needs to reach it by the default credential chain."""

    name: str
    url: str
    buckets: S3Buckets

    @classmethod
    def at(cls, name: str, url: str) -> S3Server:
        """The server at `url`, its client made once: that costs more than most tests."""
        buckets = S3Buckets(url)
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in ENVIRONMENT.items():
                patch.setenv(variable, value)
            buckets.client.list_buckets()
            buckets.open("any")
        return cls(name, url, buckets)

    @property
    def environment(self) -> dict[str, str]:
        return ENVIRONMENT

    def new_bucket(self) -> Bucket:
        """An empty bucket with a name of its own."""
        name = f"bucket-{uuid4().hex[:12]}"
        self.buckets.client.create_bucket(Bucket=name)
        return self.buckets.open(name)


def minio_program() -> Path:
    """Where the server is. Skips with the way to get it when it is not to be had, and fails in CI."""
    script = REPOSITORY / "scripts" / "minio.sh"
    ended = subprocess.run([script], capture_output=True, text=True, timeout=BUILD_SECONDS)
    if ended.returncode:
        reason = ended.stderr.strip().splitlines()[-1]
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(ended.stdout.strip())


@contextmanager
def running_minio(home: Path, **variables: str) -> Iterator[S3Server]:
    """MinIO on a free port, with all that it keeps in the folder `home`."""
    program = minio_program()
    address = f"127.0.0.1:{free_port()}"
    own = {"HOME": str(home), "MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": ACCESS_KEY}
    quiet = {"MINIO_BROWSER": "off", "MINIO_UPDATE": "off", "PATH": os.environ["PATH"]}
    log = home / "log"
    with log.open("wb") as output:
        command: list[str | Path] = [program, "server", "--address", address, home / "data"]
        process = subprocess.Popen(command, env=own | quiet | variables, stdout=output, stderr=output)
    try:
        wait_until_ready("MinIO", f"http://{address}/minio/health/ready", process, log)
        yield S3Server.at("minio", f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """MinIO for all tests, with a folder of its own."""
    with running_minio(tmp_path_factory.mktemp("minio")) as server:
        yield server
