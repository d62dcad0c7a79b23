"""The conditions of a round: what is true of it, since when, and what it waits for.

A condition's `lastTransitionTime` moves only when its status does, and its message only when there is something to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from labelround.decide import ConversionState, Decision, Reason
from labelround.errors import LabelroundError
from labelround.groundtruth.api import JobStatus
from labelround.observe import Snapshot
from labelround.sentences import conversion_sentence, labeled_count, labeled_of_all, sentence
from labelround.spec.wording import printable
from labelround.trouble import is_same_cause, reason_of
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

    @property
    def is_final(self) -> bool:
        """Whether the round has ended."""
        return self is Phase.SUCCEEDED or self is Phase.FAILED

    @property
    def is_active(self) -> bool:
        """Whether labelround is at work, or waits for what goes on by itself."""
        return not self.is_final and self is not Phase.STALLED and self is not Phase.SUSPENDED


class ConditionType(Enum):
    """The conditions of a round, in the order of its life."""

    MANIFEST_READY = "ManifestReady"
    LABELED = "Labeled"
    CONVERTED = "Converted"
    SUCCEEDED = "Succeeded"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


WAY = (ConditionType.MANIFEST_READY, ConditionType.LABELED, ConditionType.CONVERTED)


@dataclass(frozen=True, slots=True)
class Condition:
    type: ConditionType
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Story:
    """Reason and message of the summary: what happens now, what it waits for, or what a person has to do."""

    reason: str
    message: str


def way(snapshot: Snapshot, status: Mapping[str, Any], story: Story) -> list[Condition]:
    """The conditions that tell how far the round has come. `status` is the one being made."""
    return [_manifest_ready(snapshot), _labeled(snapshot, status), _converted(snapshot, story)]


def unknown_way() -> list[Condition]:
    """The same conditions before anything was seen."""
    return [Condition(kind, "Unknown", "NotObserved", "") for kind in WAY]


def summary(phase: Phase, story: Story) -> list[Condition]:
    """The conditions that sum up: how it ended, whether work goes on, and whether a person is needed.

    A failed round needs a person as well, and tools that know no `Succeeded` must not take it for done.
    """
    succeeded = "True" if phase is Phase.SUCCEEDED else "False" if phase is Phase.FAILED else "Unknown"
    active = phase.is_active
    needed = phase is Phase.STALLED or phase is Phase.FAILED
    return [
        Condition(ConditionType.SUCCEEDED, succeeded, story.reason, story.message),
        Condition(ConditionType.RECONCILING, _word(active), story.reason, story.message if active else ""),
        Condition(ConditionType.STALLED, _word(needed), story.reason, story.message if needed else ""),
    ]


def story_of_decision(snapshot: Snapshot, decision: Decision, status: Mapping[str, Any]) -> Story:
    """The story of a pass that went as it should."""
    return Story(decision.reason.value, decision.message or sentence(snapshot, decision, status))


def story_of_error(error: LabelroundError) -> Story:
    """The story of a pass that met a trouble."""
    return Story(reason_of(error), str(error))


def kept(story: Story, previous: Mapping[str, Any], error: LabelroundError | None) -> Story:
    """The story as it was told before, when it is the same but for ids, times and numbers of attempts."""
    known = recorded(previous, ConditionType.SUCCEEDED)
    told = plain(story.message)[:MESSAGE_LENGTH]
    if known.get("reason") == story.reason and is_same_cause(known["message"], told, error):
        return Story(story.reason, known["message"])
    return story


def recorded(status: Mapping[str, Any], kind: ConditionType) -> Mapping[str, Any]:
    """A condition of a recorded status; empty when there is none."""
    found: Iterable[Mapping[str, Any]] = status.get("conditions", ())
    return next((each for each in found if each["type"] == kind.value), {})


def with_times(
    conditions: Iterable[Condition], previous: Mapping[str, Any], generation: int, now: datetime
) -> list[dict[str, Any]]:
    """The conditions as they are recorded."""
    return [_with_time(condition, recorded(previous, condition.type), generation, now) for condition in conditions]


def plain(text: str) -> str:
    """`text` as a terminal and a log may show it: pods, services and keys can say what a terminal would obey."""
    return "\n".join(map(printable, text.split("\n")))


def rfc3339(moment: datetime) -> str:
    """A moment in UTC as Kubernetes writes it, in whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _with_time(condition: Condition, known: Mapping[str, Any], generation: int, now: datetime) -> dict[str, Any]:
    same = known.get("status") == condition.status
    return {
        "type": condition.type.value,
        "status": condition.status,
        "reason": condition.reason,
        "message": plain(condition.message)[:MESSAGE_LENGTH],
        "lastTransitionTime": known["lastTransitionTime"] if same else rfc3339(now),
        "observedGeneration": generation,
    }


