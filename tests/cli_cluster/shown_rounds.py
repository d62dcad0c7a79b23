"""LabelingRounds as an operator would have left them on a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from labelround.cluster.api import ROUNDS
from labelround.controller.deletion import FINALIZER
from labelround.shown import ShownRound

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NAMESPACE = "team-a"
JOB = "pens-1-14842a56"
PORTAL = "https://abc.labeling.us-east-1.sagemaker.aws"
DATASET = {
    "uri": "s3://pictures/pens/yolo_annot_files/",
    "format": "YOLO",
    "images": 118,
    "boxes": 301,
    "classes": 2,
    "digest": "df95",
}


def ago(**length: float) -> str:
    """A moment before NOW, as Kubernetes writes it."""
    return (NOW - timedelta(**length)).strftime("%Y-%m-%dT%H:%M:%SZ")


def document(name: str = "pens-1", *, namespace: str = NAMESPACE, **spec: Any) -> dict[str, Any]:
    """A round as its author applies it."""
    base = {"bucket": "pictures", "imagesPrefix": "pens/images/", "labels": ["pencil", "pen"], "outputFormat": "YOLO"}
    return {
        "apiVersion": ROUNDS.api_version,
        "kind": ROUNDS.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": base | spec,
    }


def round_of(
    status: Mapping[str, Any] | None = None,
    *,
    name: str = "pens-1",
    metadata: Mapping[str, Any] | None = None,
    **spec: Any,
) -> ShownRound:
    """A round as the API server shows it."""
    shown = document(name, **spec)
    own = {"uid": f"uid-of-{name}", "creationTimestamp": ago(days=1), "resourceVersion": "1", "generation": 1}
    return ShownRound(
        shown | {"metadata": shown["metadata"] | own | dict(metadata or {}), "status": dict(status or {})}
    )


def deleted() -> dict[str, Any]:
    """The metadata of a round that the finalizer keeps."""
    return {"deletionTimestamp": ago(hours=1), "finalizers": [FINALIZER]}


def labeling(labeled: int = 37) -> dict[str, Any]:
    """The status while workers label 120 images."""
    counters = {"totalLabeled": labeled, "failedNonRetryableError": 2, "unlabeled": 118 - labeled}
    return {
        "phase": "Labeling",
        "startTime": ago(hours=3),
        "lastProgressTime": ago(minutes=47),
        "estimatedCompletionTime": (NOW + timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "progress": f"{labeled}/120",
        "workerPortalURL": PORTAL,
        "images": {"total": 120, "labeled": labeled, "failed": 2, "unlabeled": 118 - labeled},
        "labelingJobs": [{"name": JOB, "arn": f"arn:of:{JOB}", "status": "InProgress", "labelCounters": counters}],
        "labelingJobCount": 1,
        "labelCounters": counters | {"humanLabeled": labeled},
        "conditions": conditions("Labeling", f"waiting for workers; {labeled} of 120 images labeled"),
    }


def stalled(reason: str = "PrefixInUse", message: str = "spec.prefix: s3://pictures/pens/ is another round's") -> Any:
    """The status of a round that waits for a person."""
    return {"phase": "Stalled", "startTime": ago(hours=3), "conditions": conditions(reason, message, stalled=True)}


def converting(job: str = "pens-1-14842a56-convert") -> dict[str, Any]:
    """The status once labeling has ended."""
    told = conditions("Converting", "the conversion runs", Labeled="True")
    return labeling(118) | {"phase": "Converting", "conversion": {"job": job}, "conditions": told}


def succeeded() -> dict[str, Any]:
    """The status of a round with a dataset."""
    told = conditions("DatasetReady", "118 images and 301 boxes in the dataset", Labeled="True", Converted="True")
    return converting() | {
        "phase": "Succeeded",
        "completionTime": ago(minutes=30),
        "progress": "118/120",
        "images": {"total": 120, "labeled": 110, "empty": 8, "failed": 2, "unlabeled": 0},
        "dataset": DATASET,
        "conditions": with_summary(told, "True"),
    }


def failed() -> dict[str, Any]:
    """The status of a round of which nothing can come."""
    told = conditions("NothingLabeled", "labeling ended without a single labeled image")
    return {"phase": "Failed", "startTime": ago(hours=3), "completionTime": ago(minutes=30)} | {
        "conditions": with_summary(told, "False")
    }


def conditions(reason: str, message: str, *, stalled: bool = False, **others: str) -> list[dict[str, Any]]:
    """The summary of an active round, whether it is stalled, and others by type."""
    known = {"Succeeded": "Unknown", "Stalled": str(stalled)} | others
    return [
        {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(hours=2)}
        for kind, status in known.items()
    ]


def with_summary(told: list[dict[str, Any]], status: str) -> list[dict[str, Any]]:
    """The same with `Succeeded` at its end."""
    return [each | {"status": status} if each["type"] == "Succeeded" else each for each in told]
