"""What a scheduler and a kubelet write into the status of a pod with one container."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.cluster.container import Ended

Status = dict[str, Any]
NO_ROOM = "0/1 nodes are available: 1 Insufficient cpu."


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def unschedulable() -> Status:
    """No node has room for it."""
    return {"phase": "Pending", "conditions": [_condition("PodScheduled", False, "Unschedulable", NO_ROOM)]}


def waiting(pod: Mapping[str, Any], reason: str, message: str) -> Status:
    """It has a node, but its container cannot start."""
    return _status(pod, "Pending", False, {"waiting": {"reason": reason, "message": message}})


def running(pod: Mapping[str, Any], started: str) -> Status:
    """Its container runs."""
    return _status(pod, "Running", True, {"running": {"startedAt": started}})


def ended(pod: Mapping[str, Any], started: str, how: Ended) -> Status:
    """Its container has ended, for ever."""
    terminated = {
        "exitCode": how.exit_code,
        "reason": "Error" if how.exit_code else "Completed",
        "message": how.message,
        "startedAt": started,
        "finishedAt": now(),
    }
    status = _status(pod, "Failed" if how.exit_code else "Succeeded", False, {"terminated": terminated})
    if how.disrupted:
        message = "Pod was terminated in response to imminent node shutdown."
        status["conditions"].append(_condition("DisruptionTarget", True, "TerminationByKubelet", message))
    return status


def _status(pod: Mapping[str, Any], phase: str, ready: bool, state: Mapping[str, Any]) -> Status:
    (container,) = pod["spec"]["containers"]
    return {
        "phase": phase,
        "hostIP": "127.0.0.1",
        "startTime": pod.get("status", {}).get("startTime", now()),
        "conditions": [
            _condition("PodScheduled", True),
            _condition("Initialized", True),
            _condition("ContainersReady", ready),
            _condition("Ready", ready),
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": ready,
                "started": ready,
                "restartCount": 0,
                "state": state,
            }
        ],
    }


def _condition(kind: str, holds: bool, reason: str = "", message: str = "") -> dict[str, str]:
    condition = {"type": kind, "status": str(holds), "lastTransitionTime": now()}
    return condition | ({"reason": reason, "message": message} if reason else {})
