"""What a round does now, in a sentence: how far it is, what it waits for, since when nothing moved, when it may end.

A sentence holds no moment of its own, only those of the status, so that it stays the same while nothing happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from labelround.decide import ConversionStep, Decision, Reason
from labelround.observe import ObservedConversion, Snapshot
from labelround.wording import counted


def labeled_count(images: Mapping[str, int]) -> int:
    """How many images are done with: those with boxes and those that are confirmed to be empty."""
    return images.get("labeled", 0) + images.get("empty", 0)


def labeled_of_all(images: Mapping[str, int]) -> str:
    """`37 of 120 images labeled, 2 failed`; "" while the images are not counted."""
    if not images.get("total"):
        return ""
    failed = f", {images['failed']} failed" if images.get("failed") else ""
    return f"{labeled_count(images)} of {counted(images['total'], 'image')} labeled{failed}"


def sentence(snapshot: Snapshot, decision: Decision, status: Mapping[str, Any]) -> str:
    """What follows from a decision. `status` is the one being made, without its conditions."""
    return "; ".join(filter(None, _parts(snapshot, decision, status)))


def _parts(snapshot: Snapshot, decision: Decision, status: Mapping[str, Any]) -> Iterator[str]:
    images: Mapping[str, int] = status.get("images", {})
    match decision.reason:
        case Reason.PREPARING:
            yield "listing the images and writing the manifest"
        case Reason.CREATING_JOBS:
            yield f"creating the labeling job {decision.job}"
        case Reason.LABELING:
            yield from _labeling(status)
        case Reason.STOPPING:
            yield "stopping the labeling jobs as asked"
            yield labeled_of_all(images)
        case Reason.FOLLOW_UP:
            yield "asking again for what is not labeled"
            yield labeled_of_all(images)
        case Reason.SUSPENDED:
            yield "suspended; set spec.suspend to false to go on"
            yield labeled_of_all(images)
        case Reason.LABELING_FAILED:
            reasons = [observed.job.failure_reason for observed in snapshot.jobs if observed.job]
            yield "labeling failed: " + ("; ".join(filter(None, reasons)) or "the service gives no reason")
        case Reason.CONVERSION_QUEUED | Reason.CONVERTING:
            yield conversion_sentence(snapshot.conversion, queued=decision.reason is Reason.CONVERSION_QUEUED)
            yield labeled_of_all(images)
        case Reason.CONVERTED:
            yield _dataset(snapshot)


def _labeling(status: Mapping[str, Any]) -> Iterator[str]:
    """Before the first label there is no pace, and the round's start says since when it waits."""
    images: Mapping[str, int] = status.get("images", {})
    portal = status.get("workerPortalURL")
    yield f"waiting for workers at {portal}" if portal else "waiting for workers"
    yield labeled_of_all(images)
    if labeled_count(images) or images.get("failed"):
        yield f"last progress {status['lastProgressTime']}"
    if "estimatedCompletionTime" in status:
        yield f"at this pace done {status['estimatedCompletionTime']}"


def conversion_sentence(conversion: ObservedConversion, *, queued: bool) -> str:
    """Which Job converts and how far it is, or why it waits; "" for a conversion without a Job of its own."""
    note = f": {conversion.note}" if conversion.note else ""
    if queued:
        job = f" Job {conversion.job}" if conversion.job else ""
        return f"the conversion{job} is queued{note}"
    if not conversion.job:
        return ""
    shards = f", {conversion.done} of {counted(conversion.shards, 'shard')} done" if conversion.shards > 1 else ""
    return f"{_DOING[conversion.step]} in the Job {conversion.job}{shards}{note}"


_DOING = {
    None: "converting",
    ConversionStep.INDEX: "indexing",
    ConversionStep.SHARD: "converting",
    ConversionStep.FINISH: "finishing",
}


def _dataset(snapshot: Snapshot) -> str:
    report = snapshot.conversion.report
    if report is None:
        return ""
    failed = f", {counted(report.images.failed, 'image')} failed" if report.images.failed else ""
    images = counted(report.images.labeled + report.images.empty, "image")
    return f"{images} and {counted(report.boxes.written, 'box', 'boxes')} in the dataset{failed}"
