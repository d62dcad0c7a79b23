"""What goes wrong on a node. However it goes wrong, the round ends with the bytes of a local run, each effect once."""

from __future__ import annotations

import random
import threading
import time

import pytest
from tests.e2e.ended import check_ended_right
from tests.e2e.installation import STORAGE, SYSTEM, TEAM, Installation
from tests.servers.waiting import until
from tests.sizes import sized

INDEX = "batch.kubernetes.io/job-completion-index"
NOW = ("--grace-period=0", "--force", "--wait=false", "--ignore-not-found")


def test_the_operator_is_killed_at_random(installation: Installation) -> None:
    """Again and again, from the first look at the round until its dataset is there."""
    chance = random.Random(6)  # noqa: S311 no secret
    pause, kills = threading.Event(), 0
    installation.begin("killed")

    end = time.monotonic() + 240
    while installation.phase("killed") not in {"Succeeded", "Failed"} and time.monotonic() < end:
        installation.kubectl("delete", "-n", SYSTEM, *installation.operator_pods(), *NOW)
        kills += 1
        pause.wait(chance.uniform(2, 12))

    assert kills > 1
    check_ended_right(installation, "killed")


def test_containerd_is_killed(installation: Installation) -> None:
    """While the workers work, and again while the conversion is under way; the pods live on."""
    restart = installation.place.restart
    if restart is None:
        pytest.skip("the nodes of this cluster are not ours")
    installation.begin("containerd")
    installation.wait_for("containerd", "Labeling")

    restart("containerd")
    until(lambda: installation.conversion_pods("containerd"), lambda: installation.story("containerd"), 240)
    restart("containerd")

    check_ended_right(installation, "containerd")


def test_the_pod_of_a_conversion_is_killed(installation: Installation) -> None:
    """As soon as it runs; the next one finishes the work."""
    installation.begin("converted")

    def running() -> list[str]:
        pods = installation.conversion_pods("converted")
        return [pod["metadata"]["name"] for pod in pods if pod["status"]["phase"] == "Running"]

    (first,) = until(running, lambda: installation.story("converted"), 240)
    installation.kubectl("delete", "pod", "-n", TEAM, first, *NOW)

    check_ended_right(installation, "converted")
    assert first not in {pod["metadata"]["name"] for pod in installation.conversion_pods("converted")}


def test_the_first_pod_of_each_shard_is_killed(installation: Installation) -> None:
    """As soon as it runs; its index gets another pod, and the parts that are written stay."""
    installation.begin("shards", conversion={"imagesPerPod": 4, "parallelism": 2})
    killed: dict[str, str] = {}

    def kill() -> bool:
        for pod in installation.conversion_pods("shards"):
            name, index = pod["metadata"]["name"], pod["metadata"].get("labels", {}).get(INDEX)
            if index is not None and index not in killed and pod["status"]["phase"] == "Running":
                installation.kubectl("delete", "pod", "-n", TEAM, name, *NOW)
                killed[index] = name
        return installation.phase("shards") in {"Succeeded", "Failed"}

    until(kill, lambda: installation.story("shards"), 400)

    conversion = installation.get("shards")["status"]["conversion"]
    assert (conversion["shards"], conversion["done"]) == (4, 4)
    assert len(killed) > 1
    check_ended_right(installation, "shards")


def test_s3_is_away(installation: Installation) -> None:
    """For a minute, as operator, workers and conversion all need it: they wait, and nothing fails."""
    installation.begin("outage")
    installation.wait_for("outage", "Labeling")

    away(installation, sized(15.0, 60.0))

    check_ended_right(installation, "outage")


def away(installation: Installation, seconds: float) -> None:
    """Nothing answers at the address of the S3 server, and who was connected is cut off."""

    def select(app: str) -> None:
        patch = f'{{"spec": {{"selector": {{"app": "{app}"}}}}}}'
        installation.kubectl("patch", "service", "minio", "-n", STORAGE, "-p", patch)

    select("nobody")
    installation.control_plane.kubectl(
        "exec", "-n", STORAGE, "deployment/minio", "--", "sh", "-c", "kill 1", check=False
    )
    threading.Event().wait(seconds)
    select("minio")
    installation.rolled_out(STORAGE, "deployment/minio")


def test_a_conversion_meets_its_memory_limit(installation: Installation) -> None:
    """The round says so and waits for the platform team, which gives it more; what was labeled is kept."""
    installation.install(memory="24Mi")
    installation.begin("memory")

    stalled = installation.wait_for("memory", "Stalled")
    installation.install()
    (job,) = installation.conversions("memory")
    installation.kubectl("delete", "job", "-n", TEAM, job["metadata"]["name"])

    messages = [each["message"] for each in stalled["status"]["conditions"] if each["reason"] == "ConversionBlocked"]
    assert any("memory" in message for message in messages), messages
    check_ended_right(installation, "memory")
