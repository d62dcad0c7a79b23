"""Passes over rounds in memory: a cluster, buckets, labeling jobs and a policy, all of them stand-ins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from prometheus_client import CollectorRegistry
from tests.controller.labeling_stub import JobsInMemory
from tests.controller.memory_cluster import MemoryCluster
from tests.round.world import BUCKET, IMAGES, picture

from labelround.cluster.api import EVENTS, JOBS, ROUNDS, Object
from labelround.controller.access import Gate
from labelround.controller.fleet import Fleet
from labelround.controller.keys import RoundKey
from labelround.controller.metrics import Metrics
from labelround.controller.passes import Passes, Timing
from labelround.controller.pod_template import PodSettings
from labelround.controller.poller import JobPoller
from labelround.controller.pollers import Pollers
from labelround.controller.queue import WorkQueue
from labelround.controller.rules import Backend, BucketRule, Policy, Rule
from labelround.controller.sessions import Session, SessionKey, Sessions
from labelround.controller.versions import Versions
from labelround.controller.workers import Workers
from labelround.errors import Unavailable
from labelround.storage import MemoryBuckets, S3Buckets

NAMESPACE, NAME = "team-a", "pens-1"
KEY = RoundKey(NAMESPACE, NAME)
ROLE = "arn:aws:iam::000000000000:role/labelround"
WORKTEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/labelround"
START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


class StandInSessions(Sessions):
    """One session for every backend, over memory, but for one named `away`."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def open(self, backend: Backend, namespace: str) -> Session:
        if backend.name == "away":
            raise Unavailable(f"the backend {backend.name} does not answer")
        return self.session


@dataclass
class Operated:
    """Everything around one pass. `now` is the time that it tells."""

    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    jobs: JobsInMemory = field(default_factory=JobsInMemory)
    queue: WorkQueue[RoundKey] = field(default_factory=WorkQueue)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    now: datetime = START
    session: Session = field(init=False)
    passes: Passes = field(init=False)
    workers: Workers = field(init=False)

    def __post_init__(self) -> None:
        self.session = Session(
            key=SessionKey("main"),
            buckets=cast(S3Buckets, self.buckets),
            api=self.jobs,
            sagemaker=None,
            s3=None,
            region="us-east-1",
            credentials=None,
            clock=lambda: 0.0,
        )
        metrics = Metrics(self.registry)
        rule = Rule("main", (BucketRule(BUCKET, ("pens/",)),), ROLE, (WORKTEAM,), namespaces=(NAMESPACE,))
        policy = Policy((rule,), {"main": Backend("main", "us-east-1")})
        sessions = StandInSessions(self.session)
        gate = Gate(self.cluster, policy, "test", sessions, Pollers(60.0, self.queue.add, metrics))
        self.passes = Passes(
            cluster=self.cluster,
            gate=gate,
            timing=Timing(),
            pod_settings=lambda _: PodSettings("labelround:test"),
            versions=Versions(),
            fleet=Fleet(),
            metrics=metrics,
            clock=lambda: self.now,
            portal_url=lambda _access, _arn: "",
        )
        self.workers = Workers(self.passes, self.queue, count=1)
        bucket = self.buckets.open(BUCKET)
        for name in ("a.jpg", "b.jpg"):
            bucket.write(f"{IMAGES}{name}", picture(90))

    def apply(self, *, namespace: str = NAMESPACE, metadata: dict[str, Any] | None = None, **spec: Any) -> Object:
        """Make a round, with the defaults that the API server would fill in where a pass looks at them."""
        defaults = {"attempts": 1, "deletionPolicy": "Stop", "labelingJob": {}, "dataset": {"previews": 0}}
        needed = {"bucket": BUCKET, "imagesPrefix": IMAGES, "labels": ["pencil", "pen"], "outputFormat": "YOLO"}
        body = {"metadata": {"name": NAME, **(metadata or {})}, "spec": {**defaults, **needed, **spec}}
        return self.cluster.create(ROUNDS, namespace, body)

    def step(self, times: int = 1, key: RoundKey = KEY) -> None:
        """So many passes, one right after the other."""
        for _ in range(times):
            self.passes.run(key)

    def round(self, key: RoundKey = KEY) -> Object:
        """The object as it is."""
        return next(each for each in self.cluster.all(ROUNDS, key.namespace) if each["metadata"]["name"] == key.name)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.round().get("status") or {}
        return found

    def condition(self, kind: str) -> dict[str, Any]:
        found: dict[str, Any] = next(each for each in self.status()["conditions"] if each["type"] == kind)
        return found

    def writes(self) -> list[str]:
        """Every change that was asked of the Kubernetes API, in order."""
        return [
            " ".join(filter(None, (call.verb, "/".join(filter(None, (call.resource.plural, call.subresource))))))
            for call in self.cluster.calls
            if call.verb in {"create", "patch", "delete"}
        ]

    def events(self) -> list[tuple[str, str]]:
        """Type and reason of every Event."""
        return [(event["type"], event["reason"]) for event in self.cluster.all(EVENTS)]

    def events_in_full(self) -> list[Object]:
        return self.cluster.all(EVENTS)

    def objects(self) -> set[str]:
        """The keys of everything in the bucket."""
        return {meta.key for meta in self.buckets.open(BUCKET).list("")}

    def conversion_jobs(self) -> list[Object]:
        return self.cluster.all(JOBS)

    def poller(self) -> JobPoller:
        """What stands in front of the labeling API."""
        return self.passes.gate.pollers.of(self.session)

    def delete(self) -> None:
        """Ask for the deletion of the round, as a person would."""
        self.cluster.delete(ROUNDS, NAMESPACE, NAME)

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
