"""How far a Job of a conversion is that has left no dataset: what its status and its pods tell, and what to do.

Functions over plain objects. What they return is the same while the objects are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from labelround.cluster.api import Object
from labelround.controller.conversion_job import QUEUE_LABEL, UID_LABEL, Part
from labelround.controller.conversion_pods import PodEnd, last_end, waiting_note
from labelround.dataset.sharded.files import described
from labelround.decide import ConversionState, ConversionStep
from labelround.errors import InvalidInput
from labelround.observe import ObservedConversion

MESSAGE_LENGTH = 1000
SHOWN_SHARDS = 3
INDEX_LABEL = "batch.kubernetes.io/job-completion-index"

Pods = Callable[[str], Iterable[Object]]
"""The pods of the Job that fit one more selector, which may be empty."""


@dataclass(frozen=True, slots=True)
class JobSeen:
    """A Job of ours and the part that it does.

    `file` is the address of what its pods read, `output` that of the dataset.
    """

    job: Object
    part: Part
    pods: Pods
    file: str
    output: str

    @property
    def done(self) -> int:
        """How many shards are converted."""
        match self.part.step:
            case ConversionStep.SHARD:
                return min(self.job.get("status", {}).get("succeeded") or 0, self.part.shards)
            case ConversionStep.FINISH:
                return self.part.shards
        return 0

    def progress(self) -> ObservedConversion:
        """How far it is."""
        if "deletionTimestamp" in self.job["metadata"]:
            return ObservedConversion(ConversionState.RUNNING, note="its Job is being deleted; a new one follows")
        conditions = _conditions(self.job)
        if "Complete" in conditions:
            return self._complete()
        if "Failed" in conditions:
            return self._failed(conditions["Failed"])
        if self.job["spec"].get("suspend"):
            return ObservedConversion(ConversionState.QUEUED, note=_suspended(self.job))
        ending = "FailureTarget" in conditions or "SuccessCriteriaMet" in conditions
        return ObservedConversion(ConversionState.RUNNING, note="" if ending else self._running())

    def _complete(self) -> ObservedConversion:
        if self.part.step in {ConversionStep.INDEX, ConversionStep.SHARD}:
            return ObservedConversion(ConversionState.BETWEEN)
        what = f"has ended well, but there is no dataset of this round at {self.output}"
        return ObservedConversion(ConversionState.BLOCKED, failure=self.blocked(what))

    def _failed(self, condition: Object) -> ObservedConversion:
        failed = _failed_indexes(self.job, self.part.shards)
        if failed and self.part.step is ConversionStep.SHARD:
            return ObservedConversion(ConversionState.BLOCKED, failure=self._failed_shards(failed))
        pods = list(self.pods(""))
        checking = self.part.step in {None, ConversionStep.INDEX}
        if checking and condition.get("reason") == "PodFailurePolicy":
            end = last_end(pods, InvalidInput.exit_code)
            again = f"the input is wrong; `labelround conversion '{self.file}'` says what, its pod is gone"
            return ObservedConversion(ConversionState.FAILED, failure=end.message if end and end.message else again)
        reason = f"{condition.get('reason', '')}: {condition.get('message', '')}".strip(": ")
        failure = self.blocked(f"has failed ({reason})", last_end(pods))
        return ObservedConversion(ConversionState.BLOCKED, failure=failure)

    def _failed_shards(self, failed: list[int]) -> str:
        """Which shards have failed, and how the last pod of the first one ended."""
        shards, images = self.part.shards, self.part.images
        named = [described(number, images, shards) if images else f"shard {number}" for number in failed]
        listed = _listed(named)
        end = last_end(self.pods(f"{INDEX_LABEL}={failed[0]}"))
        if end is not None:  # the pod names its shard too
            end = PodEnd(end.exit_code, end.reason, end.message.removeprefix(f"{named[0]}: "))
        return self.blocked(f"has failed in {len(failed)} of {shards} shards: {listed}", end)

    def blocked(self, what: str, end: PodEnd | None = None) -> str:
        """What blocks the conversion and what to do; only what the pod said is cut when all of it is too long."""
        metadata = self.job["metadata"]
        name, namespace = metadata["name"], metadata["namespace"]
        head = f"the Job {name} {what}"
        tail = f"; mend it and delete the Job (kubectl delete job {name} -n {namespace}): a new one is made"
        if self.part.step in {ConversionStep.SHARD, ConversionStep.FINISH}:
            all_jobs = f"kubectl delete jobs -n {namespace} -l {UID_LABEL}={metadata['labels'][UID_LABEL]}"
            tail = f"; what is done is kept: mend it and delete the round's Jobs ({all_jobs}): new ones are made"
        if end is None:
            return f"{head}{tail}"
        told = f"; its last pod ended with {end}"
        room = MESSAGE_LENGTH - len(head) - len(told) - len(tail) - len(": ")
        return f"{head}{told}{end.message and f': {cut(end.message, room)}'}{tail}"

    def _running(self) -> str:
        """Why a Job gets nowhere, or which of its shards have; "" when all is well."""
        status = self.job.get("status", {})
        if "startTime" not in status:
            return "its Job has not started yet"
        if failed := _failed_indexes(self.job, self.part.shards):
            return f"{_listed([f'shard {number}' for number in failed])} failed, the others go on"
        active, ready = status.get("active", 0), status.get("ready", 0)
        if active > ready and not (ready and self.part.step is ConversionStep.SHARD):
            return waiting_note(self.pods(""))
        counted = status.get("uncountedTerminatedPods") or {}
        ending = status.get("succeeded") or status.get("terminating") or counted.get("succeeded")
        if active or ending:
            return ""
        if status.get("failed") or counted.get("failed"):
            return "its pod has failed; another one follows"
        name, namespace = self.job["metadata"]["name"], self.job["metadata"]["namespace"]
        return f"it has no pod yet; should that last, `kubectl describe job {name} -n {namespace}` says why"


def is_complete(job: Object) -> bool:
    """Whether the Job has ended well."""
    return "Complete" in _conditions(job)


def cut(text: str, length: int = MESSAGE_LENGTH) -> str:
    """At most so many characters of a text."""
    return text if len(text) <= length else f"{text[: max(length - 3, 0)]}..."


def _conditions(job: Object) -> dict[str, Object]:
    """Those that hold."""
    return {each["type"]: each for each in job.get("status", {}).get("conditions", ()) if each["status"] == "True"}


def _failed_indexes(job: Object, shards: int) -> list[int]:
    """The shards that have failed for good, in order: Kubernetes writes `1,3-5`."""
    numbers: list[int] = []
    for first, last in _RANGE.findall(job.get("status", {}).get("failedIndexes") or ""):
        numbers.extend(range(int(first), min(int(last or first) + 1, shards)))
    return numbers


_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?")


def _listed(named: list[str]) -> str:
    """`shard 1, shard 4 and 2 more`."""
    shown, more = ", ".join(named[:SHOWN_SHARDS]), len(named) - SHOWN_SHARDS
    return f"{shown} and {more} more" if more > 0 else shown


def _suspended(job: Object) -> str:
    queue = job["metadata"].get("labels", {}).get(QUEUE_LABEL)
    if queue:
        return f"its Job waits in the queue {queue}"
    return f"its Job is suspended; set spec.suspend of the Job {job['metadata']['name']} to false"
