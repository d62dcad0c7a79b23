"""A small place to label in: a bucket on disk, a server over HTTP, a stock client, and a clock that tests turn.

The server's own thread never gets to move a job; tests move jobs with `Place.tick`, so that nothing is waited for.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.applications import Starlette

from labelround.server import Faults, ServerSettings
from labelround.server.answers import read_answers
from labelround.server.app import application_of
from labelround.server.database import open_database
from labelround.server.engine import Engine
from labelround.server.rules import function_arn
from labelround.server.service import opened
from labelround.server.serving import listening
from labelround.server.store import JobStore
from labelround.storage import Buckets, LocalBuckets

REGION = "us-east-1"
ACCOUNT = "000000000000"
BUCKET = "pens"
LABELS = ("pencil", "pen")
SIZE = {"width": 100, "height": 80, "depth": 3}
NEVER = 3600.0
SESSION: Any = boto3.Session("key", "secret", region_name=REGION)


class TurnedClock:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 31, 11, 839_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def client(endpoint: str, *, validate: bool = False) -> Any:
    """A stock boto3 client; without `validate` it sends what AWS would have to refuse, and never tries again."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=validate)
    return SESSION.client("sagemaker", endpoint_url=endpoint, config=config)


def request(name: str = "pens-1", **changes: Any) -> dict[str, Any]:
    """A CreateLabelingJob request as labelround and AWS's own examples make it."""
    return {
        "LabelingJobName": name,
        "LabelAttributeName": "pens",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://{BUCKET}/manifest.json"}}},
        "OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/annots/"},
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/labeling",
        "LabelCategoryConfigS3Uri": f"s3://{BUCKET}/data.json",
        "HumanTaskConfig": task(),
        **changes,
    }


def task(**changes: Any) -> dict[str, Any]:
    """The HumanTaskConfig of a request."""
    return {
        "WorkteamArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:workteam/private-crowd/team",
        "UiConfig": {"UiTemplateS3Uri": f"s3://{BUCKET}/template.liquid"},
        "PreHumanTaskLambdaArn": function_arn("PRE", REGION),
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": function_arn("ACS", REGION)},
        "TaskTitle": "Draw boxes",
        "TaskDescription": "Draw a box around each pen",
        "NumberOfHumanWorkersPerDataObject": 1,
        "TaskTimeLimitInSeconds": 600,
        **changes,
    }


def box(class_id: int, left: float = 10, top: float = 20, width: float = 30, height: float = 40) -> dict[str, float]:
    return {"class_id": class_id, "top": top, "left": left, "height": height, "width": width}


def answer_line(
    image: str, boxes: Sequence[Mapping[str, float]], names: Sequence[str] = LABELS, **members: Any
) -> dict[str, Any]:
    """A line of an answers manifest; class ids are places in `names`."""
    return {
        "source-ref": f"s3://{BUCKET}/{image}",
        "truth": {"image_size": [SIZE], "annotations": list(boxes), **members},
        "truth-metadata": {
            "objects": [{"confidence": 0} for _ in boxes],
            "class-map": {str(one["class_id"]): names[int(one["class_id"])] for one in boxes},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-01T00:00:00.000000",
            "job-name": "labeling-job/truth",
        },
    }


def json_lines(entries: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(entry, ensure_ascii=False).encode() + b"\n" for entry in entries)


@dataclass(frozen=True)
class Answer:
    """What the server sent back."""

    status: int
    content: dict[str, Any]
    headers: Mapping[str, str]


