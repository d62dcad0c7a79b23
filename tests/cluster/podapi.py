"""The calls of a scheduler and a kubelet."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from typing import Any

from tests.cluster.access import ControlPlane

from labelround.cluster.api import (
    PODS,
    SECRETS,
    Object,
    ObjectAbsent,
    ObjectChanged,
    ObjectTaken,
    RequestRefused,
    Resource,
)
from labelround.cluster.client import KubernetesCluster, connect
from labelround.errors import Unavailable

NODES = Resource("v1", "Node", "nodes", namespaced=False)
USER = "tests-node"
PAUSE_SECONDS = 0.1


class PodApi:
    """Tries until the API answers, or until `closed`. A pod that is gone is None."""

    def __init__(self, control_plane: ControlPlane, node: str, closed: threading.Event) -> None:
        kubeconfig = control_plane.user_kubeconfig(USER, ["system:masters"])
        self.client = connect(kubeconfig=str(kubeconfig), threads=16)
        self._cluster = KubernetesCluster(self.client)
        self._node = node
        self._closed = closed

    def register(self, port: int) -> None:
        """Make the node known, with the port of its kubelet."""
        self._cluster.create(NODES, None, {"metadata": {"name": self._node}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        self._cluster.patch(NODES, None, self._node, {"status": status}, subresource="status")

    def unregister(self) -> None:
        try:
            self._cluster.delete(NODES, None, self._node)
        except Unavailable:  # the API ended first
            return

    def bind(self, pod: Object) -> bool:
        """Put the pod on the node; False when it is gone or has one."""
        name = pod["metadata"]["name"]
        binding = Resource("v1", "Binding", f"pods/{name}/binding")
        target = {"metadata": {"name": name}, "target": {"apiVersion": "v1", "kind": "Node", "name": self._node}}
        try:
            self._patiently(lambda: self._cluster.create(binding, pod["metadata"]["namespace"], target))
        except (ObjectTaken, RequestRefused):  # the latter when its namespace is being deleted
            return False
        except (ObjectAbsent, ObjectChanged):
            return self._is_mine(pod)
        return True

    def secret(self, namespace: str, name: str) -> Mapping[str, str] | None:
        """What a Secret holds; None when there is none."""
        try:
            found = self._patiently(lambda: self._cluster.get(SECRETS, namespace, name))
        except ObjectAbsent:
            return None
        return {key: base64.b64decode(value).decode() for key, value in (found or {}).get("data", {}).items()}

    def write_status(self, pod: Object, status: Mapping[str, Any]) -> None:
        """Write how the pod is, if it is there."""
        metadata = pod["metadata"]
        patch = {"metadata": {"uid": metadata["uid"]}, "status": status}
        try:
            self._patiently(
                lambda: self._cluster.patch(PODS, metadata["namespace"], metadata["name"], patch, subresource="status")
            )
        except (ObjectAbsent, ObjectChanged):
            return

    def remove(self, pod: Object) -> None:
        """Let go of a pod that is being deleted."""
        metadata = pod["metadata"]
        url = f"{self.client.configuration.host}{PODS.path(metadata['namespace'], metadata['name'])}"
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}}
        headers = {"Content-Type": "application/json", "User-Agent": self.client.user_agent}

        def send() -> None:
            answer = self.client.rest_client.request(
                "DELETE", url, headers=headers, body=options, _request_timeout=(5, 30)
            )
            if answer.status >= 500:
                raise Unavailable(str(answer.status))

        self._patiently(send)

    def _is_mine(self, pod: Object) -> bool:
        """Whether a binding that was refused is one that arrived the time before."""
        metadata = pod["metadata"]
        try:
            now = self._patiently(lambda: self._cluster.get(PODS, metadata["namespace"], metadata["name"]))
        except ObjectAbsent:
            return False
        return now is not None and (now["metadata"]["uid"], now["spec"].get("nodeName")) == (
            metadata["uid"],
            self._node,
        )

    def _patiently(self, call: Callable[[], Any]) -> Any:
        while not self._closed.is_set():
            try:
                return call()
            except (Unavailable, OSError):
                self._closed.wait(PAUSE_SECONDS)
        return None
