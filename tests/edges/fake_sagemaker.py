"""A small SageMaker of our own: AWS JSON 1.1 over HTTP, strict by the service model."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import botocore.session
import regex  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

REGION = "us-east-1"
ACCOUNT = "123456789012"
SUBDOMAIN = "abc123.labeling.us-east-1.sagemaker.aws"


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
    """The workforce and labeling job operations of SageMaker, and what they have made."""

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

    def list_labeling_jobs(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return 200, {"LabelingJobSummaryList": []}

    def describe_labeling_job(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if params["LabelingJobName"] not in self.jobs:
            return 400, {"__type": "ResourceNotFound", "Message": "no such labeling job"}
        return 200, self.jobs[params["LabelingJobName"]]


class Handler(BaseHTTPRequestHandler):
    """Hands every call to `fake`."""

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
