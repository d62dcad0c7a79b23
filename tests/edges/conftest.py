"""Servers on loopback ports that stand for AWS: moto for S3 and Cognito, a small one of our own for SageMaker."""

from __future__ import annotations

import functools
import json
import logging
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import botocore.session
import pytest
import regex  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.config import Config
from botocore.model import ListShape, ServiceModel, Shape, StructureShape
from moto.server import ThreadedMotoServer

from labelround.storage import S3Buckets

REGION = "us-east-1"
ACCOUNT = "123456789012"
SESSION: Any = boto3.Session("key", "secret", region_name=REGION)
CONFIG = Config(retries={"total_max_attempts": 1})
SUBDOMAIN = "abc123.labeling.us-east-1.sagemaker.aws"


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


@functools.cache
def _service_model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def model_problems(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """Where the parameters break the service model, patterns, enums and maxima included, which botocore lets pass."""
    model = _service_model(service).operation_model(operation)
    assert model.input_shape is not None
    return list(_shape_problems(model.input_shape, params, operation))


def _shape_problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from (f"{path}.{name}: unknown" for name in value if name not in shape.members)
        yield from (f"{path}.{name}: missing" for name in shape.required_members if name not in value)
        for name, member in shape.members.items():
            if name in value:
                yield from _shape_problems(member, value[name], f"{path}.{name}")
        return
    if isinstance(shape, ListShape):
        for index, one in enumerate(value):
            yield from _shape_problems(shape.member, one, f"{path}[{index}]")
    limits = shape.metadata
    size = len(value) if isinstance(value, (str, list, dict)) else value
    if "max" in limits and size > limits["max"]:
        yield f"{path}: above {limits['max']}"
    if "min" in limits and size < limits["min"]:
        yield f"{path}: below {limits['min']}"
    if limits.get("enum") and value not in limits["enum"]:
        yield f"{path}: not one of {limits['enum']}"
    if "pattern" in limits and not regex.fullmatch(limits["pattern"], value):
        yield f"{path}: {value!r} does not match {limits['pattern']}"


@dataclass
class FakeSageMaker:
    """The workforce and labeling job operations of SageMaker: AWS JSON 1.1 over HTTP, strict by the service model."""

    url: str = ""
    workforces: dict[str, dict[str, Any]] = field(default_factory=dict)
    workteams: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: list[str] = field(default_factory=list)
    initializing: int = 0
    without_portal: int = 0
    refusals: dict[str, tuple[int, str, str]] = field(default_factory=dict)

    def answer(self, operation: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the body for one call."""
        if operation in self.refusals:
            status, code, message = self.refusals[operation]
            return status, {"__type": code, "Message": message}
        problems = model_problems("sagemaker", operation, params)
        if problems:
            return 400, {"__type": "ValidationException", "Message": "; ".join(problems)}
        handler: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]] = getattr(self, xform_name(operation))
        return handler(params)

    def add_workforce(self, name: str = "default", **config: Any) -> None:
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workforce/{name}"
        self.workforces[name] = {"WorkforceName": name, "WorkforceArn": arn, "SubDomain": SUBDOMAIN, **config}

    def add_workteam(self, name: str, pool: str = "us-east-1_pool", group: str = "", client: str = "c1") -> str:
        member = {"UserPool": pool, "UserGroup": group or name, "ClientId": client}
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/{name}"
        self.workteams[name] = {
            "WorkteamName": name,
            "WorkteamArn": arn,
            "MemberDefinitions": [{"CognitoMemberDefinition": member}],
            "Description": "a team",
            "SubDomain": SUBDOMAIN,
        }
        return arn

    def list_workforces(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        status = "Active"
        if self.initializing and self.workforces:
            self.initializing -= 1
            status = "Initializing"
        return 200, {"Workforces": [{"Status": status, **one} for one in self.workforces.values()]}

    def create_workforce(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.workforces:
            return 400, {"__type": "ValidationException", "Message": "only one workforce is allowed"}
        self.created.append("workforce")
        self.add_workforce(params["WorkforceName"], CognitoConfig=params["CognitoConfig"])
        return 200, {"WorkforceArn": self.workforces[params["WorkforceName"]]["WorkforceArn"]}

    def list_workteams(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        wanted = params.get("NameContains", "").lower()
        teams = [self._shown(team) for name, team in sorted(self.workteams.items()) if wanted in name.lower()]
        start = int(params.get("NextToken", "0"))
        more = {"NextToken": str(start + 2)} if start + 2 < len(teams) else {}
        return 200, {"Workteams": teams[start : start + 2], **more}

    def _shown(self, team: dict[str, Any]) -> dict[str, Any]:
        if self.without_portal:
            self.without_portal -= 1
            return {name: value for name, value in team.items() if name != "SubDomain"}
        return team

    def create_workteam(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if params["WorkteamName"].lower() in map(str.lower, self.workteams):
            return 400, {"__type": "ResourceInUse", "Message": "the workteam exists"}
        if params["WorkforceName"] not in self.workforces:
            return 400, {"__type": "ValidationException", "Message": "no such workforce"}
        self.created.append("workteam")
        member = params["MemberDefinitions"][0]["CognitoMemberDefinition"]
        arn = self.add_workteam(params["WorkteamName"], member["UserPool"], member["UserGroup"], member["ClientId"])
        return 200, {"WorkteamArn": arn}

    def describe_workteam(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if params["WorkteamName"] not in self.workteams:
            return 400, {"__type": "ValidationException", "Message": "The work team does not exist"}
        return 200, {"Workteam": self.workteams[params["WorkteamName"]]}

    def describe_labeling_job(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if params["LabelingJobName"] not in self.jobs:
            return 400, {"__type": "ResourceNotFound", "Message": "no such labeling job"}
        return 200, self.jobs[params["LabelingJobName"]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    fake: FakeSageMaker

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].removeprefix("SageMaker.")
        params = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.fake.answer(operation, params)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        return


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
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
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
    _Handler.fake = fake
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
