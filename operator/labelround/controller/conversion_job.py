"""The Kubernetes Jobs that convert a round: pure functions from the round to plain objects.

A small round has one Job, whose pod does it all. A large one has three, one after the other: an indexing pod, an
Indexed Job with one pod a shard, and a finishing pod. A conversion that was killed goes on when it runs again, so pods
are replaced freely; wrong input is the one end that no pod can change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from labelround.cluster.api import JOBS, ROUNDS, Object
from labelround.controller.pod_template import CONTAINER, PodSettings, pod_template
from labelround.decide import ConversionStep
from labelround.errors import InvalidInput
from labelround.plan import derived_name
from labelround.spec.model import LabelingRound

_ENDINGS = {
    None: "-convert",
    ConversionStep.INDEX: "-convert",  # one name for the first Job, so that there is one, however it was counted
    ConversionStep.SHARD: "-convert-shards",
    ConversionStep.FINISH: "-convert-finish",
}
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
ROUND_LABEL = "labelround.dev/round"
UID_LABEL = "labelround.dev/round-uid"
SHARDS_ANNOTATION = "labelround.dev/shards"
"""On each Job of a conversion in shards: how many there are."""
IMAGES_ANNOTATION = "labelround.dev/images"
"""On the Indexed Job: how many images all shards have together."""
LABEL_MAX_LENGTH = 63
RETRIES = 3
KEPT_SECONDS = 24 * 60 * 60
"""The result is in S3; the ended Job and its pods are kept for a day for those who want to read their logs."""
MAX_SHARDS = 1000
"""Each has a pod, and the pods of a Job are listed when one of them cannot start."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one Job does: a step of a conversion in `shards`, or with None all of it.

    `images` is how many images all shards have together; 0 while it is not known.
    """

    step: ConversionStep | None = None
    shards: int = 1
    images: int = 0

    @classmethod
    def of(cls, job: Object, step: ConversionStep) -> Part:
        """The part that the Job of a step does; the first Job may do it all."""
        annotations = job["metadata"].get("annotations") or {}
        shards = min(_number(annotations.get(SHARDS_ANNOTATION)), MAX_SHARDS)
        if step is ConversionStep.INDEX and not shards:
            return cls()
        return cls(step, max(shards, 1), _number(annotations.get(IMAGES_ANNOTATION)))

    def annotations(self) -> dict[str, str]:
        """What a Job says of itself."""
        known = {SHARDS_ANNOTATION: self.shards if self.step else 0, IMAGES_ANNOTATION: self.images}
        return {name: str(number) for name, number in known.items() if number}


WHOLE = Part()


def shards_of(round: LabelingRound, images: int) -> int:
    """How many shards so many images have."""
    per_pod: int = round.conversion.get("imagesPerPod", 0)
    return min(max(-(-images // per_pod), 1), MAX_SHARDS) if per_pod else 1


def conversion_job_name(round: LabelingRound, step: ConversionStep | None = None) -> str:
    """The Job's name, in at most 63 characters: its pods carry it as a Kubernetes label.

    With the number of a shard behind it, it is the host name of that shard's pod.
    """
    room = len(f"-{MAX_SHARDS - 1}") if step is ConversionStep.SHARD else 0
    return derived_name(round.name, round.uid, _ENDINGS[step], LABEL_MAX_LENGTH - room)


def conversion_job(round: LabelingRound, address: str, pod: PodSettings, part: Part = WHOLE) -> Object:
    """The Job that runs a part of the conversion in the file at `address`."""
    queue = round.conversion.get("queueName")
    labels = job_labels(round)
    arguments = [address, *(("--step", part.step.value) if part.step else ())]
    metadata = {
        "name": conversion_job_name(round, part.step),
        "namespace": round.namespace,
        "labels": labels | ({QUEUE_LABEL: queue} if queue else {}),
        "ownerReferences": [_owner(round)],
    }
    annotations = part.annotations()
    spec = {
        **_running(part, round),
        "podReplacementPolicy": "Failed",  # two pods at once would write the same files
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        "template": pod_template(round, arguments, pod, labels),
    }
    return {
        "apiVersion": JOBS.api_version,
        "kind": JOBS.kind,
        "metadata": metadata | ({"annotations": annotations} if annotations else {}),
        "spec": spec | ({"suspend": True} if queue else {}),  # Kueue lets it start, and nobody writes it back
    }


def _running(part: Part, round: LabelingRound) -> Object:
    """How many pods, and what follows when one fails: a shard fails alone, and the others go on."""
    if part.step is not ConversionStep.SHARD:
        return {"backoffLimit": RETRIES, "podFailurePolicy": _failure_policy("FailJob")}
    return {
        "completionMode": "Indexed",
        "completions": part.shards,
        "parallelism": min(round.conversion.get("parallelism", 1), part.shards),
        "backoffLimitPerIndex": RETRIES,
        "podFailurePolicy": _failure_policy("FailIndex"),
    }


def _failure_policy(wrong_input: str) -> Object:
    codes = {"containerName": CONTAINER, "operator": "In", "values": [InvalidInput.exit_code]}
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    return {
        "rules": [
            {"action": wrong_input, "onExitCodes": codes},
            {"action": "Ignore", "onPodConditions": [disrupted]},
        ]
    }


def job_labels(round: LabelingRound) -> dict[str, str]:
    """The Kubernetes labels by which the Job and its pods are found."""
    return {
        "app.kubernetes.io/name": "labelround",
        "app.kubernetes.io/part-of": "labelround",
        "app.kubernetes.io/managed-by": "labelround",
        "app.kubernetes.io/component": CONTAINER,
        ROUND_LABEL: label_value(round.name),
        UID_LABEL: round.uid,
    }


def label_value(name: str) -> str:
    """A round's name as the value of a Kubernetes label: cut, with 8 hex digits of the whole, where it is too long."""
    if len(name) <= LABEL_MAX_LENGTH:
        return name
    digits = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LABEL_MAX_LENGTH - len(digits) - 1].rstrip('-.')}-{digits}"


def _owner(round: LabelingRound) -> Object:
    return {
        "apiVersion": ROUNDS.api_version,
        "kind": ROUNDS.kind,
        "name": round.name,
        "uid": round.uid,
        "controller": True,
        "blockOwnerDeletion": False,  # the round goes at once, and the Job after it
    }


def _number(text: Any) -> int:
    """The whole number in an annotation; 0 when there is none."""
    return int(text) if isinstance(text, str) and text.isdecimal() else 0
