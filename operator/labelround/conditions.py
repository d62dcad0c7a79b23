"""The conditions of a round: what is true of it, since when, and what it waits for.

A condition's `lastTransitionTime` moves only when its status does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from labelround.decide import Decision, Reason
from labelround.errors import Conflict, InvalidInput, LabelroundError
from labelround.groundtruth.api import JobStatus
from labelround.observe import Snapshot
from labelround.wording import counted

MESSAGE_LENGTH = 1024


class Phase(Enum):
    """The computed word. `docs/states.md` says when each is shown and where it goes next."""

    PENDING = "Pending"
    PREPARING = "Preparing"
    LABELING = "Labeling"
    QUEUED = "Queued"
    CONVERTING = "Converting"
    SUSPENDED = "Suspended"
    STALLED = "Stalled"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


class ConditionType(Enum):
    """The conditions of a round, in the order of its life."""

    MANIFEST_READY = "ManifestReady"
    LABELED = "Labeled"
    CONVERTED = "Converted"
    SUCCEEDED = "Succeeded"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


@dataclass(frozen=True, slots=True)
class Condition:
    type: ConditionType
    status: str
    reason: str
    message: str


def conditions(
    snapshot: Snapshot,
    phase: Phase,
    decision: Decision | None,
    error: LabelroundError | None,
    images: Mapping[str, int],
) -> list[Condition]:
    """All six, in order. `images` are the status's counts."""
    reason, message = _story(snapshot, decision, error, images)
    succeeded, failed = phase is Phase.SUCCEEDED, phase is Phase.FAILED
    summary = "True" if succeeded else "False" if failed else "Unknown"
    stalled = phase is Phase.STALLED
    active = not (succeeded or failed or stalled or phase is Phase.SUSPENDED)
    return [
        _manifest_ready(snapshot),
        _labeled(snapshot, images),
        _converted(snapshot, phase, reason, message),
        Condition(ConditionType.SUCCEEDED, summary, reason, message),
        Condition(ConditionType.RECONCILING, "True" if active else "False", reason, message if active else ""),
        Condition(ConditionType.STALLED, "True" if stalled else "False", reason, message if stalled else ""),
    ]


def _manifest_ready(snapshot: Snapshot) -> Condition:
    kind = ConditionType.MANIFEST_READY
    if snapshot.round.labeling_job.adopt:
        return Condition(kind, "True", "Adopted", "the adopted labeling job has its own manifest")
    if snapshot.image_count is not None:
        return Condition(kind, "True", "Written", f"{counted(snapshot.image_count, 'image')} to label")
    if snapshot.conversion.report is not None:
        return Condition(kind, "True", "Written", "the dataset made from it is there")
    return Condition(kind, "False", "NotWritten", "the images have not been listed yet")


def _labeled(snapshot: Snapshot, images: Mapping[str, int]) -> Condition:
    kind = ConditionType.LABELED
    total, labeled = images.get("total", 0), images.get("labeled", 0) + images.get("empty", 0)
    ended = [observed.job.status for observed in snapshot.latest if observed.job and observed.job.status.is_terminal]
    over = snapshot.conversion.report is not None or (ended and len(ended) == len(snapshot.latest))
    told = f"{labeled} of {counted(total, 'image')} labeled"
    if not over:
        return Condition(kind, "False", "Labeling" if snapshot.jobs else "NotStarted", told if total else "")
    if not labeled and snapshot.conversion.report is None and JobStatus.COMPLETED not in ended:
        return Condition(kind, "False", "NothingLabeled", told)
    return Condition(kind, "True", "AllLabeled" if labeled >= total else "PartiallyLabeled", told)


def _converted(snapshot: Snapshot, phase: Phase, reason: str, message: str) -> Condition:
    kind = ConditionType.CONVERTED
    report = snapshot.conversion.report
    if report is not None:
        return Condition(kind, "True", "DatasetReady", f"{counted(report.boxes.written, 'box', 'boxes')} written")
    if reason == Reason.CONVERSION_FAILED.value:
        return Condition(kind, "False", reason, message)
    started = phase is Phase.CONVERTING or phase is Phase.QUEUED
    return Condition(kind, "False", "Converting" if started else "NotStarted", "")


def _story(
    snapshot: Snapshot, decision: Decision | None, error: LabelroundError | None, images: Mapping[str, int]
) -> tuple[str, str]:
    """Reason and message of the summary: what happens now, what it waits for, or what a person has to do."""
    if error is not None:
        return _error_reason(error), str(error)
    if decision is None:
        return "Pending", ""
    if decision.message:
        return decision.reason.value, decision.message
    return decision.reason.value, _sentence(snapshot, decision, images)


def _error_reason(error: LabelroundError) -> str:
    if isinstance(error, Conflict):
        return error.reason
    return "InvalidInput" if isinstance(error, InvalidInput) else "ServiceUnavailable"


def _sentence(snapshot: Snapshot, decision: Decision, images: Mapping[str, int]) -> str:
    told = f"{images.get('labeled', 0)} of {counted(images.get('total', 0), 'image')} labeled"
    report = snapshot.conversion.report
    match decision.reason:
        case Reason.SUSPENDED:
            return "suspended; set spec.suspend to false to go on"
        case Reason.PREPARING:
            return "listing the images and writing the manifest"
        case Reason.CREATING_JOBS:
            return f"creating the labeling job {decision.job}"
        case Reason.STOPPING:
            return f"stopping the labeling jobs as asked; {told}"
        case Reason.LABELING:
            return f"waiting for workers; {told}"
        case Reason.FOLLOW_UP:
            return f"asking again for what is not labeled; {told}"
        case Reason.LABELING_FAILED:
            reasons = [observed.job.failure_reason for observed in snapshot.jobs if observed.job]
            return "labeling failed: " + ("; ".join(filter(None, reasons)) or "the service gives no reason")
        case Reason.CONVERSION_QUEUED:
            return "the conversion waits for its turn"
        case Reason.CONVERTING:
            return told
        case Reason.CONVERTED if report is not None:
            failed = f", {counted(report.images.failed, 'image')} failed" if report.images.failed else ""
            return (
                f"{counted(report.images.labeled + report.images.empty, 'image')} and"
                f" {counted(report.boxes.written, 'box', 'boxes')} in the dataset{failed}"
            )
    return ""


def with_times(
    conditions: Iterable[Condition], previous: Mapping[str, Any], generation: int, now: datetime
) -> list[dict[str, Any]]:
    before = {condition["type"]: condition for condition in previous.get("conditions", ())}
    timed = []
    for condition in conditions:
        known = before.get(condition.type.value, {})
        same = known.get("status") == condition.status
        timed.append(
            {
                "type": condition.type.value,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message[:MESSAGE_LENGTH],
                "lastTransitionTime": known["lastTransitionTime"] if same else rfc3339(now),
                "observedGeneration": generation,
            }
        )
    return timed


def rfc3339(moment: datetime) -> str:
    """A moment in UTC as Kubernetes writes it, in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
