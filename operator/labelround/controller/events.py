"""Events of a round: one for each transition, one Warning for each distinct cause.

An Event's name follows from the version of the round that the pass has read, so that a pass that is repeated after a
crash writes the same Event and not a second one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from labelround.cluster.api import EVENTS, ROUNDS, Cluster, ObjectTaken
from labelround.conditions import ConditionType, Phase, rfc3339
from labelround.errors import LabelroundError

COMPONENT = "labelround"
MESSAGE_LENGTH = 1024
NAME_LENGTH = 253
_WARNING_PHASES = frozenset({Phase.STALLED.value, Phase.FAILED.value})
_log = logging.getLogger(__name__)


class Kind(Enum):
    """The two types of Event that Kubernetes knows."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Transition:
    """What a person is told: the type, a reason in one word and a sentence."""

    kind: Kind
    reason: str
    message: str


def transition(before: Mapping[str, Any], after: Mapping[str, Any], *, troubled: bool) -> Transition | None:
    """What is worth telling of a change of status; None when it is progress alone.

    `troubled` says whether the pass met an error: then every new message is a new cause.
    """
    old, new = _summary(before), _summary(after)
    warning = troubled or after.get("phase") in _WARNING_PHASES
    reworded = old["message"] != new["message"]
    same = old["reason"] == new["reason"] and (not reworded or before.get("phase") == after.get("phase"))
    if same and not (warning and reworded):
        return None
    return Transition(Kind.WARNING if warning else Kind.NORMAL, new["reason"], new["message"])


def event_body(body: Mapping[str, Any], told: Transition, now: datetime) -> dict[str, Any]:
    """The Event object about a round as it was read (`body`)."""
    metadata = body["metadata"]
    seed = "\n".join((metadata["uid"], metadata["resourceVersion"], told.kind.value, told.reason))
    tail = f".{hashlib.sha256(seed.encode()).hexdigest()[:16]}"
    moment = rfc3339(now)
    return {
        "apiVersion": EVENTS.api_version,
        "kind": EVENTS.kind,
        "metadata": {
            "name": metadata["name"][: NAME_LENGTH - len(tail)].rstrip(".-") + tail,
            "namespace": metadata["namespace"],
        },
        "involvedObject": {
            "apiVersion": ROUNDS.api_version,
            "kind": ROUNDS.kind,
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": told.kind.value,
        "reason": told.reason,
        "message": told.message[:MESSAGE_LENGTH],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": "",
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }


def record(cluster: Cluster, body: Mapping[str, Any], told: Transition, now: datetime) -> None:
    """Write the Event. It tells, and decides nothing: one that cannot be written is logged and let go."""
    event = event_body(body, told, now)
    try:
        cluster.create(EVENTS, event["metadata"]["namespace"], event)
    except ObjectTaken:
        pass
    except LabelroundError as error:
        _log.warning("an Event was not written: %s", error)


def _summary(status: Mapping[str, Any]) -> Mapping[str, str]:
    """The condition that sums up, with empty texts for a new round."""
    found: Mapping[str, str] = next(
        (each for each in status.get("conditions", ()) if each["type"] == ConditionType.SUCCEEDED.value),
        {"reason": "", "message": ""},
    )
    return found