def post(endpoint: str, operation: str, content: Any, *, path: str = "/", **headers: str) -> Answer:
    """A request that no client would send; `content` is JSON unless it is bytes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {"X-Amz-Target": f"SageMaker.{operation}", "Content-Type": "application/x-amz-json-1.1", **headers}
    connection = HTTPConnection(endpoint.removeprefix("http://"), timeout=10)
    try:
        connection.request("POST", path, body, sent)
        answer = connection.getresponse()
        text = answer.read()
        parsed = json.loads(text) if text.startswith(b"{") else {"text": text.decode()}
        return Answer(answer.status, parsed, dict(answer.getheaders()))
    finally:
        connection.close()


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    """The code and message with which a call is refused."""
    try:
        call(**parameters)
    except ClientError as error:
        details = error.response["Error"]
        return details["Code"], details["Message"]
    raise AssertionError("the call was not refused")


@dataclass(frozen=True)
class Front:
    """The HTTP side of a server, which all tests share; each puts its own service behind it."""

    app: Starlette
    endpoint: str
    api: Any

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[Front]:
        app = application_of(None)  # type: ignore[arg-type] # there is no service yet
        with listening(app, "127.0.0.1", 0) as endpoint:
            yield cls(app, endpoint, client(endpoint))


@dataclass
class Place:
    """A bucket with `images` images, and workers who know what is on them."""

    path: Path
    front: Front
    images: int = 4
    settings: ServerSettings = field(init=False)
    clock: TurnedClock = field(default_factory=TurnedClock)
    buckets: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self.bucket.mkdir(parents=True)
        self.buckets = LocalBuckets(self.path / "buckets")
        self.write_manifest([{"source-ref": f"s3://{BUCKET}/{name}"} for name in self.names])
        self.write("data.json", json.dumps({"labels": [{"label": label} for label in LABELS]}).encode())
        self.write("template.liquid", b'<crowd-form><crowd-bounding-box name="boundingBox"/></crowd-form>')
        self.settings = ServerSettings(
            database=self.path / "server.db",
            answers=json_lines([answer_line(name, [box(1), box(0, 50)]) for name in self.names]),
            tick=NEVER,
            clock=self.clock,
        )

    @property
    def bucket(self) -> Path:
        return self.path / "buckets" / BUCKET

    @property
    def database_file(self) -> Path:
        """The database, where it is a file."""
        assert isinstance(self.settings.database, Path)
        return self.settings.database

    @property
    def names(self) -> list[str]:
        return [f"images/{number}.jpg" for number in range(self.images)]

    def write(self, key: str, content: bytes) -> None:
        (self.bucket / key).parent.mkdir(parents=True, exist_ok=True)
        (self.bucket / key).write_bytes(content)

    def write_manifest(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.write("manifest.json", json_lines(entries))

    def change(self, **settings: Any) -> None:
        """Set up the server otherwise; before it runs."""
        self.settings = replace(self.settings, **settings)

    def fault(self, **faults: Any) -> None:
        self.change(faults=Faults(**faults))

    @contextmanager
    def serving(self) -> Iterator[Any]:
        """A client of a server that runs."""
        with opened(self.settings, self.buckets) as service:
            self.front.app.state.service = service
            try:
                yield self.front.api
            finally:
                self._close()

    def tick(self, times: int = 1) -> None:
        """Let jobs move."""
        for _ in range(times):
            self.engine.tick()

    def finish(self, times: int = 50) -> None:
        """Let jobs move until nothing is left to do."""
        while self.engine.store.unfinished() and times:
            self.tick()
            times -= 1

    @cached_property
    def engine(self) -> Engine:
        """What the server's own thread would run."""
        answers = self.settings.answers
        lines = answers.splitlines() if isinstance(answers, bytes) else []
        known = read_answers(lines, "answers") if answers is not None else None
        return Engine(JobStore(open_database(self.settings.database)), self.buckets, self.settings, known)

    def output(self, job: str = "pens-1") -> list[dict[str, Any]]:
        """The lines of a job's output manifest."""
        return [json.loads(line) for line in self.output_text(job).splitlines()]

    def output_text(self, job: str = "pens-1") -> str:
        return self.file(f"annots/{job}/manifests/output/output.manifest").decode()

    def file(self, key: str) -> bytes:
        return (self.bucket / key).read_bytes()

    def files(self) -> dict[str, bytes]:
        """All that is below the output path."""
        root = self.bucket / "annots"
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def _close(self) -> None:
        if "engine" in self.__dict__:
            self.__dict__.pop("engine").store.engine.dispose()


@contextmanager
def server_process(command: Sequence[str], **variables: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`labelround server` as a process of its own, ready; what it has said can be asked of it when it has ended."""
    server = subprocess.Popen(
        command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        url = server.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), server.communicate()[1]
        yield url, server
    finally:
        server.kill()
        server.communicate()
