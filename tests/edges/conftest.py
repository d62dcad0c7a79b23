"""Servers on loopback ports that stand for AWS: moto for S3 and Cognito, a small one of our own for SageMaker."""

from __future__ import annotations

import functools
import logging
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer
from tests.edges.fake_sagemaker import REGION, FakeSageMaker, Handler, model_problems

from labelround.storage import S3Buckets

SESSION: Any = boto3.Session("key", "secret", region_name=REGION)
CONFIG = Config(retries={"total_max_attempts": 1})


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Calls:
    """The calls of a test's clients, in order; kills the caller before or after one of them."""

    made: list[str] = field(default_factory=list)
    kill_before: int | None = None
    kill_after: int | None = None

    def watch(self, client: Any) -> Any:
        """Have botocore tell of every call of `client`."""
        client.meta.events.register("before-send", self._before)
        client.meta.events.register("after-call", self._after)
        return client

    def _before(self, **event: Any) -> None:
        if self.kill_before == len(self.made):
            raise Killed
        self.made.append(event["event_name"].removeprefix("before-send."))

    def _after(self, **event: Any) -> None:
        if self.kill_after == len(self.made):
            raise Killed


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """moto's server, for S3 and Cognito."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it would write a line a request into commands' stderr
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def _sagemaker_server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def reset(moto_url: str, sagemaker: FakeSageMaker) -> Callable[[], None]:
    """Forget everything that moto and the fake hold."""

    def forget() -> None:
        urllib.request.urlopen(f"{moto_url}/moto-api/reset", b"").read()  # noqa: S310 a loopback server
        url = sagemaker.url
        sagemaker.__init__(url)  # type: ignore[misc]

    return forget


@pytest.fixture
def sagemaker(_sagemaker_server: ThreadingHTTPServer) -> FakeSageMaker:
    """An empty SageMaker."""
    fake = FakeSageMaker(f"http://127.0.0.1:{_sagemaker_server.server_address[1]}")
    Handler.fake = fake
    return fake


@pytest.fixture
def aws(moto_url: str, sagemaker: FakeSageMaker, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty AWS in the environment of this process; moto's address."""
    urllib.request.urlopen(f"{moto_url}/moto-api/reset", b"").read()  # noqa: S310 a loopback server
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    settings = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONFIG_FILE": "/nonexistent",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL_S3": moto_url,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": moto_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": sagemaker.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return moto_url


@pytest.fixture(scope="session")
def _s3(moto_url: str) -> Any:
    return SESSION.client("s3", endpoint_url=moto_url, config=CONFIG)


@pytest.fixture
def s3(_s3: Any, aws: str) -> Any:
    """A boto3 S3 client on an empty moto, with the bucket `pictures`."""
    _s3.create_bucket(Bucket="pictures")
    return _s3


@pytest.fixture
def s3_buckets(s3: Any, aws: str) -> S3Buckets:
    """labelround's own opener of the same buckets."""
    return _opener(aws)


@functools.cache
def _opener(url: str) -> S3Buckets:
    """Made once, as its client is: the credentials are the same for every test."""
    return S3Buckets(endpoint_url=url, region=REGION)


@pytest.fixture(scope="session")
def _clients(moto_url: str, _sagemaker_server: ThreadingHTTPServer) -> tuple[Any, Any, Calls]:
    calls = Calls()
    sagemaker_url = f"http://127.0.0.1:{_sagemaker_server.server_address[1]}"
    made = [
        calls.watch(SESSION.client(service, endpoint_url=url, config=CONFIG))
        for service, url in (("sagemaker", sagemaker_url), ("cognito-idp", moto_url))
    ]
    return made[0], made[1], calls


@pytest.fixture
def calls(_clients: tuple[Any, Any, Calls]) -> Calls:
    """The calls of `sagemaker_client` and `cognito_client`."""
    calls = _clients[2]
    calls.made.clear()
    calls.kill_before = calls.kill_after = None
    return calls


@pytest.fixture
def sagemaker_client(_clients: tuple[Any, Any, Calls], aws: str, calls: Calls) -> Any:
    """A boto3 SageMaker client on the fake."""
    return _clients[0]


@pytest.fixture
def cognito_client(_clients: tuple[Any, Any, Calls], aws: str, calls: Calls) -> Any:
    """A boto3 Cognito client on an empty moto."""
    return _clients[1]


@pytest.fixture
def killed() -> type[BaseException]:
    """What `calls` raises to end the process."""
    return Killed


@pytest.fixture
def problems_of() -> Callable[[str, str, Mapping[str, Any]], list[str]]:
    """What the service model has against a request."""
    return model_problems


@pytest.fixture(scope="session")
def unreachable() -> tuple[Any, Any]:
    """boto3 clients for S3 and for SageMaker, of a server that is not there."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    s3, sagemaker = (
        SESSION.client(service, endpoint_url="http://127.0.0.1:9", config=config) for service in ("s3", "sagemaker")
    )
    return s3, sagemaker
