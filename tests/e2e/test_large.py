"""Large rounds: the pods of an Indexed Job keep to their memory, write what one would, and fail one by one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.ended import check_ended_right, check_labeling_jobs, has_completed
from tests.e2e.installation import ANSWERS, ANSWERS_KEY, TEAM, Installation
from tests.servers.waiting import until
from tests.sizes import FULL, sized

from benchmarks.machine import describe_machine
from benchmarks.sharding.scene import IMAGES as LARGE_IMAGES
from benchmarks.sharding.scene import LABELS, MANIFEST, furnish
from labelround.cluster.api import JOBS, PODS, Object
from labelround.controller.conversion_job import conversion_job_name
from labelround.controller.converter import conversion_key
from labelround.conversionfile import decode, encode
from labelround.dataset.formats import INDEX
from labelround.dataset.sharded.files import ENTRIES, shard_folder
from labelround.decide import ConversionStep
from labelround.spec.parse import parse_round
from labelround.storage import Bucket, Folder

PICTURES = sized(20_000, 200_000)
SECONDS = sized(900.0, 7200.0)
RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / f"node-{PICTURES}.md"
SHARDS = 4
MEMORY_MB = 256
PEAK = re.compile(r"^took .* and at most (\d+) MB of memory$", re.M)
ADVICE = re.compile(r"\((kubectl delete jobs [^)]*)\)")


def test_a_large_round_converts_in_pods_of_256_mib(installation: Installation) -> None:
    """From `kubectl apply` on, to the very bytes of a single pod; no pod is killed or started twice."""
    with large_scene(installation):
        per_pod = PICTURES // SHARDS
        installation.begin(
            "large",
            imagesPrefix=LARGE_IMAGES,
            labels=list(LABELS),
            conversion={"imagesPerPod": per_pod, "parallelism": 2},
        )
        round = installation.wait_for("large", "Succeeded", "Failed", "Stalled", seconds=SECONDS)
        assert round["status"]["phase"] == "Succeeded", installation.story("large")
        check_labeling_jobs(installation, "large")
        until(lambda: all(map(has_completed, installation.conversions("large"))), "the Jobs are counted")
        pods = installation.conversion_pods("large")
        single = convert_in_one_pod(installation, round)

    status = round["status"]
    assert status["images"]["total"] == status["images"]["labeled"] + status["images"]["empty"] == PICTURES
    assert (status["conversion"]["shards"], status["conversion"]["done"]) == (SHARDS, SHARDS)
    assert [pod["status"]["phase"] for pod in pods] == ["Succeeded"] * (1 + SHARDS + 1)
    assert limits(pods) == {f"{MEMORY_MB}Mi"}
    taken = [Taken.by(pod, installation.kubectl("logs", "-n", TEAM, pod["metadata"]["name"])) for pod in pods]
    assert max(each.megabytes for each in taken) < MEMORY_MB
    with installation.store() as server:
        bucket = server.buckets.open("pens")
        sharded = digests(bucket, "rounds/large/yolo_annot_files/")
        assert len(sharded) > PICTURES
        assert sharded == digests(bucket, single)
    if FULL:
        RESULT.write_text(page(round, sorted(taken), describe_machine()), encoding="utf-8")


@contextmanager
def large_scene(installation: Installation) -> Iterator[None]:
    """Many pictures, and workers who know them all and take no time."""
    with installation.store() as server:
        scene = furnish(server.buckets.open("pens"), PICTURES)
        content = scene.bucket.read(MANIFEST)
        server.buckets.open(ANSWERS).write(ANSWERS_KEY, content)
    try:
        installation.install(delay=0)
        yield
    finally:
        with installation.store() as server:
            server.buckets.open(ANSWERS).write(ANSWERS_KEY, installation.answers or b"")
        installation.install()


def convert_in_one_pod(installation: Installation, round: Object) -> str:
    """Run the same conversion as a single pod, into another folder of the bucket; the folder."""
    folder, parsed = "single/", parse_round(round)
    with installation.store() as server:
        bucket = server.buckets.open("pens")
        prepared = decode(bucket.read(conversion_key(parsed)), server.buckets, "conversion.json")
        tables = {job: Folder(bucket, f"{folder}{job}/") for job in prepared.job_tables}
        one = replace(prepared, output=Folder(bucket, f"{folder}dataset/"), job_tables=tables, shards=1)
        bucket.write(f"{folder}conversion.json", encode(one))
    finish = installation.cluster.get(JOBS, TEAM, conversion_job_name(parsed, ConversionStep.FINISH))
    spec = finish["spec"]["template"]["spec"]
    spec["containers"][0]["command"] = ["labelround", "conversion", f"s3://pens/{folder}conversion.json"]
    spec["containers"][0]["resources"] = {}
    metadata = {"name": "single", "namespace": TEAM}
    installation.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def phase() -> str:
        return str(installation.cluster.get(PODS, TEAM, "single")["status"]["phase"])

    until(lambda: phase() in {"Succeeded", "Failed"}, lambda: f"the pod ends: {installation.logs(TEAM)}", SECONDS)
    assert phase() == "Succeeded", installation.kubectl("logs", "-n", TEAM, "single")
    return f"{folder}dataset/"


def limits(pods: list[Object]) -> set[str]:
    return {pod["spec"]["containers"][0]["resources"]["limits"]["memory"] for pod in pods}


@dataclass(frozen=True, order=True)
class Taken:
    """What a pod has taken: when its container started, how many seconds it ran, and its most memory."""

    start: str
    seconds: float
    megabytes: int

    @classmethod
    def by(cls, pod: Object, log: str) -> Taken:
        """As Kubernetes and the log of the pod say."""
        (container,) = pod["status"]["containerStatuses"]
        ended = container["state"]["terminated"]
        start, end = (datetime.fromisoformat(ended[name]) for name in ("startedAt", "finishedAt"))
        found = PEAK.search(log)
        assert found, log
        return cls(ended["startedAt"], (end - start).total_seconds(), int(found[1]))


def page(round: Object, taken: list[Taken], machine: str) -> str:
    """What a full run has found, as Markdown."""
    status = round["status"]
    start, end = (datetime.fromisoformat(status[name]) for name in ("startTime", "completionTime"))
    first = datetime.fromisoformat(taken[0].start)
    steps = ["index", *(["shard"] * SHARDS), "finish"]
    rows = "".join(
        f"| {step} | {each.seconds:.0f} | {each.megabytes} |\n" for step, each in zip(steps, taken, strict=True)
    )
    return f"""# A round of {PICTURES:,} images on a node

