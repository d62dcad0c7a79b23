"""The operator as an administrator installs it: its ServiceAccount with the least rights, its settings, its policy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from tests.cluster.access import ControlPlane
from tests.servers.s3 import ENVIRONMENT

REPOSITORY = Path(__file__).parents[2]
RIGHTS = REPOSITORY / "deploy" / "rbac.yaml"
NAMESPACE = "labelround-system"
SERVICE_ACCOUNT = "labelround-operator"
CREDENTIALS_SECRET = "object-store"
REGION = "us-east-1"
ROLE = "arn:aws:iam::000000000000:role/labelround"
WORKTEAM = f"arn:aws:sagemaker:{REGION}:000000000000:workteam/private-crowd/labelround"

# Quick where a real installation is patient.
QUICK: Mapping[str, Any] = {
    "clusterName": "tests",
    "workers": 4,
    "pollSeconds": 0.2,
    "resyncSeconds": 10,
    "relistSeconds": 5,
    "retry": {"maxSeconds": 2},
    "deletionPatienceSeconds": 5,
    "apiTimeoutSeconds": 3,
    "http": {"host": "127.0.0.1"},
    "lease": {"enabled": False, "durationSeconds": 3, "renewSeconds": 2, "retrySeconds": 0.3},
    "conversion": {"image": "labelround:tests", "imagePullPolicy": "Never"},
    "logFormat": "text",
}


def operator_kubeconfig(control_plane: ControlPlane, url: str, name: str) -> Path:
    """The kubeconfig of the operator's ServiceAccount, with exactly the rights that the product lists."""
    control_plane.kubectl("apply", "-f", RIGHTS)
    token = control_plane.kubectl("create", "token", SERVICE_ACCOUNT, "-n", NAMESPACE, "--duration=24h")
    return control_plane.kubeconfig_for(name, {"token": token.stdout.strip()}, url)


def settings(namespace: str, bucket: str, labeling_url: str, s3_url: str, **changes: Any) -> dict[str, Any]:
    """The operator's settings, for the rounds of one namespace over one bucket; `changes` replace whole fields."""
    rule = {
        "namespaces": [namespace],
        "buckets": [{"name": bucket, "prefixes": [""]}],
        "backend": "tests",
        "executionRoleARN": ROLE,
        "workteamARNs": [WORKTEAM],
        "conversionCredentialsSecret": CREDENTIALS_SECRET,
    }
    backend = {"name": "tests", "region": REGION, "sagemakerEndpointURL": labeling_url, "s3EndpointURL": s3_url}
    policy = {"backends": [backend], "rules": [rule]}
    return {**QUICK, "watch": {"namespaces": [namespace]}, "policy": policy, **changes}


def write_settings(path: Path, content: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(dict(content)), encoding="utf-8")
    return path


def environment(kubeconfig: Path, port: int, replica: str, home: Path) -> dict[str, str]:
    """What a replica's pod would give it: who and where it is, and its way to the cluster and to the object store."""
    return {
        **ENVIRONMENT,
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "KUBECONFIG": str(kubeconfig),
        "POD_NAMESPACE": NAMESPACE,
        "POD_NAME": replica,
        "LABELROUND_HTTP_PORT": str(port),
    }
