"""The conversion's Job on a real Kubernetes API and a real S3 server, its pod a process of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.node import Node
from tests.controller.conversions import LABELED, labeled, labeled_round
from tests.dataset.manifests import line
from tests.servers.s3 import ENVIRONMENT, S3Server
from tests.servers.waiting import until

from labelround.cluster.api import JOBS, NAMESPACES, PODS, ROUNDS, SECRETS
from labelround.cluster.client import KubernetesCluster
from labelround.controller.conversion_job import conversion_job_name
from labelround.controller.converter import JobConverter
from labelround.controller.pod_template import PodSettings
from labelround.conversion import conversion_of
from labelround.dataset.formats import PARTS
from labelround.decide import ConversionState, ConversionStep
from labelround.errors import Conflict
from labelround.layout import CLAIM_NAME
from labelround.observe import ObservedConversion
from labelround.spec.model import LabelingRound
from labelround.storage import Bucket

pytestmark = pytest.mark.minio
SECRET = "s3-keys"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@dataclass
class Scene:
    """A round in a namespace where only restricted pods may run, and whoever converts it."""

    cluster: KubernetesCluster
    server: S3Server
    round: LabelingRound
    pod: PodSettings

    @property
    def converter(self) -> JobConverter:
        return JobConverter(self.cluster, self.server.buckets, self.pod)

    @property
    def job(self) -> str:
        return conversion_job_name(self.round)

    def start(self, lines: list[dict[str, Any]] = LABELED) -> None:
        self.converter.start(labeled(self.round, self.server.buckets, lines))

    def give_keys(self) -> None:
        """Make the Secret that the pod's variables come from."""
        keys = {name: ENVIRONMENT[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        self.cluster.create(SECRETS, self.round.namespace, {"metadata": {"name": SECRET}, "stringData": keys})

    def once(self, fits: Callable[[ObservedConversion], bool], what: str) -> ObservedConversion:
        """What is observed as soon as it fits."""

        def look() -> ObservedConversion | None:
            seen = self.converter.observe(self.round)
            return seen if fits(seen) else None

        seen = until(look, what)
        assert seen is not None
        return seen

    def ended(self, state: ConversionState) -> ObservedConversion:
        return self.once(lambda seen: seen.state is state, f"the conversion is {state.value}")


@pytest.fixture
def scene(cluster: KubernetesCluster, namespace: str, minio_server: S3Server) -> Scene:
    """Labeling has ended; the pod may use the keys of a Secret that is not there yet."""
    cluster.patch(NAMESPACES, None, namespace, {"metadata": {"labels": RESTRICTED}})
    bucket = minio_server.new_bucket()
    spec = {"bucket": bucket.name, "imagesPrefix": "pens/images/", "labels": ["pencil", "pen"], "outputFormat": "YOLO"}
    body = {"apiVersion": ROUNDS.api_version, "kind": ROUNDS.kind, "metadata": {"name": "pens-1"}, "spec": spec}
    uid = cluster.create(ROUNDS, namespace, body)["metadata"]["uid"]  # without it, Kubernetes collects the Job
    round = replace(labeled_round(bucket=bucket.name, uid=uid), namespace=namespace)
    pod = PodSettings("labelround", credentials_secret=SECRET, s3_endpoint_url=minio_server.url, region="us-east-1")
    return Scene(cluster, minio_server, round, pod)


@pytest.fixture
def node(control_plane: ControlPlane) -> Iterator[Node]:
    """A node whose own credentials are none."""
    quiet = {name: ENVIRONMENT[name] for name in ENVIRONMENT if "KEY" not in name}
    with Node(control_plane, environment=quiet) as node:
        yield node


def test_a_pod_converts_with_the_keys_of_its_namespace(scene: Scene, node: Node) -> None:
    """It says that it waits for them, and goes on by itself once they are there."""
    scene.start()

    waiting = scene.once(lambda seen: "secret" in seen.note, "the pod misses its Secret")
    scene.give_keys()
    done = scene.ended(ConversionState.DONE)

    assert waiting.state is ConversionState.RUNNING
    assert waiting.note == f'its pod cannot start: CreateContainerConfigError (secret "{SECRET}" not found)'
    assert done.report is not None
    assert (done.report.boxes.written, done.job, done.done) == (1, scene.job, 1)


def test_a_pod_without_room_says_so(scene: Scene, node: Node) -> None:
    """In the scheduler's words."""
    node.hold()
    scene.start()

    seen = scene.once(lambda seen: "scheduled" in seen.note, "the pod cannot be scheduled")

    assert seen.state is ConversionState.RUNNING
    assert seen.note == "its pod cannot be scheduled: 0/1 nodes are available: 1 Insufficient cpu."


def test_a_queued_conversion_waits_for_whoever_lets_it_start(scene: Scene, node: Node) -> None:
    """As Kueue does, by `spec.suspend` alone."""
    scene.give_keys()
    scene.round = replace(scene.round, conversion={"queueName": "team-vision"})
    scene.start()

    queued = scene.converter.observe(scene.round)
    scene.cluster.patch(JOBS, scene.round.namespace, scene.job, {"spec": {"suspend": False}})
    done = scene.ended(ConversionState.DONE)

    assert (queued.state, queued.note) == (ConversionState.QUEUED, "its Job waits in the queue team-vision")
    assert done.report is not None


def test_wrong_input_fails_at_the_first_pod(scene: Scene, node: Node) -> None:
    """With the words of the program."""
    scene.give_keys()
    scene.start([line("a.jpg", ("crayon", 1, 1, 20, 20)), line("b.jpg")])

    seen = scene.ended(ConversionState.FAILED)

    assert "crayon" in seen.failure
    assert "pod" not in seen.failure
    assert len(list(scene.cluster.list(PODS, scene.round.namespace))) == 1


def test_a_blocked_conversion_is_made_again_once_its_job_is_deleted(
    scene: Scene, node: Node, control_plane: ControlPlane
) -> None:
    """By the very command that the message shows."""
    scene.give_keys()
    node.fail_next(1, "s3: access denied", times=4)
    scene.start()

    blocked = scene.ended(ConversionState.BLOCKED)
    command = blocked.failure.partition("(kubectl ")[2].partition(")")[0]
    control_plane.kubectl(*command.split())
    scene.ended(ConversionState.ABSENT)
    scene.start()
    done = scene.ended(ConversionState.DONE)

    assert "its last pod ended with Error, exit code 1: s3: access denied; mend it" in blocked.failure
    assert "(BackoffLimitExceeded: Job has reached the specified backoff limit)" in blocked.failure
    assert done.report is not None


def test_an_evicted_pod_is_replaced_as_often_as_it_takes(scene: Scene, node: Node) -> None:
    """Disruptions do not count."""
    scene.give_keys()
    for _ in range(5):
        node.fail_next(137, disrupted=True)
    scene.start()

    assert scene.ended(ConversionState.DONE).report is not None


def test_shards_convert_in_pods_of_their_own(scene: Scene, node: Node, minio_server: S3Server) -> None:
    """Two shards at once, one of them evicted and made again; the bytes are those of one process."""
    scene.give_keys()
    scene.round = replace(scene.round, conversion={"imagesPerPod": 1, "parallelism": 2})
    whole = replace(scene.round, output_prefix="pens/whole/", uid="another")
    snapshot = labeled(scene.round, minio_server.buckets, LABELED)

    def step(seen: ObservedConversion) -> str:
        scene.converter.start(replace(snapshot, conversion=seen))
        return scene.converter.observe(scene.round).job

    jobs = [step(ObservedConversion())]
    scene.ended(ConversionState.BETWEEN)
    node.fail_next(137, disrupted=True)
    jobs.append(step(scene.converter.observe(scene.round)))
    scene.ended(ConversionState.BETWEEN)
    jobs.append(step(scene.converter.observe(scene.round)))
    done = scene.ended(ConversionState.DONE)
    conversion_of(replace(snapshot, round=whole), minio_server.buckets).run(minio_server.buckets)

    assert jobs == [conversion_job_name(scene.round, step) for step in ConversionStep]
    assert (done.shards, done.done, done.job) == (2, 2, jobs[2])
    bucket = minio_server.buckets.open(scene.round.bucket)
    made, expected = (files(bucket, prefix) for prefix in (scene.round.output_prefix, "pens/whole/"))
    until(lambda: PARTS not in " ".join(files(bucket, scene.round.output_prefix)), "nothing is left of the parts")
    assert {name for name in made if PARTS not in name} == set(expected)
    assert {name for name, content in expected.items() if made[name] != content} <= {"report.json", CLAIM_NAME}


def files(bucket: Bucket, prefix: str) -> dict[str, bytes]:
    """What lies below a prefix."""
    return {meta.key.removeprefix(prefix): bucket.read(meta.key) for meta in bucket.list(prefix)}


def test_a_shard_that_fails_for_ever_leaves_the_others_alone(scene: Scene, node: Node) -> None:
    """Its index alone has failed, at its first pod, since no other could change the end."""
    scene.give_keys()
    scene.round = replace(scene.round, conversion={"imagesPerPod": 1, "parallelism": 1})
    snapshot = labeled(scene.round, scene.server.buckets, LABELED)
    scene.converter.start(snapshot)
    between = scene.ended(ConversionState.BETWEEN)
    node.fail_next(3, "the cut is damaged")
    scene.converter.start(replace(snapshot, conversion=between))

    blocked = scene.ended(ConversionState.BLOCKED)

    assert (blocked.shards, blocked.done) == (2, 1)
    assert "has failed in 1 of 2 shards: shard 0 (images 1 to 1 of 2); its last pod ended with Error, exit" in (
        blocked.failure
    )
    assert "exit code 3: the cut is damaged; what is done is kept" in blocked.failure


def test_a_job_that_the_api_server_refuses_is_told_in_its_words(scene: Scene) -> None:
    """A toleration without sense passes the parser, and no further."""
    scene.round = replace(scene.round, conversion={"tolerations": ({"operator": "Exists", "value": "x"},)})

    with pytest.raises(Conflict) as conflict:
        scene.start()

    assert conflict.value.reason == "ConversionBlocked"
    assert f"the Job {scene.job} cannot be created: POST " in str(conflict.value)
    assert "value must be empty when `operator` is 'Exists'" in str(conflict.value)
