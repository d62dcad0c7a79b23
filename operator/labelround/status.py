"""The status of a round: a pure function of what a pass saw, decided and met.

`phase` is a word for the printer column, computed anew each time and never read back. Conditions carry the truth; a
condition's `lastTransitionTime` moves only when its status does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from labelround.conditions import MESSAGE_LENGTH, ConditionType, Phase, conditions, rfc3339, with_times
from labelround.decide import Action, Decision, Reason
from labelround.errors import Conflict, InvalidInput, LabelroundError
from labelround.groundtruth.api import LabelCounters
from labelround.observe import ObservedJob, Snapshot

SHOWN_JOBS = 20


PHASES: dict[tuple[Action, Reason], Phase] = {
    (Action.WAIT, Reason.SUSPENDED): Phase.SUSPENDED,
    (Action.WAIT, Reason.CONVERSION_QUEUED): Phase.QUEUED,
    (Action.WAIT, Reason.CONVERTING): Phase.CONVERTING,
    (Action.WAIT, Reason.LABELING): Phase.LABELING,
    (Action.WAIT, Reason.STOPPING): Phase.LABELING,
    (Action.STOP_JOB, Reason.STOPPING): Phase.LABELING,
    (Action.STALL, Reason.NAME_TAKEN): Phase.STALLED,
    (Action.STALL, Reason.ADOPTED_JOB_NOT_FOUND): Phase.STALLED,
    (Action.STALL, Reason.CONVERSION_BLOCKED): Phase.STALLED,
    (Action.WRITE_MANIFEST, Reason.PREPARING): Phase.PREPARING,
    (Action.WRITE_MANIFEST, Reason.FOLLOW_UP): Phase.LABELING,
    (Action.CREATE_JOB, Reason.CREATING_JOBS): Phase.PREPARING,
    (Action.START_CONVERSION, Reason.CONVERTING): Phase.CONVERTING,
    (Action.RECORD_SUCCESS, Reason.CONVERTED): Phase.SUCCEEDED,
    (Action.RECORD_FAILURE, Reason.NOTHING_LABELED): Phase.FAILED,
    (Action.RECORD_FAILURE, Reason.LABELING_FAILED): Phase.FAILED,
    (Action.RECORD_FAILURE, Reason.CONVERSION_FAILED): Phase.FAILED,
}


def is_finished(status: Mapping[str, Any]) -> bool:
    """Whether the recorded end of the round is there: `Succeeded` is True or False, no longer Unknown."""
    return any(
        condition["type"] == ConditionType.SUCCEEDED.value and condition["status"] != "Unknown"
        for condition in status.get("conditions", ())
    )


def is_succeeded(status: Mapping[str, Any]) -> bool:
    """Whether the recorded end of the round is a success."""
    return status.get("phase") == Phase.SUCCEEDED.value and is_finished(status)


def round_status(
    snapshot: Snapshot,
    decision: Decision | None,
    error: LabelroundError | None,
    previous: Mapping[str, Any],
    now: datetime,
    portal_url: str,
) -> dict[str, Any]:
    """The status to record after a pass. `decision` is None when the pass failed before one was made."""
    phase = _phase(decision, error, previous)
    images = _images(snapshot)
    ended = phase is Phase.SUCCEEDED or phase is Phase.FAILED
    progressed = images.get("labeled") != previous.get("images", {}).get("labeled") or phase.value != previous.get(
        "phase"
    )
    status: dict[str, Any] = {
        "observedGeneration": snapshot.round.generation,
        "phase": phase.value,
        "startTime": previous.get("startTime", rfc3339(now)),
        "lastProgressTime": rfc3339(now) if progressed else previous.get("lastProgressTime", rfc3339(now)),
    }
    if ended:
        status["completionTime"] = rfc3339(now)
    elif (eta := _estimated_completion(snapshot, images, now)) is not None:
        status["estimatedCompletionTime"] = rfc3339(eta)
    if "total" in images:
        status["progress"] = f"{images.get('labeled', 0) + images.get('empty', 0)}/{images['total']}"
    if portal_url:
        status["workerPortalURL"] = portal_url
    if images:
        status["images"] = images
    status |= _jobs(snapshot) or {key: previous[key] for key in _JOB_FIELDS if key in previous}
    status |= _dataset(snapshot)
    seen = conditions(snapshot, phase, decision, error, images)
    status["conditions"] = with_times(seen, previous, snapshot.round.generation, now)
    return status


_JOB_FIELDS = ("labelingJobs", "labelingJobCount", "labelCounters")


def _phase(decision: Decision | None, error: LabelroundError | None, previous: Mapping[str, Any]) -> Phase:
    if isinstance(error, Conflict | InvalidInput):
        return Phase.STALLED
    if decision is None or (error is not None and decision.action is not Action.WAIT):
        known = previous.get("phase", Phase.PENDING.value)
        return Phase.PENDING if known == Phase.STALLED.value else Phase(known)
    return PHASES[decision.action, decision.reason]


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


def _estimated_completion(snapshot: Snapshot, images: Mapping[str, int], now: datetime) -> datetime | None:
    """When labeling ends at the average speed so far; None before the first label and after the last."""
    started = [observed.job.created for observed in snapshot.jobs if observed.job]
    labeled, left = images.get("labeled", 0), images.get("unlabeled", 0)
    if not started or not labeled or not left:
        return None
    return now + timedelta(seconds=(now - min(started)).total_seconds() / labeled * left)


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
        described["failureReason"] = job.failure_reason[:MESSAGE_LENGTH]
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


def _dataset(snapshot: Snapshot) -> dict[str, Any]:
    report = snapshot.conversion.report
    if report is None:
        return {}
    round = snapshot.round
    return {
        "dataset": {
            "uri": f"s3://{round.bucket}/{round.output_prefix}",
            "format": round.output_format.value,
            "images": report.images.labeled + report.images.empty,
            "boxes": report.boxes.written,
            "classes": len(round.labels),
            "digest": report.digest,
        }
    }
