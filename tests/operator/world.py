"""A world for the operator: a namespace, a bucket of pictures, whoever labels them, a node for conversions, and a proxy
with faults before each of the three APIs that the operator calls.

    with world.operator() as operator:
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded")
    world.check_ended_right("pens-1")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from tests.cluster.access import ControlPlane
from tests.cluster.container import Run, run_process
from tests.cluster.node import Node
from tests.operator.dialects import S3, Kubernetes, Labeling
from tests.operator.faults import Fault, Rule, Seen, Where, every
from tests.operator.installation import CREDENTIALS_SECRET, environment, operator_kubeconfig, settings, write_settings
from tests.operator.process import OperatorProcess
from tests.operator.proxy import Proxy
from tests.round.world import IMAGES, NAMES, all_answers, picture
from tests.servers.ports import free_port
from tests.servers.s3 import ENVIRONMENT, S3Server
from tests.servers.waiting import until

from labelround.cluster.api import EVENTS, JOBS, PODS, ROUNDS, SECRETS, Object
from labelround.cluster.client import KubernetesCluster
from labelround.groundtruth.client import loopback_client
from labelround.server import Faults, ServerSettings, background
from labelround.spec.parse import API_VERSION
from labelround.storage import Bucket

PATIENCE = 60.0


@dataclass
class World:
    """Use it in a `with`.

    `bucket` holds the pictures; by default it is a new one with five small ones. With `answers` None nobody labels;
    `delay` is the time between two answers of a job. `run` is how the node runs a pod's container.
    """

    control_plane: ControlPlane
    namespace: str
    s3: S3Server
    folder: Path
    bucket: Bucket = field(default=None)  # type: ignore[assignment] # a new one is made at the start
    answers: bytes | None = field(default_factory=all_answers)
    delay: float = 0.0
    faults: Faults = field(default_factory=Faults)
    run: Run = run_process
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self.bucket is None:
                self.bucket = self.s3.new_bucket()
                fill(self.bucket)
            self.endpoint = stack.enter_context(background(self._server_settings(), self.s3.buckets))
            self.labeling = stack.enter_context(Proxy(self.endpoint, Labeling()))
            self.store = stack.enter_context(Proxy(self.s3.url, S3()))
            self.kubernetes = stack.enter_context(self.kubernetes_proxy())
            self.node = stack.enter_context(Node(self.control_plane, run=self.run))
            secret = {"metadata": {"name": CREDENTIALS_SECRET}, "stringData": dict(ENVIRONMENT)}
            self.cluster.create(SECRETS, self.namespace, secret)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def cluster(self) -> KubernetesCluster:
        """The cluster as its administrator sees it, past the proxy."""
        return self.control_plane.cluster()

    @cached_property
    def labeling_client(self) -> Any:
        """A stock boto3 client of the labeling API, past the proxy."""
        return loopback_client(self.endpoint)

    @property
    def proxies(self) -> tuple[Proxy, Proxy, Proxy]:
        return self.kubernetes, self.labeling, self.store

    def kubernetes_proxy(self) -> Proxy:
        """Another way to the API server, for a replica of its own; to be used in a `with`."""
        return Proxy(self.control_plane.url, Kubernetes(), self.control_plane.authority.file.read_text("ascii"))

    def operator(
        self,
        replica: str = "operator-0",
        *,
        kubernetes: Proxy | None = None,
        supervised: bool = False,
        ready: bool = True,
        variables: Mapping[str, str] | None = None,
        **changes: Any,
    ) -> OperatorProcess:
        """A replica of the operator, to be used in a `with`; `changes` are of its settings, `variables` of its pod."""
        content = settings(self.namespace, self.bucket.name, self.labeling.url, self.store.url, **changes)
        port = free_port()
        url = (kubernetes or self.kubernetes).url
        kubeconfig = operator_kubeconfig(self.control_plane, url, f"{self.namespace}-{replica}")
        own = environment(kubeconfig, port, replica, self.folder)
        file = write_settings(self.folder / f"{replica}.yaml", content)
        log = self.folder / f"{replica}.log"
        return OperatorProcess(file, own | dict(variables or {}), port, log, supervised=supervised, ready=ready)

    def document(self, name: str = "pens-1", **spec: Any) -> dict[str, Any]:
        """A round over the pictures, as a user writes it."""
        return {
            "apiVersion": API_VERSION,
            "kind": "LabelingRound",
            "metadata": {"name": name},
            "spec": {
                "bucket": self.bucket.name,
                "imagesPrefix": IMAGES,
                "labels": ["pencil", "pen"],
                "outputFormat": "YOLO",
                "dataset": {"previews": 0},
                **spec,
            },
        }

    def apply(self, document: Mapping[str, Any]) -> None:
        """`kubectl apply`."""
        self.control_plane.kubectl("apply", "-n", self.namespace, "-f", "-", input=yaml.safe_dump(dict(document)))

    def create(self, document: Mapping[str, Any]) -> Object:
        """The same without kubectl, for tests that make many."""
        return self.cluster.create(ROUNDS, self.namespace, document)

    def get(self, name: str = "pens-1") -> Object:
        return self.cluster.get(ROUNDS, self.namespace, name)

    def status(self, name: str = "pens-1") -> Mapping[str, Any]:
        status: Mapping[str, Any] = self.get(name).get("status") or {}
        return status

    def patch(self, name: str, **spec: Any) -> None:
        """Change the spec of a round, as its user."""
        self.cluster.patch(ROUNDS, self.namespace, name, {"spec": spec})

    def delete(self, name: str = "pens-1") -> None:
        self.cluster.delete(ROUNDS, self.namespace, name)

    def names(self) -> set[str]:
        """The rounds that are there."""
        return {found["metadata"]["name"] for found in self.cluster.list(ROUNDS, self.namespace)}

    def wait_for(
        self, name: str, what: str, condition: Callable[[Mapping[str, Any]], bool], seconds: float = PATIENCE
    ) -> Mapping[str, Any]:
        """The status as soon as `condition` holds of it."""

        def holding() -> Mapping[str, Any] | None:
            status = self.status(name)
            return status if condition(status) else None

        found = until(holding, lambda: f"{name} {what}; {self.story(name)}", seconds)
        assert found is not None
        return found

    def wait_for_phase(self, name: str, *phases: str, seconds: float = PATIENCE) -> Mapping[str, Any]:
        """The status as soon as the phase is one of these."""
        return self.wait_for(name, f"is {' or '.join(phases)}", lambda status: status.get("phase") in phases, seconds)

    def story(self, name: str) -> str:
        """What is known of a round, for whoever reads why a test failed."""
        events = "".join(f"\n  {event['type']} {event['reason']}: {event['message']}" for event in self.events(name))
        return f"its status: {json.dumps(self.status(name), indent=1)}\nits events:{events}\n{self._logs()}"

    def _logs(self) -> str:
        return "\n".join(
            f"{log.name}:\n{log.read_text('utf-8', 'replace')[-6000:]}" for log in self.folder.glob("*.log")
        )

    def events(self, name: str) -> list[Object]:
        """The Events about a round, oldest first."""
        about = [each for each in self.cluster.list(EVENTS, self.namespace) if each["involvedObject"]["name"] == name]
        return sorted(about, key=lambda event: int(event["metadata"]["resourceVersion"]))

    def conversions(self) -> list[Object]:
        """The Jobs of the namespace."""
        return list(self.cluster.list(JOBS, self.namespace))

    def pods(self) -> list[Object]:
        return list(self.cluster.list(PODS, self.namespace))

    def jobs(self) -> list[dict[str, Any]]:
        """The labeling jobs, as ListLabelingJobs shows them."""
        pages = self.labeling_client.get_paginator("list_labeling_jobs").paginate(PaginationConfig={"PageSize": 100})
        return [job for page in pages for job in page["LabelingJobSummaryList"]]

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """What lies in the bucket, by key."""
        return {meta.key: self.bucket.read(meta.key) for meta in self.bucket.list(prefix)}

    def requests(self, *operations: str) -> list[Seen]:
        """The requests that went through the proxies, in order; those for these operations, if any are named."""
        seen = [each for proxy in self.proxies for each in list(proxy.requests)]
        chosen = [each for each in seen if not operations or each.operation in operations]
        return sorted(chosen, key=lambda each: each.time)

    @contextmanager
    def fault(self, fault: Fault, where: Where = every, *, times: int | None = None) -> Iterator[Rule]:
        """One rule for all three proxies."""
        rule = Rule(fault, where, times)
        with ExitStack() as stack:
            for proxy in self.proxies:
                stack.enter_context(proxy.ruled(rule))
            yield rule

    def _server_settings(self) -> ServerSettings:
        return ServerSettings(
            self.folder / "server.db",
            answers=self.answers,
            delay=self.delay,
            faults=self.faults,
            tick=0.05,
        )


def fill(bucket: Bucket) -> None:
    """Five pictures, small and different."""
    for index, name in enumerate(NAMES):
        bucket.write(f"{IMAGES}{name}", picture(40 * index))
