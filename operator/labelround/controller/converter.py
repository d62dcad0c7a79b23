"""The conversion as a Kubernetes Job in the round's namespace.

The dataset decides what is done; the Job only tells how far the work is. An observation takes one GET of the Job, and
one list of its pods while a pod of it is not ready or after it has failed. A start takes one POST.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labelround.cluster.api import JOBS, PODS, Cluster, Object, ObjectAbsent, ObjectTaken, RequestRefused
from labelround.controller.conversion_job import QUEUE_LABEL, PodSettings, conversion_job, conversion_job_name
from labelround.controller.conversion_pods import PodEnd, last_end, waiting_note
from labelround.conversion import conversion_of, observed_dataset
from labelround.conversionfile import encode
from labelround.dataset.claim import check_claim
from labelround.decide import ConversionState, Reason
from labelround.errors import Conflict, InvalidInput, ObjectNotFound, ObjectTooLarge, Unavailable
from labelround.layout import Layout
from labelround.observe import ObservedConversion, Snapshot
from labelround.spec.model import LabelingRound
from labelround.storage import Bucket, Buckets
from labelround.uri import ObjectURI

MESSAGE_LENGTH = 1000
SHARDS = 1
"""One pod does it all."""


@dataclass(frozen=True, slots=True)
class JobConverter:
    """`Converter` whose conversions are Jobs. `buckets` and `pod` are what the policy grants the round."""

    cluster: Cluster
    buckets: Buckets
    pod: PodSettings

    def observe(self, round: LabelingRound) -> ObservedConversion:
        """How far the conversion is. Raises Conflict (NameTaken) when the Job's name is another's.

        The Job is read before the dataset: one that is seen complete has written its report by then.
        """
        job = self._read(round)
        seen = observed_dataset(round, self.buckets)
        ours = job is not None and _is_ours(job, round)
        if seen.state is ConversionState.ABSENT and job is not None:
            if not ours:
                raise _taken(round)
            seen = self._progress(job, round)
        if not ours:
            return seen
        done = SHARDS if seen.report is not None else 0
        return replace(
            seen,
            failure=_cut(seen.failure),
            note=_cut(seen.note),
            job=conversion_job_name(round),
            shards=SHARDS,
            done=done,
        )

    def start(self, snapshot: Snapshot) -> None:
        """Write the file that the pod reads, and create the Job; whatever is there already stays.

        Raises Conflict when the dataset's folder or the Job's name is another's, and when the API server refuses the
        Job.
        """
        round = snapshot.round
        conversion = conversion_of(snapshot, self.buckets)
        check_claim(conversion.output, round.uid)
        key, bucket = conversion_key(round), self.buckets.open(round.bucket)
        content = encode(conversion)
        if not _holds(bucket, key, content):
            bucket.write(key, content)
        self._create(round, conversion_job(round, _address(round), self.pod))

    def _create(self, round: LabelingRound, job: Object) -> None:
        try:
            self.cluster.create(JOBS, round.namespace, job)
        except ObjectTaken:
            there = self._read(round)
            if there is not None and not _is_ours(there, round):
                raise _taken(round) from None
        except ObjectAbsent as error:
            raise Unavailable(f"the Job {conversion_job_name(round)} cannot be created now: {error}") from error
        except RequestRefused as refused:
            message = f"the Job {conversion_job_name(round)} cannot be created: {refused}"
            raise Conflict(Reason.CONVERSION_BLOCKED.value, _cut(message)) from refused

    def _read(self, round: LabelingRound) -> Object | None:
        try:
            return self.cluster.get(JOBS, round.namespace, conversion_job_name(round))
        except ObjectAbsent:
            return None

    def _progress(self, job: Object, round: LabelingRound) -> ObservedConversion:
        """How far a Job of ours is that has left no dataset."""
        status = job.get("status", {})
        if "deletionTimestamp" in job["metadata"]:
            return ObservedConversion(ConversionState.RUNNING, note="its Job is being deleted; a new one follows")
        conditions = {each["type"]: each for each in status.get("conditions", ()) if each["status"] == "True"}
        if "Complete" in conditions:
            what = f"has ended well, but there is no dataset of this round at {_output(round)}"
            return ObservedConversion(ConversionState.BLOCKED, failure=_blocked(job, what))
        if "Failed" in conditions:
            return self._failed(job, conditions["Failed"], round)
        if job["spec"].get("suspend"):
            return ObservedConversion(ConversionState.QUEUED, note=_suspended(job))
        ending = "FailureTarget" in conditions or "SuccessCriteriaMet" in conditions
        return ObservedConversion(ConversionState.RUNNING, note="" if ending else self._running(job))

    def _failed(self, job: Object, condition: Object, round: LabelingRound) -> ObservedConversion:
        pods = self._pods(job)
        if condition.get("reason") == "PodFailurePolicy":
            end = last_end(pods, InvalidInput.exit_code)
            again = f"the input is wrong; `labelround conversion '{_address(round)}'` says what, its pod is gone"
            return ObservedConversion(ConversionState.FAILED, failure=end.message if end and end.message else again)
        reason = f"{condition.get('reason', '')}: {condition.get('message', '')}".strip(": ")
        return ObservedConversion(
            ConversionState.BLOCKED, failure=_blocked(job, f"has failed ({reason})", last_end(pods))
        )

    def _running(self, job: Object) -> str:
        """Why a Job gets nowhere; "" when it does."""
        status = job.get("status", {})
        if "startTime" not in status:
            return "its Job has not started yet"
        if status.get("active", 0) > status.get("ready", 0):
            return waiting_note(self._pods(job))
        counted = status.get("uncountedTerminatedPods") or {}
        ending = status.get("succeeded") or status.get("terminating") or counted.get("succeeded")
        if status.get("active") or ending:
            return ""
        if status.get("failed") or counted.get("failed"):
            return "its pod has failed; another one follows"
        name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
        return f"it has no pod yet; should that last, `kubectl describe job {name} -n {namespace}` says why"

    def _pods(self, job: Object) -> list[Object]:
        """The pods of this very Job, not of one that had its name."""
        selector = f"batch.kubernetes.io/controller-uid={job['metadata']['uid']}"
        return list(self.cluster.list(PODS, job["metadata"]["namespace"], selector=selector))


def conversion_key(round: LabelingRound) -> str:
    """Where the file lies that the pod reads."""
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


def _taken(round: LabelingRound) -> Conflict:
    name = conversion_job_name(round)
    what = f"a Job named {name} exists and does not belong to this round; delete it: "
    return Conflict(Reason.NAME_TAKEN.value, f"{what}kubectl delete job {name} -n {round.namespace}")


def _suspended(job: Object) -> str:
    queue = job["metadata"].get("labels", {}).get(QUEUE_LABEL)
    if queue:
        return f"its Job waits in the queue {queue}"
    return f"its Job is suspended; set spec.suspend of the Job {job['metadata']['name']} to false"


def _blocked(job: Object, what: str, end: PodEnd | None = None) -> str:
    """What blocks the conversion and what to do; only what the pod said is cut when all of it is too long."""
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    head = f"the Job {name} {what}"
    tail = f"; mend it and delete the Job (kubectl delete job {name} -n {namespace}): a new one is made"
    if end is None:
        return f"{head}{tail}"
    told = f"; its last pod ended with {end}"
    room = MESSAGE_LENGTH - len(head) - len(told) - len(tail) - len(": ")
    return f"{head}{told}{end.message and f': {_cut(end.message, room)}'}{tail}"


def _cut(text: str, length: int = MESSAGE_LENGTH) -> str:
    return text if len(text) <= length else f"{text[: max(length - 3, 0)]}..."
