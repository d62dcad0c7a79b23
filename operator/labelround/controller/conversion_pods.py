"""What the pods of a conversion tell: why one cannot start, and how the last one ended.

Pure functions over plain objects. What they return is the same while the pods are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labelround.cluster.api import Object
from labelround.controller.pod_template import CONTAINER

PULL_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"})
"""The kubelet changes between these while it tries."""
STARTING_REASONS = frozenset({"", "ContainerCreating", "PodInitializing"})


@dataclass(frozen=True, slots=True)
class PodEnd:
    """How the container of a pod ended. `message` is what the program said of it, or the end of its log."""

    exit_code: int
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.reason or 'Error'}, exit code {self.exit_code}"


def waiting_note(pods: Iterable[Object]) -> str:
    """Why the newest pod that has not ended does not run; "" when it runs or is just starting."""
    waiting = [pod for pod in pods if pod.get("status", {}).get("phase", "Pending") == "Pending"]
    if not waiting:
        return ""
    pod = max(waiting, key=_age)
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return f"its pod cannot be scheduled: {condition.get('message', 'no node fits')}"
    state = _state(pod, "waiting")
    reason = state.get("reason", "")
    if reason in STARTING_REASONS:
        return ""
    if reason in PULL_REASONS:
        image = pod["spec"]["containers"][0]["image"]
        return f"its pod cannot start: the image {image} cannot be pulled"
    # Only the message about a missing Secret or key is the same at every try.
    what = state.get("message", "") if reason == "CreateContainerConfigError" else ""
    return f"its pod cannot start: {reason}{what and f' ({what})'}"


def last_end(pods: Iterable[Object], exit_code: int | None = None) -> PodEnd | None:
    """How the last pod ended (of those with `exit_code`, when one is given); None when no such pod is left."""
    ended = [(_state(pod, "terminated"), pod) for pod in pods]
    ends = [(state, pod) for state, pod in ended if state and exit_code in {None, state.get("exitCode")}]
    if not ends:
        return None
    state, _ = max(ends, key=lambda end: (end[0].get("finishedAt", ""), *_age(end[1])))
    return PodEnd(state.get("exitCode", 0), state.get("reason", ""), state.get("message", "").strip())


def _state(pod: Object, kind: str) -> Mapping[str, Any]:
    """A state of the pod's container, `waiting` or `terminated`; empty when it is in another."""
    for status in pod.get("status", {}).get("containerStatuses", ()):
        if status["name"] == CONTAINER:
            state: Mapping[str, Any] = status.get("state", {}).get(kind, {})
            return state
    return {}


def _age(pod: Object) -> tuple[str, str]:
    return pod["metadata"].get("creationTimestamp", ""), pod["metadata"]["name"]
