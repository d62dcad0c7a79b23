"""Clusters with labelround on them, in memory."""

from __future__ import annotations

import json
from typing import Any

import yaml
from tests.cli_cluster.shown_rounds import NOW, ago
from tests.controller.memory_cluster import MemoryCluster

from labelround.cluster.api import CRDS, Object
from labelround.doctor.leases import Watch
from labelround.spec.crd import crd_text

OPERATOR_NAMESPACE = "labelround-system"


def version(major: str, minor: str) -> str:
    return json.dumps({"major": major, "minor": minor, "gitVersion": f"v{major}.{minor}.1"})


def definition() -> Object:
    """The CustomResourceDefinition as the API server shows it once it is installed."""
    installed: Object = yaml.safe_load(crd_text())
    return installed | {
        "status": {"conditions": [{"type": "Established", "status": "True"}], "storedVersions": ["v1alpha1"]}
    }


def lease(holder: str = "pod-1", renewed: str = "", namespace: str = OPERATOR_NAMESPACE) -> Object:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": renewed or ago(seconds=3)}
    return {"metadata": {"name": "labelround", "namespace": namespace}, "spec": spec}


def installed(*objects: tuple[Any, str | None, Object], minor: str = "33") -> MemoryCluster:
    """A cluster with the definition, and what else is given."""
    cluster = MemoryCluster(pages={"/version": version("1", minor)})
    for resource, namespace, body in ((CRDS, None, definition()), *objects):
        cluster.put(resource, namespace, body)
    return cluster


def watch() -> Watch:
    return Watch(lambda: NOW, lambda _: None)
