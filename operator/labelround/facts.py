"""What is known of a round: its images, jobs, conversion and dataset, as the status shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from labelround.conditions import MESSAGE_LENGTH, plain, rfc3339
from labelround.groundtruth.api import LabelCounters
from labelround.observe import ObservedJob, Snapshot
from labelround.sentences import labeled_count

SHOWN_JOBS = 20
LONGEST_ESTIMATE = timedelta(days=10 * 365)
MOVING = ("images", "labelingJobs", "labelingJobCount", "labelCounters", "conversion", "dataset")
FACTS = ("progress", "workerPortalURL", *MOVING)


def facts(snapshot: Snapshot, previous: Mapping[str, Any], portal_url: str) -> dict[str, Any]:
    """What is known of a round; what cannot be seen any more stays as it was known."""
    seen: dict[str, Any] = {}
    if images := _images(snapshot):
        seen["progress"] = f"{labeled_count(images)}/{images['total']}"
        seen["images"] = images
    if portal_url:
        seen["workerPortalURL"] = portal_url
    seen |= _jobs(snapshot) | _conversion(snapshot) | _dataset(snapshot)
    known = {name: seen.get(name, previous.get(name)) for name in FACTS}
    return {name: value for name, value in known.items() if value is not None}


def estimated_completion(
    snapshot: Snapshot, images: Mapping[str, int], previous: Mapping[str, Any], now: datetime
) -> str:
    """When labeling ends at the average speed so far; "" before the first label and after the last.

    One that is years away is none. It moves only when something was labeled, or each pass would tell another moment.
    """
    jobs = [observed.job for observed in snapshot.jobs if observed.job]
    labeled, left = labeled_count(images), images.get("unlabeled", 0)
    if not labeled or not left or all(job.status.is_terminal for job in jobs):
        return ""
    known: str = previous.get("estimatedCompletionTime", "")
    if known and labeled == labeled_count(previous.get("images", {})):
        return known
    so_far = max((now - min(job.created for job in jobs)).total_seconds(), 0.0)
    seconds = so_far / labeled * left
    return rfc3339(now + timedelta(seconds=seconds)) if seconds < LONGEST_ESTIMATE.total_seconds() else ""


def _images(snapshot: Snapshot) -> dict[str, int]:
    """Counts from the report when there is one, otherwise from the jobs' counters."""
    report = snapshot.conversion.report
    if report is not None:
        images = report.images
        return {
            "total": images.total,
            "labeled": images.labeled,
            "empty": images.empty,
            "failed": images.failed,
            "unlabeled": images.unlabeled,
        }
    if snapshot.image_count is None and not snapshot.jobs:
        return {}
    labeled = labeled_images(snapshot.attempts)
    failed = max((observed.counters.failed_non_retryable_error for observed in snapshot.latest), default=0)
    total = snapshot.image_count
    if total is None:  # an adopted job: only its counters tell, and they are all 0 for long
        total = labeled + failed + max((observed.counters.unlabeled for observed in snapshot.latest), default=0)
    if not total:
        return {}
    return {"total": total, "labeled": labeled, "failed": failed, "unlabeled": max(total - labeled - failed, 0)}


def labeled_images(attempts: Iterable[tuple[ObservedJob, ...]]) -> int:
    """How many images are labeled by all their groups, as far as counters can tell."""
    total = 0
    for attempt in attempts:
        chunks: dict[int, int] = {}
        for observed in attempt:
            labeled = observed.counters.total_labeled
            chunks[observed.planned.chunk] = min(chunks.get(observed.planned.chunk, labeled), labeled)
        total += sum(chunks.values())
    return total


def _jobs(snapshot: Snapshot) -> dict[str, Any]:
    jobs = snapshot.jobs
    if not jobs:
        return {}
    return {
        "labelingJobs": [_job(observed) for observed in jobs[:SHOWN_JOBS]],
        "labelingJobCount": len(jobs),
        "labelCounters": _counters([observed.counters for observed in jobs]),
    }


def _job(observed: ObservedJob) -> dict[str, Any]:
    job = observed.job
    if job is None:
        return {"name": observed.planned.name}
    described: dict[str, Any] = {
        "name": job.name,
        "arn": job.arn,
        "status": job.status.value,
        "labelCounters": _counters([job.counters]),
    }
    if job.failure_reason:
        described["failureReason"] = plain(job.failure_reason)[:MESSAGE_LENGTH]
    return described


def _counters(counters: Iterable[LabelCounters]) -> dict[str, int]:
    """Summed, under Ground Truth's names in lower camel case."""
    every = list(counters)
    return {
        "totalLabeled": sum(each.total_labeled for each in every),
        "humanLabeled": sum(each.human_labeled for each in every),
        "machineLabeled": sum(each.machine_labeled for each in every),
        "failedNonRetryableError": sum(each.failed_non_retryable_error for each in every),
        "unlabeled": sum(each.unlabeled for each in every),
    }


def _conversion(snapshot: Snapshot) -> dict[str, Any]:
    conversion = snapshot.conversion
    if not conversion.job:
        return {}
    return {"conversion": {"job": conversion.job, "shards": conversion.shards, "done": conversion.done}}


def _dataset(snapshot: Snapshot) -> dict[str, Any]:
    report = snapshot.conversion.report
    if report is None:
        return {}
    round = snapshot.round
    suspicious = {} if report.quality is None else {"suspiciousBoxes": report.quality.suspicious_boxes}
    return {
        "dataset": {
            "uri": f"s3://{round.bucket}/{round.output_prefix}",
            "format": round.output_format.value,
            "images": report.images.labeled + report.images.empty,
            "boxes": report.boxes.written,
            **suspicious,
            "classes": len(round.labels),
            "digest": report.digest,
        }
    }
