"""One operator and many rounds at once. Each round has a folder of its own, whose first part says who labels it.

with Stage(control_plane, namespace, minio_server, folder, crews={"able": Crew()}) as stage, stage.operator():
    stage.play("pens-1", "able", attempts=2)
    stage.wait_for_phase("pens-1", "Succeeded")
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from tests.cluster.access import ControlPlane
from tests.cluster.container import Container, Ended, run_process
from tests.cluster.fixtures import namespace_of
from tests.operator.dialects import Labeling
from tests.operator.installation import CREDENTIALS_SECRET, REGION, ROLE, WORKTEAM
from tests.operator.process import OperatorProcess
from tests.operator.proxy import Proxy
from tests.operator.world import World
from tests.round.world import IMAGES, NAMES, all_answers, picture
from tests.server.labeling import request, task
from tests.servers.s3 import S3Server

from labelround.cluster.api import Object
from labelround.groundtruth.client import loopback_client
from labelround.request import label_category_config
from labelround.server import Faults, ServerSettings, background

FOLDERS = 24
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Crew:
    """Who labels behind one backend, and what goes wrong there. `delay` is the time between two answers of a job."""

    faults: Faults = field(default_factory=Faults)
    labels: bool = True
    delay: float = 0.0


@dataclass
class Backend:
    """A labelround server behind a proxy."""

    proxy: Proxy
    endpoint: str

    @cached_property
    def client(self) -> Any:
        """A stock boto3 client, past the proxy."""
        return loopback_client(self.endpoint)

    def status(self, job: str) -> str:
        """The status of a labeling job."""
        return str(self.client.describe_labeling_job(LabelingJobName=job)["LabelingJobStatus"])


@dataclass
class Stage(World):
    """A world with a crew behind each backend. A rule of the policy gives the folders of a crew to its backend.

    `others` are further namespaces that the operator serves.
    """

    answers: bytes | None = None
    crews: Mapping[str, Crew] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    folders: dict[str, str] = field(default_factory=dict)
    failing: dict[str, Ended] = field(default_factory=dict)
    failing_shards: dict[tuple[str, str], Ended] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.run = self._run

    def __enter__(self) -> Self:
        super().__enter__()
        with ExitStack() as stack:
            stack.push(self._stack)
            self.backends = {name: self._backend(name, crew, stack) for name, crew in self.crews.items()}
            self._stack = stack.pop_all()
        return self

    def operator(self, replica: str = "operator-0", **options: Any) -> OperatorProcess:
        """A replica of the operator whose policy knows all crews."""
        watch = {"namespaces": [self.namespace, *self.others]}
        given: dict[str, Any] = {"policy": self.policy(), "watch": watch, **options}
        return super().operator(replica, **given)

    def policy(self) -> dict[str, Any]:
        """A backend and a rule for each crew."""
        backends = [self._backend_settings(name) for name in self.backends]
        return {"backends": backends, "rules": [self.rule(name) for name in self.backends]}

    def rule(self, crew: str) -> dict[str, Any]:
        """What the policy gives the rounds of a crew."""
        return {
            "namespaces": [self.namespace, *self.others],
            "buckets": [{"name": self.bucket.name, "prefixes": [crew]}],
            "backend": crew,
            "executionRoleARN": ROLE,
            "workteamARNs": [WORKTEAM],
            "conversionCredentialsSecret": CREDENTIALS_SECRET,
        }

    def play(self, name: str, crew: str, *, folder: str = "", **spec: Any) -> Object:
        """Create a round that the crew labels, over five pictures in a new folder unless one is named."""
        place = self.folders[name] = folder or self.new_folder(crew)
        return self.create(self.document(name, **{"imagesPrefix": f"{place}/images/"} | spec))

    def new_folder(self, crew: str, *, pictures: bool = True) -> str:
        """The name of a folder that no round has yet, with pictures in it."""
        self._counts[crew] += 1
        folder = f"{crew}/{self._counts[crew]:02}"
        if pictures:
            self.furnish(folder)
        return folder

    def furnish(self, folder: str) -> None:
        """Upload the pictures."""
        for index, name in enumerate(NAMES):
            self.bucket.write(f"{folder}/images/{name}", picture(40 * index))

    def job_by_hand(self, job: str, folder: str, labels: Sequence[str] = ("pencil", "pen")) -> dict[str, Any]:
        """The request for a labeling job over the pictures of a folder, as somebody makes it in a console."""
        uri = f"s3://{self.bucket.name}/{folder}"
        lines = [json.dumps({"source-ref": f"{uri}/images/{name}"}).encode() + b"\n" for name in NAMES]
        self.bucket.write(f"{folder}/by-hand.manifest", b"".join(lines))
        self.bucket.write(f"{folder}/by-hand.json", label_category_config(labels))
        self.bucket.write(f"{folder}/by-hand.liquid", b"<crowd-bounding-box></crowd-bounding-box>")
        return request(
            job,
            InputConfig={"DataSource": {"S3DataSource": {"ManifestS3Uri": f"{uri}/by-hand.manifest"}}},
            OutputConfig={"S3OutputPath": f"{uri}/by-hand/"},
            LabelCategoryConfigS3Uri=f"{uri}/by-hand.json",
            HumanTaskConfig=task(WorkteamArn=WORKTEAM, UiConfig={"UiTemplateS3Uri": f"{uri}/by-hand.liquid"}),
        )

    def backend(self, name: str) -> Backend:
        """Where the labeling jobs of a round are."""
        return self.backends[self.folders[name].partition("/")[0]]

    def content(self, name: str) -> dict[str, bytes]:
        """What lies in the folder of a round."""
        return self.objects(f"{self.folders[name]}/")

    def _backend(self, name: str, crew: Crew, stack: ExitStack) -> Backend:
        settings = ServerSettings(
            self.folder / f"{name}.db",
            answers=answers_below(f"{name}/{number:02}" for number in range(FOLDERS)) if crew.labels else None,
            delay=crew.delay,
            faults=crew.faults,
            tick=PAUSE_SECONDS,
        )
        endpoint = stack.enter_context(background(settings, self.s3.buckets))
        return Backend(stack.enter_context(Proxy(endpoint, Labeling())), endpoint)

    def _backend_settings(self, name: str) -> dict[str, Any]:
        backend = self.backends[name]
        return {
            "name": name,
            "region": REGION,
            "sagemakerEndpointURL": backend.proxy.url,
            "s3EndpointURL": self.store.url,
        }

    def _run(self, container: Container) -> Ended:
        """Run a conversion, unless it is held or has to fail; the folder of its round is in its command."""
        address = next(word for word in container.command if word.startswith("s3://"))
        folder = address.partition(f"{self.bucket.name}/")[2].rpartition("/")[0]
        while folder in self.held and not container.stopped:
            container.log.ended.wait(PAUSE_SECONDS)
        shard = container.environment.get("JOB_COMPLETION_INDEX", "")
        return self.failing.get(folder) or self.failing_shards.get((folder, shard)) or run_process(container)


def answers_below(folders: Iterable[str]) -> bytes:
    """What is on the pictures of all these folders."""
    return b"".join(all_answers().replace(IMAGES.encode(), f"{folder}/images/".encode()) for folder in folders)


@contextmanager
def on_stage(
    control_plane: ControlPlane, s3: S3Server, folder: Path, crews: Mapping[str, Crew], *others: str
) -> Iterator[Stage]:
    """A stage in a namespace of its own; many tests can share it."""
    namespace = f"tests-{uuid4().hex[:12]}"
    with (
        namespace_of(control_plane, namespace),
        Stage(control_plane, namespace, s3, folder, crews=crews, others=others) as stage,
    ):
        yield stage
