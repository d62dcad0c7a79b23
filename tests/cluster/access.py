"""A Kubernetes API that tests may use: by kubectl, by the product's client, and as other users."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from tests.cluster.audit import Call
from tests.cluster.pki import Authority
from tests.servers.waiting import until

from labelround.cluster.client import KubernetesCluster, connect

REPOSITORY = Path(__file__).parents[2]
CRD_FOLDER = REPOSITORY / "crds"
CRD_NAME = "labelingrounds.labelround.dev"
CRD = f"crd/{CRD_NAME}"
SERVICE_ACCOUNT = "system:serviceaccount:"
KUBECTL_SECONDS = 120
READY_SECONDS = 120

Ended = subprocess.CompletedProcess[str]


class ControlPlane:
    """The API of a cluster that is there already. A subclass owns its processes and can do more."""

    def __init__(self, kubeconfig: Path, kubectl: Path, folder: Path) -> None:
        self.kubeconfig = kubeconfig
        self.folder = folder
        self._kubectl = kubectl
        self._cluster: KubernetesCluster | None = None

    @property
    def url(self) -> str:
        """Where the API is."""
        content = _read(self.kubeconfig)
        context = _named(content["contexts"], content["current-context"])["context"]
        return str(_named(content["clusters"], context["cluster"])["cluster"]["server"])

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use the cluster as its administrator; kubectl and labelround are on the PATH."""
        path = os.pathsep.join([str(Path(sys.executable).parent), str(self._kubectl.parent), os.environ["PATH"]])
        return {"KUBECONFIG": str(self.kubeconfig), "PATH": path, "HOME": str(self.folder), "KUBERC": "off"}

    @property
    def authority(self) -> Authority:
        """Signs what a server or a client of the cluster shows."""
        _needs_own()

    def cluster(self) -> KubernetesCluster:
        """The product's client, as the administrator."""
        if self._cluster is None:
            self._cluster = KubernetesCluster(connect(kubeconfig=str(self.kubeconfig)))
        return self._cluster

    def kubectl(self, *words: str | Path, input: str | None = None, check: bool = True, **more: str) -> Ended:
        """Run kubectl as the administrator, with `more` in its environment; it must succeed unless `check` is False."""
        ended = subprocess.run(
            [self._kubectl, *words],
            env=self.environment | more,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            timeout=KUBECTL_SECONDS,
        )
        if check and ended.returncode:
            pytest.fail(f"kubectl {' '.join(map(str, words))}: {ended.stderr}")
        return ended

    def install_crd(self) -> None:
        """Apply the CustomResourceDefinition; the API serves it on return."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", CRD_FOLDER)
        wait = ("wait", "--for=condition=Established", CRD, f"--timeout={READY_SECONDS}s")
        until(lambda: not self.kubectl(*wait, check=False).returncode, "the definition is taken")  # no status at first
        self.wait_until_served()

    def wait_until_served(self) -> None:
        """Returns when clients that ask which kinds there are learn of LabelingRound."""
        until(self._served, "the API tells of LabelingRound", READY_SECONDS)

    def _served(self) -> bool:
        return "labelingrounds" in self.kubectl("api-resources", "--api-group=labelround.dev", "-o", "name").stdout

    def user_kubeconfig(self, name: str, groups: Sequence[str] = ()) -> Path:
        """The kubeconfig of another user. `system:serviceaccount:NAMESPACE:NAME` gets a token of that ServiceAccount,
        which must exist."""
        if not name.startswith(SERVICE_ACCOUNT):
            return self._plain_user(name, tuple(groups))
        namespace, account = name.removeprefix(SERVICE_ACCOUNT).split(":")
        token = self.kubectl("create", "token", account, "-n", namespace, "--duration=24h").stdout.strip()
        return self.kubeconfig_for(name, {"token": token})

    def kubeconfig_for(self, name: str, user: Mapping[str, str], url: str = "") -> Path:
        """A kubeconfig with these credentials; `url` may lead through a proxy."""
        content = _read(self.kubeconfig)
        context = _named(content["contexts"], content["current-context"])["context"]
        server = _named(content["clusters"], context["cluster"])["cluster"] | ({"server": url} if url else {})
        content = kubeconfig(server, user)
        path = self.folder / f"{name.replace(':', '-')}.kubeconfig"
        path.touch(0o600)
        path.write_text(yaml.safe_dump(content), "utf-8")
        return path

    def stop_api(self) -> None:
        """Kill the API server at once, as by a power cut."""
        _needs_own()

    def start_api(self) -> None:
        """Start it again, at the same address and with the same content; it answers on return."""
        _needs_own()

    def audit(self, who: str = "") -> list[Call]:
        """The requests so far of a user, or of the user agents that begin with `who`."""
        _needs_own()

    def close(self) -> None:
        """Leave nothing behind."""

    def _plain_user(self, name: str, groups: tuple[str, ...]) -> Path:
        _needs_own()


def kubeconfig(cluster: Mapping[str, str], user: Mapping[str, str]) -> dict[str, Any]:
    """The content of a file with one cluster and one user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": dict(cluster)}],
        "users": [{"name": "tests", "user": dict(user)}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }


def _needs_own() -> NoReturn:
    pytest.skip("needs a control plane of the tests' own; unset KUBECONFIG or LABELROUND_TEST_CONTEXTS")


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def _named(items: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next(item for item in items if item["name"] == name)
