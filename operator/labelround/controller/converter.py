"""The conversion as Kubernetes Jobs in the round's namespace: one for a small round, three in turn for a large one.

The dataset decides what is done; the Jobs only tell how far the work is. An observation takes one to three GETs of
Jobs, and one list of pods while none of the Job's is ready or after it has failed. A start takes one POST.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from labelround.cluster.api import JOBS, PODS, Cluster, Object, ObjectAbsent, ObjectTaken, RequestRefused
from labelround.controller.conversion_job import (
    SHARDS_ANNOTATION,
    WHOLE,
    Part,
    conversion_job,
    conversion_job_name,
    shards_of,
)
from labelround.controller.conversion_progress import JobSeen, cut, is_complete
from labelround.controller.pod_template import PodSettings
from labelround.conversion import conversion_of, images_of, observed_dataset, output_of
from labelround.conversionfile import encode
from labelround.dataset.claim import check_claim
from labelround.dataset.formats import INDEX
from labelround.dataset.sharded.files import indexed_images
from labelround.decide import ConversionState, ConversionStep, Reason
from labelround.errors import Conflict, ObjectNotFound, ObjectTooLarge, Unavailable
from labelround.layout import Layout
from labelround.observe import ObservedConversion, Snapshot
from labelround.spec.model import LabelingRound
from labelround.storage import Bucket, Buckets
from labelround.uri import ObjectURI


@dataclass(frozen=True, slots=True)
class JobConverter:
    """`Converter` whose conversions are Jobs. `buckets` and `pod` are what the policy grants the round."""

    cluster: Cluster
    buckets: Buckets
    pod: PodSettings

    def observe(self, round: LabelingRound) -> ObservedConversion:
        """How far the conversion is. Raises Conflict (NameTaken) when a Job's name is another's.

        The Job is read before the dataset: one that is seen complete has written its report by then.
        """
        latest = self._latest(round)
        seen = observed_dataset(round, self.buckets)
        ours = latest is not None and _is_ours(latest.job, round)
        if seen.state is ConversionState.ABSENT and latest is not None:
            if not ours:
                raise _taken(latest.job["metadata"]["name"], round)
            seen = latest.progress()
        if latest is None or not ours:
            return seen
        return replace(
            seen,
            failure=cut(seen.failure),
            note=cut(seen.note),
            job=latest.job["metadata"]["name"],
            shards=latest.part.shards,
            done=latest.part.shards if seen.report is not None else latest.done,
            step=latest.part.step,
        )

    def start(self, snapshot: Snapshot) -> None:
        """Create the first Job, or between two steps the next; whatever is there already stays.

        Raises Conflict when the dataset's folder or the Job's name is another's, and when the API server refuses the
        Job.
        """
        if snapshot.conversion.state is ConversionState.BETWEEN:
            self._create(snapshot.round, self._next(snapshot), self._image_of(snapshot))
        else:
            self._begin(snapshot)

    def _begin(self, snapshot: Snapshot) -> None:
        """Write the file that all pods read, and create the first Job."""
        round = snapshot.round
        shards = shards_of(round, images_of(snapshot))
        conversion = conversion_of(snapshot, self.buckets, shards)
        check_claim(conversion.output, round.uid)
        key, bucket = conversion_key(round), self.buckets.open(round.bucket)
        content = encode(conversion)
        if not _holds(bucket, key, content):
            bucket.write(key, content)
        self._create(round, Part(ConversionStep.INDEX, shards) if shards > 1 else WHOLE, self.pod.image)

    def _next(self, snapshot: Snapshot) -> Part:
        """What follows the step that is done. Raises Conflict when it has left nothing to go on with."""
        seen, round = snapshot.conversion, snapshot.round
        if seen.step is ConversionStep.SHARD:
            return Part(ConversionStep.FINISH, seen.shards)
        images = indexed_images(output_of(round, self.buckets))
        if images is None:
            message = (
                f"the Job {seen.job} has ended well, but left no index at {_output(round)}; delete the Job"
                f" (kubectl delete job {seen.job} -n {round.namespace}): a new one is made"
            )
            raise Conflict(Reason.CONVERSION_BLOCKED.value, message)
        return Part(ConversionStep.SHARD, seen.shards, images)

    def _image_of(self, snapshot: Snapshot) -> str:
        """The image of the step before, so that an upgrade of the operator meanwhile mixes no versions."""
        job = self._read(snapshot.round, snapshot.conversion.job)
        image: str = job["spec"]["template"]["spec"]["containers"][0]["image"] if job else self.pod.image
        return image

    def _create(self, round: LabelingRound, part: Part, image: str) -> None:
        job = conversion_job(round, _address(round), replace(self.pod, image=image), part)
        name = job["metadata"]["name"]
        try:
            self.cluster.create(JOBS, round.namespace, job)
        except ObjectTaken:
            there = self._read(round, name)
            if there is not None and not _is_ours(there, round):
                raise _taken(name, round) from None
        except ObjectAbsent as error:
            raise Unavailable(f"the Job {name} cannot be created now: {error}") from error
        except RequestRefused as refused:
            message = f"the Job {name} cannot be created: {refused}"
            raise Conflict(Reason.CONVERSION_BLOCKED.value, cut(message)) from refused

    def _latest(self, round: LabelingRound) -> JobSeen | None:
        """The Job of the latest step that has one. When the first has gone by now, what it has left tells of it."""
        first = self._read(round, conversion_job_name(round))
        begun = output_of(round, self.buckets).exists(INDEX) if first is None else _leads_on(first, round)
        if not begun:
            return None if first is None else self._seen(first, ConversionStep.INDEX, round)
        for step in (ConversionStep.FINISH, ConversionStep.SHARD):
            job = self._read(round, conversion_job_name(round, step))
            if job is not None:
                return self._seen(job, step, round)
        return None if first is None else self._seen(first, ConversionStep.INDEX, round)

    def _seen(self, job: Object, step: ConversionStep, round: LabelingRound) -> JobSeen:
        def pods(more: str) -> Iterator[Object]:
            """Those of this very Job, not of one that had its name."""
            selector = f"batch.kubernetes.io/controller-uid={job['metadata']['uid']}"
            return self.cluster.list(PODS, round.namespace, selector=",".join(filter(None, (selector, more))))

        return JobSeen(job, Part.of(job, step), pods, _address(round), _output(round))

    def _read(self, round: LabelingRound, name: str) -> Object | None:
        try:
            return self.cluster.get(JOBS, round.namespace, name)
        except ObjectAbsent:
            return None


def conversion_key(round: LabelingRound) -> str:
    """Where the file lies that the pods read."""
    return Layout.of(round).conversion_key(conversion_job_name(round) if round.labeling_job.adopt else "")


def _address(round: LabelingRound) -> str:
    return str(ObjectURI(round.bucket, conversion_key(round)))


def _output(round: LabelingRound) -> str:
    return str(ObjectURI(round.bucket, round.output_prefix))


def _holds(bucket: Bucket, key: str, content: bytes) -> bool:
    try:
        return bucket.read(key, at_most=len(content)) == content
    except (ObjectNotFound, ObjectTooLarge):
        return False


def _is_ours(job: Object, round: LabelingRound) -> bool:
    return any(owner["uid"] == round.uid for owner in job["metadata"].get("ownerReferences", ()))


def _leads_on(job: Object, round: LabelingRound) -> bool:
    """Whether the first Job is done and others follow it."""
    sharded = SHARDS_ANNOTATION in (job["metadata"].get("annotations") or {})
    return sharded and _is_ours(job, round) and is_complete(job)


def _taken(name: str, round: LabelingRound) -> Conflict:
    what = f"a Job named {name} exists and does not belong to this round; delete it: "
    return Conflict(Reason.NAME_TAKEN.value, f"{what}kubectl delete job {name} -n {round.namespace}")
