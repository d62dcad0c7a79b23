"""The Kubernetes Job that converts a round: pure functions from the round to plain objects.

Its pod fits the Pod Security Standard `restricted`, has no Kubernetes token, and reads and writes S3 as the round's
namespace may, never as the operator. A conversion that was killed goes on when it runs again, so pods are replaced
freely; wrong input is the one end that no pod can change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labelround.cluster.api import JOBS, ROUNDS, Object
from labelround.errors import InvalidInput
from labelround.plan import derived_name
from labelround.spec.model import LabelingRound

CONTAINER = "conversion"
JOB_NAME_ENDING = "-convert"
QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
ROUND_LABEL = "labelround.dev/round"
UID_LABEL = "labelround.dev/round-uid"
LABEL_MAX_LENGTH = 63
USER = 65532
"""Any number but 0: the image gives no user a name."""
RETRIES = 3
GRACE_SECONDS = 10
"""A conversion may be killed at any moment; waiting longer only holds up the node."""
KEPT_SECONDS = 24 * 60 * 60
"""The result is in S3; the ended Job and its pods are kept for a day for those who want to read their logs."""
SCRATCH = "/tmp"  # noqa: S108 a folder of the pod alone


@dataclass(frozen=True, slots=True)
class PodSettings:
    """How the operator's settings and the policy want the pod of a round. "" leaves a choice to Kubernetes or to AWS.

    `credentials_secret` is a Secret of the round's namespace with the keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
    and, where there is one, AWS_SESSION_TOKEN; without it the ServiceAccount's own identity counts. `resources` are
    the `requests` and `limits` of a round that names none.
    """

    image: str
    image_pull_policy: str = "IfNotPresent"
    service_account_name: str = ""
    credentials_secret: str = ""
    s3_endpoint_url: str = ""
    region: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def conversion_job_name(round: LabelingRound) -> str:
    """The Job's name, in at most 63 characters: its pods carry it as a Kubernetes label."""
    return derived_name(round.name, round.uid, JOB_NAME_ENDING)


def conversion_job(round: LabelingRound, address: str, pod: PodSettings) -> Object:
    """The Job that runs the conversion in the file at `address`."""
    queue = round.conversion.get("queueName")
    labels = job_labels(round)
    spec = {
        "backoffLimit": RETRIES,
        "podReplacementPolicy": "Failed",  # two pods at once would write one dataset
        "podFailurePolicy": {
            "rules": [
                {
                    "action": "FailJob",
                    "onExitCodes": {
                        "containerName": CONTAINER,
                        "operator": "In",
                        "values": [InvalidInput.exit_code],
                    },
                },
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
            ]
        },
        "ttlSecondsAfterFinished": KEPT_SECONDS,
        "template": {"metadata": {"labels": labels}, "spec": _pod(round, address, pod)},
    }
    return {
        "apiVersion": JOBS.api_version,
        "kind": JOBS.kind,
        "metadata": {
            "name": conversion_job_name(round),
            "namespace": round.namespace,
            "labels": labels | ({QUEUE_LABEL: queue} if queue else {}),
            "ownerReferences": [_owner(round)],
        },
        "spec": spec | ({"suspend": True} if queue else {}),  # Kueue lets it start, and nobody writes it back
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


def _pod(round: LabelingRound, address: str, pod: PodSettings) -> Object:
    asked = round.conversion
    placed = {
        "serviceAccountName": pod.service_account_name,
        "priorityClassName": asked.get("priorityClassName"),
        "nodeSelector": _plain(asked.get("nodeSelector")),
        "tolerations": _plain(asked.get("tolerations")),
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **{name: value for name, value in placed.items() if value},
        "containers": [_container(round, address, pod)],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }


def _container(round: LabelingRound, address: str, pod: PodSettings) -> Object:
    return {
        "name": CONTAINER,
        "image": pod.image,
        "imagePullPolicy": pod.image_pull_policy,
        "command": ["labelround", "conversion", _literal(address)],
        "env": _environment(pod),
        "resources": _resources(round.conversion.get("resources", {}), pod.resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        # The program writes why it failed; of one that was killed, the end of its log says where it was.
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH}],
    }


def _environment(pod: PodSettings) -> list[Object]:
    """The variables by name. What the backend and the Secret say wins over the settings' extra environment."""
    values = {"HOME": SCRATCH, "TMPDIR": SCRATCH} | dict(pod.environment)
    if pod.s3_endpoint_url:
        values["AWS_ENDPOINT_URL_S3"] = pod.s3_endpoint_url
    if pod.region:
        values |= {"AWS_REGION": pod.region, "AWS_DEFAULT_REGION": pod.region}
    variables: dict[str, Object] = {name: {"value": _literal(value)} for name, value in values.items()}
    if pod.credentials_secret:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            optional = {"optional": True} if name == "AWS_SESSION_TOKEN" else {}
            variables[name] = {"valueFrom": {"secretKeyRef": {"name": pod.credentials_secret, "key": name, **optional}}}
    return [{"name": name, **variables[name]} for name in sorted(variables)]


def _literal(text: str) -> str:
    """`text` where Kubernetes puts variables in place of `$(NAME)`."""
    return text.replace("$", "$$")


def _resources(asked: Mapping[str, Any], defaults: Mapping[str, Any]) -> Object:
    """What the pod asks for. A default may contradict the round, so a resource that the round names is its own."""
    named = {name for amounts in asked.values() for name in amounts}
    resources = {}
    for kind in ("requests", "limits"):
        kept = {name: amount for name, amount in defaults.get(kind, {}).items() if name not in named}
        if amounts := kept | dict(asked.get(kind, {})):
            resources[kind] = amounts
    return resources


def _plain(value: Any) -> Any:
    """A part of the spec as JSON has it."""
    if isinstance(value, Mapping):
        return {name: _plain(content) for name, content in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
