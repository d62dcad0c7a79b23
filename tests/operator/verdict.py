"""Whether a round ended as if nothing had happened: the same bytes as a local run, each effect once, no remains."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from tests.operator.world import World
from tests.round.world import World as LocalWorld
from tests.servers.waiting import until

from labelround.cluster.api import Object
from labelround.server import Faults
from labelround.spec.parse import parse_round

# What a labeling service writes for itself; its names hold times.
SERVICE_FILES = re.compile(r"ground_truth_annots/[^/]+/annotations/")
CONVERSION_FILE = re.compile(r"(^|/)conversion(-[^/]+)?\.json$")


class Stored(Protocol):
    """Wherever a round has run: what the workers answer, and what lies in the bucket."""

    answers: bytes | None
    faults: Faults

    def objects(self, prefix: str = "") -> dict[str, bytes]: ...


def check_ended_right(world: World, name: str = "pens-1") -> None:
    """The round has succeeded, and nobody can tell that anything went wrong meanwhile."""
    assert world.status(name)["phase"] == "Succeeded", world.story(name)
    round = without_finalizer(world, name)
    check_one_labeling_job_each(world, round)
    check_one_conversion(world, round)
    check_events(world, name)
    check_objects(world, round)


def without_finalizer(world: World, name: str) -> Object:
    """An ended round can be deleted by whoever wants to, from a moment after its end on."""
    until(lambda: "finalizers" not in world.get(name)["metadata"], f"{name} is let go")
    return world.get(name)


def check_one_labeling_job_each(world: World, round: Object) -> None:
    """The service made each job once, and has none of the round's that its status does not know."""
    planned = [job["name"] for job in round["status"]["labelingJobs"]]
    created = Counter(
        json.loads(seen.sent)["LabelingJobName"] for seen in world.labeling.succeeded("CreateLabelingJob")
    )
    uid = round["metadata"]["uid"]
    described = [
        world.labeling_client.describe_labeling_job(LabelingJobName=job["LabelingJobName"]) for job in world.jobs()
    ]
    ours = [job["LabelingJobName"] for job in described if {"Key": "labelround.dev/uid", "Value": uid} in job["Tags"]]
    assert sorted(ours) == sorted(planned)
    assert {job: created[job] for job in planned} == dict.fromkeys(planned, 1)


def check_one_conversion(world: World, round: Object) -> None:
    """One Job, or three for one in shards; each made once, with one pod for each thing to do, which ended well."""
    uid = round["metadata"]["uid"]

    def owned() -> list[Object]:
        return [job for job in world.conversions() if uid in _owners(job)]

    def complete(job: Object) -> bool:
        """Kubernetes counts the last pod after the dataset is in the bucket."""
        return bool(job["status"].get("succeeded") == job["spec"]["completions"])

    until(lambda: all(map(complete, owned())), lambda: f"the Jobs have succeeded: {owned()}")
    assert len(owned()) == (3 if round["status"]["conversion"]["shards"] > 1 else 1)
    posted = [json.loads(seen.sent)["metadata"]["name"] for seen in world.kubernetes.succeeded("create jobs")]
    for job in owned():
        # none, when whoever asked was dead before the answer came
        assert posted.count(job["metadata"]["name"]) <= 1, posted
        pods = [pod for pod in world.pods() if job["metadata"]["uid"] in _owners(pod)]
        assert [pod["status"]["phase"] for pod in pods] == ["Succeeded"] * job["spec"]["completions"]


def check_events(world: World, name: str) -> None:
    """Nothing is told twice in a row, and the last word is the success."""
    told = [(event["type"], event["reason"], event["message"]) for event in world.events(name)]
    assert [first for first, second in pairwise(told) if first == second] == []
    assert told[-1][:2] == ("Normal", "DatasetReady"), told


def check_objects(world: Stored, round: Object) -> None:
    """The round's folder holds what a local run leaves, byte for byte, and the file that the pod read."""
    expected = undisturbed(world, round)
    found = _compared(world.objects(parse_round(round).prefix))
    assert set(found) == set(expected)
    assert {key: content for key, content in found.items() if expected[key] != content} == {}


def undisturbed(world: Stored, round: Object) -> dict[str, bytes]:
    """The round's folder after the same round was run locally."""
    document = {
        "apiVersion": round["apiVersion"],
        "kind": round["kind"],
        "metadata": {name: round["metadata"][name] for name in ("name", "namespace", "uid")},
        "spec": {**round["spec"], "suspend": False},
    }
    with tempfile.TemporaryDirectory() as folder:
        local = LocalWorld(Path(folder), answers=world.answers, faults=world.faults)
        bucket = local.buckets.open(document["spec"]["bucket"])
        for key, content in world.objects(document["spec"]["imagesPrefix"]).items():
            bucket.write(key, content)
        status = local.run(document)
        assert status["phase"] == "Succeeded", status
        return _compared({meta.key: bucket.read(meta.key) for meta in bucket.list(parse_round(round).prefix)})


def _compared(objects: Mapping[str, bytes]) -> dict[str, bytes]:
    """All but what holds times or is the operator's alone; output manifests and what was drawn are in the dataset."""
    kept = {}
    for key, content in objects.items():
        if SERVICE_FILES.search(key) or CONVERSION_FILE.search(key):
            continue
        kept[key] = b"" if key.endswith("/output.manifest") else content
    return kept


def _owners(body: Mapping[str, Any]) -> list[str]:
    return [owner["uid"] for owner in body["metadata"].get("ownerReferences", ())]
