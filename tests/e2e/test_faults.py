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
    """The round says so and waits for a person, who gives it more; what was labeled is kept."""
    little = {"requests": {"memory": "24Mi"}, "limits": {"memory": "24Mi"}}
    installation.begin("memory", conversion={"resources": little})

    stalled = installation.wait_for("memory", "Stalled")
    installation.begin("memory", conversion={"resources": {"limits": {"memory": "256Mi"}}})
    (job,) = installation.conversions("memory")
    installation.kubectl("delete", "job", "-n", TEAM, job["metadata"]["name"])

    messages = [each["message"] for each in stalled["status"]["conditions"] if each["reason"] == "ConversionBlocked"]
    assert any("memory" in message for message in messages), messages
    check_ended_right(installation, "memory")
