"""A round and a conversion on S3 over HTTP: the command line, a labelround server of its own process, stock clients."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.servers.pens import IMAGES, PENS, pens_bucket
from tests.servers.s3 import S3Server

DATASET = "bounding_box/yolo_annot_files/"
WORKTEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/team"
ROLE = "arn:aws:iam::000000000000:role/labeling"


def labelround(*arguments: str | Path, server: S3Server | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line; on the S3 server when one is given."""
    environment = {**os.environ, **(server.environment if server else {})}
    command = [sys.executable, "-m", "labelround", *map(str, arguments)]
    if server:
        command += ["--s3-endpoint-url", server.url]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


@contextmanager
def labeling_server(server: S3Server, state: Path) -> Iterator[str]:
    """`labelround server` on the buckets of an S3 server, in a process of its own; its address."""
    command = [sys.executable, "-m", "labelround", "server", "--s3-endpoint-url", server.url]
    options: list[str | Path] = ["--database", state / "server.db", "--answers", PENS / "answers.manifest"]
    with (state / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, **server.environment},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(timeout=30)


def on_a_folder(root: Path) -> Mapping[str, Any]:
    """The status of the same round run on folders of this machine."""
    (root / "pens" / "bounding_box").mkdir(parents=True)
    (root / "pens" / IMAGES).symlink_to(PENS / "pictures")
    ended = labelround(
        "run", "-f", PENS / "round.yaml", "--root", root, "--answers", PENS / "answers.manifest", "-o", "json"
    )
    assert ended.returncode == 0, ended.stderr
    status: Mapping[str, Any] = json.loads(ended.stdout)["status"]
    return status


def test_a_round_on_s3_ends_with_the_dataset_that_it_has_on_a_folder(server: S3Server, tmp_path: Path) -> None:
    """Pictures in S3, workers behind the labeling API: the same boxes, byte for byte."""
    bucket = pens_bucket(server)

    with labeling_server(server, tmp_path) as endpoint:
        options = ["--sagemaker-endpoint-url", endpoint, "--role-arn", ROLE, "--workteam", WORKTEAM]
        own: list[str | Path] = ["--state-dir", tmp_path / "state", "--poll-seconds", "0.1", "-o", "json"]
        ended = labelround("run", "-f", PENS / "round.yaml", *options, *own, server=server)

    assert ended.returncode == 0, ended.stderr
    status = json.loads(ended.stdout)["status"]
    assert status["phase"] == "Succeeded"
    assert status["dataset"]["digest"] == on_a_folder(tmp_path / "folder")["dataset"]["digest"]
    assert {"data.yaml", "train.txt", "val.txt", "report.json", "labels/meeting #3.txt", "labels/연필 두 자루.txt"} <= {
        meta.key.removeprefix(DATASET) for meta in bucket.list(DATASET)
    }


def test_a_manifest_in_s3_becomes_a_dataset_in_s3(server: S3Server, tmp_path: Path) -> None:
    """`convert` from s3:// to s3:// writes what it writes to a folder."""
    bucket, target = pens_bucket(server), server.new_bucket()
    bucket.write("jobs/output #1.manifest", (PENS / "answers.manifest").read_bytes())
    common = ["--labels", "pencil,pen", "--images-prefix", f"s3://pens/{IMAGES}"]

    remote = labelround(
        "convert", "s3://pens/jobs/output #1.manifest", *common, "--output", f"s3://{target.name}/set/", server=server
    )
    local = labelround("convert", PENS / "answers.manifest", *common, "--output", tmp_path / "set", "--no-check-images")

    assert remote.returncode == 0, remote.stderr
    assert local.returncode == 0, local.stderr
    written = {meta.key.removeprefix("set/"): target.read(meta.key) for meta in target.list("set/")}
    for path in (tmp_path / "set" / "labels").rglob("*.txt"):
        assert written[path.relative_to(tmp_path / "set").as_posix()] == path.read_bytes()
    assert written["data.yaml"] == (tmp_path / "set" / "data.yaml").read_bytes()


def test_a_dataset_in_s3_is_pulled_ready_to_train(server: S3Server, tmp_path: Path) -> None:
    """Images beside their labels under the dataset's names, and `validate` has nothing to say."""
    pens_bucket(server)
    target = f"s3://{server.new_bucket().name}/set/"
    manifest = PENS / "answers.manifest"
    made = labelround("convert", manifest, "--labels", "pencil,pen", "--output", target, server=server)
    assert made.returncode == 0, made.stderr

    pulled = labelround("pull", target, tmp_path / "set", server=server)

    assert pulled.returncode == 0, pulled.stderr
    images = {path.relative_to(tmp_path / "set" / "images") for path in (tmp_path / "set" / "images").rglob("*.*")}
    labels = {path.relative_to(tmp_path / "set" / "labels") for path in (tmp_path / "set" / "labels").rglob("*.txt")}
    assert {image.with_suffix(".txt") for image in images} == labels
    assert labelround("validate", tmp_path / "set").returncode == 0


@pytest.mark.minio
def test_push_fills_a_bucket_that_run_reads(minio_server: S3Server) -> None:
    """Every picture of the folder arrives, under its own name."""
    bucket = minio_server.new_bucket()

    pushed = labelround("push", PENS / "pictures", f"s3://{bucket.name}/set/images/", server=minio_server)

    assert pushed.returncode == 0, pushed.stderr
    assert {meta.key.removeprefix("set/images/") for meta in bucket.list("set/images/")} == {
        path.relative_to(PENS / "pictures").as_posix() for path in (PENS / "pictures").rglob("*") if path.is_file()
    }
