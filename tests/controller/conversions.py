"""A round whose labeling has ended, in memory, and the Job that converts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.controller.memory_cluster import MemoryCluster
from tests.dataset.manifests import failed, line, manifest, unlabeled
from tests.plan.rounds import make_round

from labelround.cluster.api import JOBS, PODS, Object
from labelround.controller.conversion_job import conversion_job_name
from labelround.controller.converter import JobConverter
from labelround.controller.pod_template import PodSettings
from labelround.conversion import conversion_of
from labelround.conversionfile import decode
from labelround.decide import ConversionStep
from labelround.groundtruth.api import JobStatus, LabelCounters, LabelingJob
from labelround.observe import ObservedJob, Snapshot
from labelround.plan import plan_round
from labelround.progress import NoProgress
from labelround.spec.model import LabelingRound
from labelround.storage import Bucket, Buckets, MemoryBuckets

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACE = "default"
LABELED = [line("a.jpg", ("pen", 1, 1, 20, 20)), line("b.jpg")]
FAILED = [failed("a.jpg"), failed("b.jpg")]


def labeled_round(**spec: Any) -> LabelingRound:
    """A round over two pictures."""
    fields = {"bucket": "pictures", "imagesPrefix": "pens/images/", "dataset": {"previews": 0, "checkImages": False}}
    return make_round(**fields | spec)


def labeled(round: LabelingRound, buckets: Buckets, lines: list[dict[str, Any]]) -> Snapshot:
    """The round, whose labeling job has ended with these lines."""
    bucket = buckets.open(round.bucket)
    (planned,) = plan_round(round, 2).jobs

    def written(lines: Iterable[Mapping[str, Any]]) -> bytes:
        content = manifest(lines).replace(b'"pens', b'"' + planned.label_attribute_name.encode())
        return content.replace(b"s3://pictures/", f"s3://{round.bucket}/".encode())

    if planned.manifest_key:
        have(bucket, planned.manifest_key, written(unlabeled(name) for name in ("a.jpg", "b.jpg")))
    have(bucket, f"pens/ground_truth_annots/{planned.name}/manifests/output/output.manifest", written(lines))
    job = LabelingJob(planned.name, f"arn:{planned.name}", JobStatus.COMPLETED, LabelCounters(), NOW, NOW)
    return Snapshot(round, image_count=2, attempts=((ObservedJob(planned, job),),))


def have(bucket: Bucket, key: str, content: bytes) -> None:
    """Write it, unless it is there: a manifest that is written again is another one."""
    if not bucket.exists(key) or bucket.read(key) != content:
        bucket.write(key, content)


@dataclass
class Place:
    """The buckets, the cluster, the round and its converter."""

    round: LabelingRound = field(default_factory=labeled_round)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    cluster: MemoryCluster = field(default_factory=MemoryCluster)
    image: str = "labelround:1"

    @property
    def bucket(self) -> Bucket:
        return self.buckets.open(self.round.bucket)

    @property
    def converter(self) -> JobConverter:
        return JobConverter(self.cluster, self.buckets, PodSettings(self.image))

    @property
    def job_name(self) -> str:
        return conversion_job_name(self.round)

    @property
    def job(self) -> Object:
        return self.cluster.get(JOBS, NAMESPACE, self.job_name)

    def snapshot(self, lines: list[dict[str, Any]] | None = None) -> Snapshot:
        """The round once its labeling job has ended with these lines."""
        return labeled(self.round, self.buckets, LABELED if lines is None else lines)

    def start(self) -> None:
        self.converter.start(self.snapshot())

    def convert(self, lines: list[dict[str, Any]] | None = None) -> None:
        """What the pod does."""
        conversion_of(self.snapshot(lines), self.buckets).run(self.buckets)

    def go_on(self) -> None:
        """What the operator does in a pass."""
        snapshot = replace(self.snapshot(), conversion=self.converter.observe(self.round))
        self.converter.start(snapshot)

    def run(self, step: ConversionStep, *shards: int) -> None:
        """What the pods of a step do, by the file that they read; then its Job is complete."""
        prepared = decode(self.bucket.read("pens/conversion.json"), self.buckets, "conversion.json")
        told = NoProgress()
        match step:
            case ConversionStep.INDEX:
                prepared.index(self.buckets, told)
            case ConversionStep.SHARD:
                for number in shards or range(prepared.shards):
                    prepared.write_shard(number, self.buckets, told)
            case ConversionStep.FINISH:
                prepared.finish(self.buckets, told)
        if not shards:
            self.job_is(step, conditions=[condition("Complete")], succeeded=1)

    def job_of(self, step: ConversionStep) -> Object:
        """The Job of a step."""
        return self.cluster.get(JOBS, NAMESPACE, conversion_job_name(self.round, step))

    def job_is(self, step: ConversionStep | None = None, **status: Any) -> None:
        """Have the Job in this state, as the Job controller would."""
        name = conversion_job_name(self.round, step)
        self.cluster.patch(JOBS, NAMESPACE, name, {"status": status}, subresource="status")

    def pod(
        self, name: str, state: Mapping[str, Any], *, created: int = 0, shard: int | None = None, **status: Any
    ) -> None:
        """Have a pod of the Job, or of the one with a pod a shard, whose container is in this state."""
        job = self.job if shard is None else self.job_of(ConversionStep.SHARD)
        own = {} if shard is None else {"batch.kubernetes.io/job-completion-index": str(shard)}
        metadata = {
            "name": name,
            "labels": {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"], **own},
            "creationTimestamp": f"2026-01-01T00:00:{created:02}Z",
        }
        containers = [{"name": "conversion", "state": state}]
        body = {
            "metadata": metadata,
            "spec": {"containers": [{"name": "conversion", "image": "labelround:1"}]},
            "status": {"phase": "Pending", "containerStatuses": containers, **status},
        }
        self.cluster.put(PODS, NAMESPACE, body)


def condition(kind: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": "True", "reason": reason, "message": message}


def terminated(exit_code: int, message: str, *, finished: int = 0, reason: str = "Error") -> dict[str, Any]:
    """The state of a container that has ended."""
    moment = f"2026-01-01T00:01:{finished:02}Z"
    return {"terminated": {"exitCode": exit_code, "reason": reason, "message": message, "finishedAt": moment}}