def _manifest_ready(snapshot: Snapshot) -> Condition:
    kind = ConditionType.MANIFEST_READY
    if snapshot.round.labeling_job.adopt:
        return Condition(kind, "True", "Adopted", "the adopted labeling job has its own manifest")
    if snapshot.image_count is not None:
        return Condition(kind, "True", "Written", f"{counted(snapshot.image_count, 'image')} to label")
    if snapshot.conversion.report is not None:
        return Condition(kind, "True", "Written", "the dataset made from it is there")
    return Condition(kind, "False", "NotWritten", "the images have not been listed yet")


def _labeled(snapshot: Snapshot, status: Mapping[str, Any]) -> Condition:
    kind = ConditionType.LABELED
    images: Mapping[str, int] = status.get("images", {})
    labeled = labeled_count(images)
    ended = [observed.job.status for observed in snapshot.latest if observed.job and observed.job.status.is_terminal]
    over = snapshot.conversion.report is not None or (ended and len(ended) == len(snapshot.latest))
    told = labeled_of_all(images)
    if not over:
        return Condition(kind, "False", "Labeling" if snapshot.jobs else "NotStarted", _labeling(snapshot, status))
    if not labeled and snapshot.conversion.report is None and JobStatus.COMPLETED not in ended:
        return Condition(kind, "False", "NothingLabeled", told)
    return Condition(kind, "True", "AllLabeled" if labeled >= images.get("total", 0) else "PartiallyLabeled", told)


def _labeling(snapshot: Snapshot, status: Mapping[str, Any]) -> str:
    """How many are labeled, by whom, and since when nothing moved; "" before there is a job."""
    team = next((observed.job.workteam_arn for observed in snapshot.latest if observed.job), "").rpartition("/")[2]
    told = labeled_of_all(status.get("images", {}))
    if not snapshot.jobs:
        return told
    by = f"by the workteam {team}" if team else ""
    return "; ".join(filter(None, (told, by, f"last progress {status['lastProgressTime']}")))


def _converted(snapshot: Snapshot, story: Story) -> Condition:
    kind = ConditionType.CONVERTED
    conversion = snapshot.conversion
    report = conversion.report
    match conversion.state:
        case ConversionState.FAILED | ConversionState.BLOCKED:
            failed = conversion.state is ConversionState.FAILED
            reason = (Reason.CONVERSION_FAILED if failed else Reason.CONVERSION_BLOCKED).value
            return Condition(kind, "False", reason, story.message if story.reason == reason else conversion.failure)
        case ConversionState.QUEUED | ConversionState.RUNNING | ConversionState.BETWEEN:
            queued = conversion.state is ConversionState.QUEUED
            return Condition(kind, "False", "Converting", conversion_sentence(conversion, queued=queued))
    if report is not None:
        return Condition(kind, "True", "DatasetReady", f"{counted(report.boxes.written, 'box', 'boxes')} written")
    return Condition(kind, "False", "NotStarted", "")


def _word(true: bool) -> str:
    return "True" if true else "False"
