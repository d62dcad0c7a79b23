"""A whole round whose conversion is a Job, beside the same round in one process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.controller.memory_cluster import MemoryCluster
from tests.round.world import BUCKET, World, condition, furnished

from labelround.cluster.api import JOBS, PODS, Object
from labelround.controller.converter import JobConverter
from labelround.controller.pod_template import PodSettings
from labelround.decide import Action
from labelround.reconcile import Reconciler
from labelround.spec.parse import parse_round

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
POLL_SECONDS = 0.02
DATASET = {"previews": 1, "images": "Copy"}


class Kubelet:
    """Runs the pod of a Job as a process of this machine: its very command, over a copy of the bucket on disk."""

    def __init__(self, world: World, cluster: MemoryCluster, path: Path) -> None:
        self._world, self._cluster, self._path = world, cluster, path

    def run(self, job: Object) -> None:
        """Run it to its end and say so in its status, as kubelet and Job controller would."""
        container = job["spec"]["template"]["spec"]["containers"][0]
        log = self._path / "termination-log"
        before = self._download()
        ended = subprocess.run(
            [sys.executable, "-m", *container["command"], "--root", self._path],
            env=ENVIRONMENT | {"LABELROUND_TERMINATION_LOG": str(log)}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        self._upload(before)
        message = log.read_text(encoding="utf-8") if log.exists() else ""
        self._pod(job, ended.returncode, message)
        ends = {0: ("Complete", ""), 3: ("Failed", "PodFailurePolicy")}
        kind, reason = ends.get(ended.returncode, ("Failed", "BackoffLimitExceeded"))
        status = {"conditions": [{"type": kind, "status": "True", "reason": reason}], "startTime": "now"}
        self._cluster.patch(
            JOBS, job["metadata"]["namespace"], job["metadata"]["name"], {"status": status}, subresource="status"
        )

    def _download(self) -> dict[str, bytes]:
        objects = {key: self._world.bucket.read(key) for key in self._world.objects()}
        for key, content in objects.items():
            path = self._path / BUCKET / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return objects

    def _upload(self, before: Mapping[str, bytes]) -> None:
        root = self._path / BUCKET
        after = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for key in before.keys() - after.keys():
            self._world.bucket.delete(key)
        for key, content in after.items():
            if before.get(key) != content:
                self._world.bucket.write(key, content)

    def _pod(self, job: Object, exit_code: int, message: str) -> None:
        state = {"terminated": {"exitCode": exit_code, "reason": "Error", "message": message}}
        labels = {"batch.kubernetes.io/controller-uid": job["metadata"]["uid"]}
        self._cluster.put(
            PODS, job["metadata"]["namespace"],
            {
                "metadata": {"name": f"{job['metadata']['name']}-x7k2p", "labels": labels},
                "status": {"phase": "Failed", "containerStatuses": [{"name": "conversion", "state": state}]},
            },
        )  # fmt: skip


def run_in_a_job(world: World, document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Reconcile the round to its end, with a cluster in memory for its conversion; the last status."""
    cluster = MemoryCluster()
    kubelet = Kubelet(world, cluster, path)
    with world.reconciler() as reconciler:
        reconciler.converter = JobConverter(cluster, world.buckets, PodSettings("labelround:1"))
        return _until_it_ends(reconciler, document, cluster, kubelet)


def _until_it_ends(
    reconciler: Reconciler, document: Mapping[str, Any], cluster: MemoryCluster, kubelet: Kubelet
) -> Mapping[str, Any]:
    round, pause = parse_round(document), threading.Event()
    status: Mapping[str, Any] = {}
    while True:
        result = reconciler.reconcile(round, status)
        status = result.status
        assert result.error is None
        if result.decision is None or result.decision.action in {Action.NOTHING, Action.STALL}:
            return status
        for job in cluster.all(JOBS):
            if "status" not in job:
                kubelet.run(job)
        if result.decision.action is Action.WAIT:
            pause.wait(POLL_SECONDS)


def written(world: World) -> dict[str, bytes]:
    """Every object that the conversion writes: the dataset, and the tables of jobs."""
    keys = {key for key in world.objects() if key.startswith("pens/yolo_annot_files/") or key.endswith("annot.csv")}
    return {key: world.bucket.read(key) for key in keys}


@pytest.mark.parametrize("spec", [{"dataset": DATASET}, {"outputFormat": "Darknet"}], ids=["yolo", "darknet"])
def test_a_job_writes_what_a_local_run_writes(tmp_path: Path, spec: dict[str, Any]) -> None:
    """Byte for byte, report, claim, previews and copies included; and the status says the same of the dataset."""
    local, clustered = furnished(tmp_path / "local"), furnished(tmp_path / "clustered")
    document = local.document(**spec)
    expected = local.run(document)

    status = run_in_a_job(clustered, document, tmp_path / "node")

    assert written(clustered) == written(local)
    assert status["phase"] == "Succeeded"
    assert status["dataset"] == expected["dataset"]


def test_wrong_input_fails_the_round_in_the_same_words(tmp_path: Path) -> None:
    """The adopted job knows a class that the round does not: the pod finds it, and its exit code and message tell."""
    world = furnished(tmp_path / "world")
    job = world.run()["labelingJobs"][0]["name"]
    document = world.document(outputPrefix="pens/adopted", labelingJob={"adopt": job}, labels=["pen"])

    in_a_job = run_in_a_job(world, document, tmp_path / "node")
    expected = world.run({**document, "metadata": {"name": "adopting"}})

    told, message = condition(in_a_job, "Succeeded"), condition(expected, "Succeeded")["message"]
    assert in_a_job["phase"] == expected["phase"] == "Failed"
    assert (told["reason"], told["message"]) == ("ConversionFailed", message)
    assert "pencil" in message
