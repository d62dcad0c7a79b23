"""The servers around the operator, each a process: a Kubernetes API with etcd, the labelround server, MinIO."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.programs import find_programs, tell_on_stderr
from tests.operator.installation import environment as operator_environment
from tests.operator.installation import operator_kubeconfig, settings, write_settings
from tests.round.world import IMAGES, picture
from tests.servers.ports import free_port
from tests.servers.s3 import ENVIRONMENT, S3Server, minio_program, running_minio

from benchmarks.scale.usage import children
from labelround.cluster.api import NAMESPACES, ROUNDS, Object
from labelround.spec.parse import API_VERSION
from labelround.storage import Bucket

NAMESPACE = "fleet"
PICTURES = 10
OPERATOR_USER = "system:serviceaccount:labelround-system:labelround-operator"
# What the tests set shorter than a user would; here every setting has its default.
DEFAULTS = ("workers", "pollSeconds", "resyncSeconds", "relistSeconds", "retry", "deletionPatienceSeconds",
            "apiTimeoutSeconds", "lease")  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """All that a program needs which looks after rounds. `servers` are the process ids by name."""

    control_plane: OwnControlPlane
    s3: S3Server
    bucket: Bucket
    labeling_url: str
    folder: Path
    kubeconfig: Path
    servers: dict[str, int]

    @property
    def audit_log(self) -> Path:
        return self.control_plane.kubeconfig.parent / "audit.log"

    @property
    def request_log(self) -> Path:
        """Where the labelround server notes each request."""
        return self.folder / "requests.jsonl"

    @property
    def database(self) -> Path:
        """Where the labelround server keeps its jobs."""
        return self.folder / "server.db"

    def environment(self, port: int = 0) -> dict[str, str]:
        """That of the measured program."""
        return operator_environment(self.kubeconfig, port, "operator-0", self.folder)

    def operator_settings(self, poll_seconds: float) -> Path:
        """A file of settings in which all that has a default has it, but for the time between two polls."""
        content = settings(NAMESPACE, self.bucket.name, self.labeling_url, self.s3.url)
        kept = {name: value for name, value in content.items() if name not in DEFAULTS}
        return write_settings(
            self.folder / "operator.yaml", kept | {"watch": {"namespaces": []}, "pollSeconds": poll_seconds}
        )

    def create(self, number: int) -> Object:
        """POST one new round. All look at the same pictures, and each has a folder of its own."""
        name = f"round-{number:05}"
        spec = {
            "bucket": self.bucket.name, "imagesPrefix": IMAGES, "prefix": f"rounds/{name}",
            "labels": ["pencil", "pen"], "outputFormat": "YOLO",
        }  # fmt: skip
        body = {"apiVersion": API_VERSION, "kind": ROUNDS.kind, "metadata": {"name": name}, "spec": spec}
        return self.control_plane.cluster().create(ROUNDS, NAMESPACE, body)

    def phases(self) -> dict[str, int]:
        """How many rounds there are in each phase."""
        return dict(Counter(each.get("status", {}).get("phase", "") for each in self._rounds()))

    def behind(self) -> list[str]:
        """The names of the rounds that do not tell how much of their labeling jobs is labeled."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            labeled = dict(connection.execute("SELECT name, labeled FROM labeling_jobs"))
        found = []
        for each in self._rounds():
            status = each.get("status", {})
            counts = [labeled.get(job["name"], 0) for job in status.get("labelingJobs", ())]
            if status.get("progress") != f"{sum(counts)}/{PICTURES}":
                found.append(each["metadata"]["name"])
        return found

    def versions(self) -> dict[str, str]:
        """What is measured, and what stands around it."""
        api: dict[str, str] = json.loads(self.control_plane.kubectl("get", "--raw", "/version").stdout)
        packages = {name: version(name) for name in ("labelround", "kopf", "kubernetes")}
        return packages | {"kube-apiserver": api["gitVersion"], "MinIO": minio_program().name.removeprefix("minio-")}

    def _rounds(self) -> Iterator[Object]:
        return self.control_plane.cluster().list(ROUNDS, NAMESPACE)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Everything is started, and ends with the context. `folder` should be in memory: MinIO writes there."""
    control_plane = OwnControlPlane(find_programs(os.environ, tell_on_stderr), controllers=False)
    home = folder / "minio"
    home.mkdir()
    try:
        with running_minio(home, MINIO_PROMETHEUS_AUTH_TYPE="public") as s3:
            bucket = s3.new_bucket()
            for index in range(PICTURES):
                bucket.write(f"{IMAGES}{index:03}.jpg", picture(20 * index))
            control_plane.cluster().create(NAMESPACES, None, {"metadata": {"name": NAMESPACE}})
            kubeconfig = operator_kubeconfig(control_plane, control_plane.url, "operator")
            with _labeling_server(folder, s3.url) as (url, pid):
                servers = children() | {"labelround server": pid}
                yield Stage(control_plane, s3, bucket, url, folder, kubeconfig, servers)
    finally:
        control_plane.close()


@contextmanager
def _labeling_server(folder: Path, s3_url: str) -> Iterator[tuple[str, int]]:
    """Its address and process id. Nobody labels: what changes, the benchmark changes."""
    command: list[str | Path] = [
        sys.executable, "-m", "labelround", "server", "--s3-endpoint-url", s3_url, "--port", str(free_port()),
        "--database", folder / "server.db", "--request-log", folder / "requests.jsonl",
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=ENVIRONMENT | {"HOME": str(folder)}, stdout=subprocess.PIPE, stderr=log)
    try:
        address = process.stdout.readline() if process.stdout else b""
        yield address.decode().strip(), process.pid
    finally:
        process.terminate()
        process.wait(30)
