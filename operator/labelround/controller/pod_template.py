"""The pods of a conversion: a pure function from the round to the template of a Job.

They fit the Pod Security Standard `restricted`, have no Kubernetes token, and read and write S3 as the round's
namespace may, never as the operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelround.cluster.api import Object
from labelround.spec.model import LabelingRound

CONTAINER = "conversion"
USER = 65532
"""Any number but 0: the image gives no user a name."""
GRACE_SECONDS = 10
"""A conversion may be killed at any moment; waiting longer only holds up the node."""
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


def pod_template(round: LabelingRound, arguments: Sequence[str], pod: PodSettings, labels: Mapping[str, str]) -> Object:
    """A pod that runs `labelround conversion` with these arguments."""
    return {"metadata": {"labels": dict(labels)}, "spec": _pod(round, arguments, pod)}


def _pod(round: LabelingRound, arguments: Sequence[str], pod: PodSettings) -> Object:
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
        "containers": [_container(round, arguments, pod)],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }


def _container(round: LabelingRound, arguments: Sequence[str], pod: PodSettings) -> Object:
    return {
        "name": CONTAINER,
        "image": pod.image,
        "imagePullPolicy": pod.image_pull_policy,
        "command": ["labelround", "conversion", *map(_literal, arguments)],
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
