"""A control plane of real Kubernetes as processes on loopback ports: etcd, the API server and its controllers."""

from __future__ import annotations

import os
import ssl
import urllib.request
from pathlib import Path

import pytest
import yaml
from tests.cluster.access import CRD, READY_SECONDS, ControlPlane, kubeconfig
from tests.cluster.audit import POLICY, Call, calls
from tests.cluster.pki import Authority, Identity
from tests.cluster.processes import ProcessFamily, free_port
from tests.cluster.programs import Programs
from tests.servers.waiting import until

ADMINISTRATORS = ("system:masters",)
CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "job-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "ttl-after-finished-controller",
)


class OwnControlPlane(ControlPlane):
    """One with the CustomResourceDefinition installed. RBAC is on, and every request is in the audit log.

    The job controller waits for tenths of a second where it commonly waits for seconds.
    """

    def __init__(self, programs: Programs, *, controllers: bool = True) -> None:
        self._family = ProcessFamily("cluster")
        folder = self._family.folder
        super().__init__(folder / "admin.kubeconfig", programs.kubectl, folder)
        self._programs = programs
        self._port, self._etcd_port, self._peer_port = free_port(), free_port(), free_port()
        self._authority = Authority(folder / "pki")
        self._server, self._token_key = self._authority.server(), self._authority.signing_key()
        self._policy = folder / "audit-policy.yaml"
        self._policy.write_text(POLICY, "utf-8")
        self._write_kubeconfig(self.kubeconfig, self._authority.user("admin", ADMINISTRATORS))
        try:
            self._start_etcd()
            self.start_api()
            self.install_crd()  # before the controllers, whose garbage collector looks for new kinds twice a minute
            if controllers:
                self._start_controllers()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def authority(self) -> Authority:
        return self._authority

    def stop_api(self) -> None:
        self._family.kill("kube-apiserver")

    def start_api(self) -> None:
        self._family.start("kube-apiserver", self._api_command(), _plain_environment())
        context = ssl.create_default_context(cafile=str(self._authority.file))

        def ready() -> bool:
            if not self._family.runs("kube-apiserver"):
                self._fail("kube-apiserver")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5, context=context):  # noqa: S310 a loopback server
                    return True
            except OSError:
                return False

        until(ready, f"the API answers (see {self._family.log('kube-apiserver')})", READY_SECONDS)
        if self.kubectl("get", CRD, check=False).returncode == 0:
            self.wait_until_served()

    def audit(self, who: str = "") -> list[Call]:
        return calls(self._family.folder / "audit.log", who)

    def log(self, program: str) -> str:
        """The log of etcd, kube-apiserver or kube-controller-manager."""
        return self._family.log(program).read_text("utf-8", "replace")

    def close(self) -> None:
        self._family.close()

    def _plain_user(self, name: str, groups: tuple[str, ...]) -> Path:
        return self._write_kubeconfig(
            self._family.folder / f"{name.replace(':', '-')}.kubeconfig", self._authority.user(name, groups)
        )

    def _write_kubeconfig(self, path: Path, who: Identity) -> Path:
        cluster = {"server": self.url, "certificate-authority": str(self._authority.file)}
        user = {"client-certificate": str(who.certificate), "client-key": str(who.key)}
        path.write_text(yaml.safe_dump(kubeconfig(cluster, user)), "utf-8")
        return path

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{self._peer_port}"
        command: list[str | Path] = [
            self._programs.etcd,
            f"--data-dir={self._family.folder / 'etcd'}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]
        self._family.start("etcd", command, _plain_environment())

    def _api_command(self) -> list[str | Path]:
        folder = self._family.folder
        return [
            self._programs.api_server,
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            f"--secure-port={self._port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={self._server.certificate}",
            f"--tls-private-key-file={self._server.key}",
            f"--client-ca-file={self._authority.file}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={self._token_key}",
            f"--service-account-signing-key-file={self._token_key}",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--kubelet-preferred-address-types=InternalIP",
            f"--audit-policy-file={self._policy}",
            f"--audit-log-path={folder / 'audit.log'}",
        ]

    def _start_controllers(self) -> None:
        folder = self._family.folder
        identity = self._authority.user("system:kube-controller-manager", ADMINISTRATORS)
        credentials = self._write_kubeconfig(folder / "controllers.kubeconfig", identity)
        command: list[str | Path] = [
            self._programs.controllers,
            f"--kubeconfig={credentials}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--leader-elect=false",
            "--secure-port=0",
            f"--service-account-private-key-file={self._token_key}",
            f"--root-ca-file={self._authority.file}",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ]
        self._family.start("kube-controller-manager", command, _plain_environment())

        def working() -> bool:
            if not self._family.runs("kube-controller-manager"):
                self._fail("kube-controller-manager")
            return self.kubectl("get", "serviceaccount", "default", "-n", "default", check=False).returncode == 0

        until(working, "the controllers give the default namespace its ServiceAccount", READY_SECONDS)

    def _fail(self, program: str) -> None:
        pytest.fail(f"{program} has ended:\n{self.log(program)[-3000:]}")


def _plain_environment() -> dict[str, str]:
    """Nothing of the environment of the tests, such as a proxy, may reach the programs."""
    return {"PATH": os.environ["PATH"]}
