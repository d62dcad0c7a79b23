"""A small world to run rounds in: pictures in memory, a real labelround server over HTTP, simulated workers."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from PIL import Image

from labelround.decide import Action
from labelround.groundtruth.api import LabelingAPI, LabelingJob
from labelround.groundtruth.client import Boto3LabelingAPI, loopback_client
from labelround.local import InProcessConverter, LocalRunner
from labelround.reconcile import Reconciler, Result
from labelround.request import JobSettings
from labelround.server import Faults, ServerSettings, background
from labelround.spec.model import LabelingRound
from labelround.spec.parse import parse_round
from labelround.storage import Bucket, Buckets, MemoryBuckets

BUCKET = "pictures"
IMAGES = "pens/images/"
NAMES = ("a.jpg", "b b.jpg", "c#1.png", "deep/d.jpg", "e.jpg")
SIZE = (64, 48)


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product may catch it."""


@dataclass
class Effects:
    """Counts effects outside and kills the process, so to speak, right after the `deadly`-th."""

    deadly: int = 0
    count: int = 0

    def happened(self) -> None:
        self.count += 1
        if self.count == self.deadly:
            raise Killed


@dataclass(frozen=True)
class WatchedBucket(Bucket):
    """A bucket whose every change counts as an effect."""

    effects: Effects = field(default_factory=Effects)

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        super().write(key, content, if_absent=if_absent)
        self.effects.happened()

    def write_stream(self, key: str, source: IO[bytes]) -> None:
        super().write_stream(key, source)
        self.effects.happened()

    def copy(self, source: str, target: str) -> None:
        super().copy(source, target)
        self.effects.happened()

    def delete(self, key: str) -> None:
        super().delete(key)
        self.effects.happened()


@dataclass(frozen=True)
class WatchedBuckets:
    """The same buckets, with every change counted."""

    buckets: Buckets
    effects: Effects

    def open(self, name: str) -> Bucket:
        bucket = self.buckets.open(name)
        return WatchedBucket(bucket.name, bucket.store, effects=self.effects)


@dataclass(frozen=True)
class WatchedAPI:
    """The same labeling API, with every create and stop counted. `calls` names all calls."""

    api: LabelingAPI
    effects: Effects
    calls: list[str]

    def create(self, request: Mapping[str, Any]) -> str:
        self.calls.append("create")
        arn = self.api.create(request)
        self.effects.happened()
        return arn

    def describe(self, name: str) -> LabelingJob | None:
        self.calls.append("describe")
        return self.api.describe(name)

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        self.calls.append("list")
        return self.api.list(created_after=created_after)

    def stop(self, name: str) -> None:
        self.calls.append("stop")
        self.api.stop(name)
        self.effects.happened()


def picture(color: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", SIZE, (color, 90, 200)).save(content, "JPEG")
    return content.getvalue()


def answer(name: str, boxes: list[dict[str, int]], names: Mapping[str, str]) -> bytes:
    """A line of an output manifest that says what workers will draw."""
    present = {str(box["class_id"]): names[str(box["class_id"])] for box in boxes}
    line = {
        "source-ref": f"s3://{BUCKET}/{IMAGES}{name}",
        "truth": {"image_size": [{"width": SIZE[0], "height": SIZE[1], "depth": 3}], "annotations": boxes},
        "truth-metadata": {
            "objects": [{"confidence": 0} for _ in boxes],
            "class-map": present,
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-01T00:00:00.000000",
            "job-name": "labeling-job/truth",
        },
    }
    return json.dumps(line).encode() + b"\n"


def all_answers(names: tuple[str, ...] = NAMES) -> bytes:
    """Answers for the pictures `names`: one or two boxes each, none for the last of all."""
    classes = {"0": "pen", "1": "pencil"}
    lines = []
    for index, name in enumerate(names):
        boxes = [{"class_id": index % 2, "left": 4 + index, "top": 5, "width": 20, "height": 10}]
        lines.append(answer(name, [] if name == NAMES[-1] else boxes, classes))
    return b"".join(lines)


@dataclass
class World:
    """Pictures in memory and whoever labels them."""

    path: Path
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    answers: bytes | None = field(default_factory=all_answers)
    faults: Faults = field(default_factory=Faults)
    delay: float = 0.0
    calls: list[str] = field(default_factory=list)
    passes: list[Result] = field(default_factory=list)

    @property
    def bucket(self) -> Bucket:
        return self.buckets.open(BUCKET)

    def objects(self, prefix: str = "") -> set[str]:
        return {meta.key for meta in self.bucket.list(prefix)}

    def document(self, **spec: Any) -> dict[str, Any]:
        return {
            "apiVersion": "labelround.dev/v1alpha1",
            "kind": "LabelingRound",
            "metadata": {"name": "pens-1"},
            "spec": {
                "bucket": BUCKET,
                "imagesPrefix": IMAGES,
                "labels": ["pencil", "pen"],
                "outputFormat": "YOLO",
                "dataset": {"previews": 0},
                **spec,
            },
        }

    @contextmanager
    def reconciler(self, effects: Effects | None = None) -> Iterator[Reconciler]:
        """A reconciler that talks to a real server over HTTP."""
        watched = effects or Effects()
        settings = ServerSettings(
            self.path / "server.db", answers=self.answers, tick=0.01, faults=self.faults,
            delay=self.delay,
            request_log=self.path / "requests.jsonl",
        )  # fmt: skip
        with background(settings, self.buckets) as endpoint:
            yield self.composed(Boto3LabelingAPI(loopback_client(endpoint)), watched)

    def composed(self, api: LabelingAPI, effects: Effects) -> Reconciler:
        buckets = WatchedBuckets(self.buckets, effects)
        return Reconciler(
            buckets=buckets,
            api=WatchedAPI(api, effects, self.calls),
            settings=JobSettings(
                "us-east-1",
                "arn:aws:iam::000000000000:role/labelround",
                "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/labelround",
            ),
            converter=InProcessConverter(buckets),
            clock=lambda: datetime.now(UTC),
        )

    def run(self, document: Mapping[str, Any] | None = None, effects: Effects | None = None) -> Mapping[str, Any]:
        """Run a round to its end on a server of its own; its status."""
        given = document or self.document()
        with self.reconciler(effects) as reconciler:
            return self.runner(reconciler).run(parse_round(given), given)

    def runner(self, reconciler: Reconciler, until: Callable[[Result], bool] | None = None) -> LocalRunner:
        """A local runner; it is killed once `until` is true of a pass."""

        def tell(_round: LabelingRound, result: Result) -> None:
            self.passes.append(result)
            if until and until(result):
                raise Killed

        return LocalRunner(reconciler, self.path / "state", 0.02, lambda seconds: time.sleep(min(seconds, 0.02)), tell)

    def requests(self, operation: str) -> int:
        """How many requests for `operation` the server has logged."""
        lines = (self.path / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return sum(json.loads(line)["operation"] == operation for line in lines)

    def actions(self) -> list[Action]:
        """The actions that were carried out, without repeats."""
        taken = [result.decision.action for result in self.passes if result.decision]
        return [action for index, action in enumerate(taken) if index == 0 or taken[index - 1] is not action]


def condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """One condition of a status."""
    found: Mapping[str, Any] = next(each for each in status["conditions"] if each["type"] == kind)
    return found


def furnished(path: Path) -> World:
    """A world with five pictures."""
    world = World(path)
    for index, name in enumerate(NAMES):
        world.bucket.write(f"{IMAGES}{name}", picture(40 * index))
    return world
