"""labelround as a platform team installs it, with an S3 server and simulated workers beside it in the cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.chart.helm import CHART, Helm
from tests.cluster.access import CRD_NAME, ControlPlane
from tests.cluster.fixtures import release_rounds
from tests.e2e.place import IMAGE, Place
from tests.e2e.tunnel import tunnel
from tests.operator.installation import REGION, ROLE, WORKTEAM
from tests.servers.pens import IMAGES, PENS
from tests.servers.s3 import ENVIRONMENT, S3Server
from tests.servers.waiting import until

from labelround.cluster.api import EVENTS, JOBS, PODS, ROUNDS, Object
from labelround.cluster.client import KubernetesCluster
from labelround.server import Faults
from labelround.spec.parse import API_VERSION

SYSTEM, STORAGE, TEAM = "labelround-system", "storage", "team-a"
RELEASE = "labelround"
OPERATOR = "deployment/labelround-operator"
SECRET = "object-store"
OURS = "labelround.dev/tests"
ANSWERS, ANSWERS_KEY = "answers", "answers.manifest"
STORE = f"http://minio.{STORAGE}:9000"
PATIENCE = 240.0
KEYS = {name: ENVIRONMENT[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
MINIO = Path(__file__).parent / "minio" / "minio.yaml"


def values(memory: str, delay: float) -> dict[str, Any]:
    """What the platform team writes: quick where a real installation is patient.

    `memory` limits conversions; `delay` is how many seconds a simulated worker takes for an image.
    """
    repository, _, tag = IMAGE.rpartition(":")
    rule = {
        "namespaces": [TEAM],
        "backend": "own",
        "buckets": [{"name": "pens", "prefixes": [""]}],
        "executionRoleARN": ROLE,
        "workteamARNs": [WORKTEAM],
        "conversionCredentialsSecret": SECRET,
    }
    backend = {
        "name": "own",
        "region": REGION,
        "sagemakerEndpointURL": f"http://labelround-server.{SYSTEM}:8080",
        "s3EndpointURL": STORE,
        "credentialsSecret": SECRET,
    }
    return {
        "clusterName": "e2e",
        "image": {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
        "policy": {"backends": [backend], "rules": [rule]},
        "settings": {
            "pollSeconds": 1,
            "retry": {"maxSeconds": 5},
            "lease": {"durationSeconds": 6, "renewSeconds": 4, "retrySeconds": 1},
        },
        "conversion": {"resources": {"requests": {"cpu": "100m", "memory": "16Mi"}, "limits": {"memory": memory}}},
        "server": {
            "enabled": True,
            "s3": {"endpointURL": STORE, "credentialsSecret": SECRET},
            "simulatedWorkers": {"answers": f"s3://{ANSWERS}/{ANSWERS_KEY}", "delay": delay},
            "persistence": {"enabled": False},
        },
    }


@dataclass
class Installation:
    """All that the tests do with it."""

    place: Place
    helm: Helm
    folder: Path
    answers: bytes | None = field(default_factory=(PENS / "answers.manifest").read_bytes)
    faults: Faults = field(default_factory=Faults)

    @property
    def control_plane(self) -> ControlPlane:
        return self.place.control_plane

    @property
    def cluster(self) -> KubernetesCluster:
        return self.control_plane.cluster()

    def kubectl(self, *words: str | Path, **more: Any) -> str:
        return self.control_plane.kubectl(*words, **more).stdout

    def check_free(self) -> None:
        """Fails where somebody else has labelround, or a namespace of one of these names: all of it will be removed."""
        found = json.loads(self.kubectl("get", "namespaces,customresourcedefinitions", "-o", "json"))["items"]
        there = {each["metadata"]["name"]: each["metadata"].get("labels", {}) for each in found}
        ours = {name for name, labels in there.items() if OURS in labels}
        taken = there.keys() & {SYSTEM, STORAGE, TEAM} - ours
        if CRD_NAME in there and SYSTEM not in ours:
            taken |= {CRD_NAME}
        if taken:
            pytest.fail(f"{', '.join(sorted(taken))}: there already, and not from these tests; use another cluster")

    def prepare(self) -> None:
        """Namespaces that take restricted pods alone, keys, and the S3 server with its pictures and answers."""
        for namespace in (SYSTEM, STORAGE, TEAM):
            labels = {"pod-security.kubernetes.io/enforce": "restricted", OURS: "true"}
            self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})
        for namespace in (SYSTEM, TEAM):
            self.apply(_secret(namespace, SECRET, KEYS))
        root = {"MINIO_ROOT_USER": KEYS["AWS_ACCESS_KEY_ID"], "MINIO_ROOT_PASSWORD": KEYS["AWS_SECRET_ACCESS_KEY"]}
        self.apply(_secret(STORAGE, "minio", root))
        self.kubectl("apply", "-n", STORAGE, "-f", MINIO)
        self.rolled_out(STORAGE, "deployment/minio")
        with self.store() as server:
            for name in ("pens", ANSWERS):
                server.buckets.client.create_bucket(Bucket=name)
            server.buckets.open(ANSWERS).write(ANSWERS_KEY, self.answers or b"")
            for path in sorted((PENS / "pictures").rglob("*")):
                if path.is_file():
                    key = IMAGES + path.relative_to(PENS / "pictures").as_posix()
                    server.buckets.open("pens").write(key, path.read_bytes())

    def install(self, chart: Path = CHART, memory: str = "256Mi", delay: float = 0.5) -> None:
        """`helm upgrade --install`, until all of it is ready."""
        file = self.folder / "values.yaml"
        file.write_text(yaml.safe_dump(values(memory, delay)), "utf-8")
        words = ("upgrade", "--install", RELEASE, chart, "-n", SYSTEM, "-f", file)
        self.helm.run(*words, kubeconfig=self.control_plane.kubeconfig)
        for name in (OPERATOR, "deployment/labelround-server"):
            self.rolled_out(SYSTEM, name)

    def uninstall(self) -> None:
        self.helm.run("uninstall", RELEASE, "-n", SYSTEM, "--wait", kubeconfig=self.control_plane.kubeconfig)

    def remove(self) -> None:
        """Everything goes, the definition too: rounds without an operator are let go first."""
        self.helm.run("uninstall", RELEASE, "-n", SYSTEM, check=False, kubeconfig=self.control_plane.kubeconfig)
        release_rounds(self.cluster, TEAM)
        self.kubectl("delete", "crd", CRD_NAME, "--ignore-not-found")
        self.kubectl("delete", "namespace", SYSTEM, STORAGE, TEAM, "--ignore-not-found", "--wait=false")

    def rolled_out(self, namespace: str, name: str) -> None:
        status = ("rollout", "status", "-n", namespace, name, "--timeout=100s")
        ended = self.control_plane.kubectl(*status, check=False)
        assert ended.returncode == 0, ended.stderr + self.logs(namespace)

    def apply(self, document: Mapping[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", input=yaml.safe_dump(dict(document)))

    @contextmanager
    def store(self) -> Iterator[S3Server]:
        """The S3 server of the cluster, through kubectl."""
        with tunnel(self.control_plane, STORAGE, "service/minio", 9000) as url:
            yield S3Server.at("minio", url)

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """What lies in the bucket, by key."""
        with self.store() as server:
            bucket = server.buckets.open("pens")
            return {meta.key: bucket.read(meta.key) for meta in bucket.list(prefix)}

    def begin(self, name: str, **spec: Any) -> None:
        """`kubectl apply` of the example round under another name, with a folder of its own."""
        document: dict[str, Any] = yaml.safe_load((PENS / "round.yaml").read_text("utf-8"))
        assert document["apiVersion"] == API_VERSION
        document["metadata"] = {"name": name, "namespace": TEAM}
        document["spec"] |= {"prefix": f"rounds/{name}/", **spec}
        self.apply(document)

    def get(self, name: str) -> Object:
        return self.cluster.get(ROUNDS, TEAM, name)

    def phase(self, name: str) -> str:
        return str((self.get(name).get("status") or {}).get("phase", ""))

    def wait_for(self, name: str, *phases: str, seconds: float = PATIENCE) -> Object:
        """The round as soon as its phase is one of these."""
        until(lambda: self.phase(name) in phases, lambda: f"{name} is {phases}; {self.story(name)}", seconds)
        return self.get(name)

    def conversions(self, name: str) -> list[Object]:
        """The Jobs of a round."""
        uid = self.get(name)["metadata"]["uid"]
        return [job for job in self.cluster.list(JOBS, TEAM) if uid in owners(job)]

    def conversion_pods(self, name: str) -> list[Object]:
        jobs = {job["metadata"]["uid"] for job in self.conversions(name)}
        return [pod for pod in self.cluster.list(PODS, TEAM) if jobs & set(owners(pod))]

    def events(self, name: str) -> list[Object]:
        """The Events about a round, oldest first."""
        about = [each for each in self.cluster.list(EVENTS, TEAM) if each["involvedObject"]["name"] == name]
        return sorted(about, key=lambda event: int(event["metadata"]["resourceVersion"]))

    def operator_pods(self) -> list[str]:
        selector = "-lapp.kubernetes.io/component=operator"
        return self.kubectl("get", "pods", "-n", SYSTEM, selector, "-o", "name").split()

    def logs(self, namespace: str) -> str:
        """What the pods of a namespace say, for whoever reads why a test failed."""
        words = ("logs", "-n", namespace, "-l", "app.kubernetes.io/name=labelround", "--tail=40", "--prefix")
        ended = self.control_plane.kubectl(*words, check=False)
        pods = self.kubectl("get", "pods", "-A", "-o", "wide")
        return f"{pods}\n{ended.stdout}{ended.stderr}"

    def story(self, name: str) -> str:
        events = "".join(f"\n  {event['type']} {event['reason']}: {event['message']}" for event in self.events(name))
        status = json.dumps(self.get(name).get("status"), indent=1)
        return f"its status: {status}\nits events:{events}\n{self.logs(TEAM)}\n{self.logs(SYSTEM)}"


def owners(body: Mapping[str, Any]) -> list[str]:
    return [owner["uid"] for owner in body["metadata"].get("ownerReferences", ())]


def _secret(namespace: str, name: str, content: Mapping[str, str]) -> Object:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(content)}
