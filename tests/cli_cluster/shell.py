"""labelround as a person types it beside a real API server, and rounds there as an operator would leave them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli_cluster.shown_rounds import document
from tests.cluster.access import ControlPlane

from labelround.cluster.api import EVENTS, ROUNDS, Object
from labelround.cluster.client import KubernetesCluster

SECONDS = 60
QUICK = ("--poll-seconds", "0.1")

Ended = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Shell:
    """A namespace, and a shell in it."""

    control_plane: ControlPlane
    cluster: KubernetesCluster
    namespace: str
    folder: Path

    def run(self, *words: str, kubeconfig: Path | None = None, everywhere: bool = False) -> Ended:
        """Run `labelround` in the namespace until it ends; `everywhere` leaves the namespace to the command."""
        own = () if everywhere else ("--namespace", self.namespace)
        return subprocess.run(
            ["labelround", *words, *own],
            env=self._environment(kubeconfig),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """`labelround` in the namespace, looking ten times a second."""
        command = ["labelround", *words, "--namespace", self.namespace, *QUICK]
        process = subprocess.Popen(
            command, env=self._environment(None), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def create(self, status: Mapping[str, Any] | None = None, *, name: str = "pens-1", **more: Any) -> Object:
        """A round, with the status that an operator would have written; `metadata` adds to its own."""
        metadata = more.pop("metadata", {})
        body = document(name, namespace=self.namespace, **more)
        created = self.cluster.create(ROUNDS, self.namespace, body | {"metadata": body["metadata"] | metadata})
        return self.become(status, name) if status else created

    def become(self, status: Mapping[str, Any], name: str = "pens-1") -> Object:
        """Have the status of a round be this one."""
        return self.cluster.patch(ROUNDS, self.namespace, name, {"status": dict(status)}, subresource="status")

    def get(self, name: str = "pens-1") -> Object:
        """A round as it is."""
        return self.cluster.get(ROUNDS, self.namespace, name)

    def tell(self, round: Object, reason: str, message: str) -> None:
        """An Event about a round."""
        metadata = round["metadata"]
        about = {"kind": ROUNDS.kind, "apiVersion": ROUNDS.api_version, "name": metadata["name"]}
        body = {
            "metadata": {"name": f"{metadata['name']}.{reason.lower()}"},
            "involvedObject": about | {"namespace": self.namespace, "uid": metadata["uid"]},
            "type": "Normal",
            "reason": reason,
            "message": message,
            "lastTimestamp": metadata["creationTimestamp"],
        }
        self.cluster.create(EVENTS, self.namespace, body)

    def _environment(self, kubeconfig: Path | None) -> dict[str, str]:
        environment = self.control_plane.environment
        return environment | ({"KUBECONFIG": str(kubeconfig)} if kubeconfig else {})