`make slow`, {datetime.now(UTC):%Y-%m-%d}. {machine}

A LabelingRound on a node of this machine, with an S3 server and simulated workers beside it in the cluster. It has
{len(status["labelingJobs"])} labeling jobs, and pictures of 96 x 72 whose headers are read. From its start to its end
it took {(end - start).total_seconds():.0f} seconds, {(end - first).total_seconds():.0f} of them from the start of the
first pod of its conversion on. Each pod had a memory limit of {MEMORY_MB} MiB, and two shards ran at once. No pod was
killed or started again, and the dataset is byte for byte that of a single pod.

| pod | seconds | most memory, MB |
| --- | ---: | ---: |
{rows}"""


def digests(bucket: Bucket, folder: str) -> dict[str, str | None]:
    """Hashes of all objects below a folder, by the rest of their key."""
    return {meta.key.removeprefix(folder): meta.etag for meta in bucket.list(folder)}


def test_a_shard_fails_for_ever(installation: Installation) -> None:
    """The others' work is kept, the message names it, and its advice helps."""
    dataset = "rounds/shard/yolo_annot_files/"
    images, broken = f"{dataset}{shard_folder(SHARDS - 1)}/{ENTRIES}", b"broken"
    installation.begin("shard", conversion={"imagesPerPod": 4, "parallelism": 1})
    with installation.store() as server:
        bucket = server.buckets.open("pens")
        until(lambda: bucket.exists(dataset + INDEX), lambda: installation.story("shard"), 240)
        bucket.write(images, broken)
        stalled = installation.wait_for("shard", "Stalled", seconds=400)
        done = {meta.key: meta.modified for meta in bucket.list(f"{dataset}labels/")}
        bucket.delete(images)  # as the message says, too
    (message,) = (each["message"] for each in stalled["status"]["conditions"] if each["type"] == "Stalled")
    (command,) = ADVICE.findall(message)
    installation.kubectl(*shlex.split(command)[1:])

    check_ended_right(installation, "shard")

    assert "1 of 4 shards: shard 3 (images 12 to 15 of 15)" in message
    assert stalled["status"]["conversion"]["done"] == SHARDS - 1
    assert len(done) == 11
    with installation.store() as server:
        kept = {meta.key: meta.modified for meta in server.buckets.open("pens").list(f"{dataset}labels/")}
    assert {key: kept[key] for key in done} == done
