"""What a round costs the Kubernetes API and the labeling API, measured by proxies and held against docs/operator.md."""

from __future__ import annotations

import re
import time
from collections import Counter
from math import ceil
from pathlib import Path

import pytest
from tests.cluster.container import Container, Ended
from tests.operator.conftest import NewWorld
from tests.operator.faults import mutating
from tests.operator.stage import answers_below
from tests.operator.world import World
from tests.round.world import picture
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

from labelround.cluster.client import PAGE_SIZE
from labelround.controller import portals
from labelround.controller.lease import LeaseSettings
from labelround.controller.pollers import JITTER
from labelround.controller.settings_fields import SETTINGS
from labelround.controller.watching import SERVER_TIMEOUT_SECONDS
from labelround.conversionfile import decode
from labelround.groundtruth.client import PAGE_SIZE as JOBS_PAGE_SIZE
from labelround.uri import ObjectURI

pytestmark = pytest.mark.minio

DOCUMENT = Path(__file__).parents[2] / "docs" / "operator.md"
SPARE = 3
"""By so many calls a bound of the document may be too high: a quick service shows fewer states in between."""
HOUR_SECONDS = 3600.0
SCALE = 300.0
"""In the tests an hour passes in so many times less."""
IDLE = ("one", "two", "three")
PERIODS = ("pollSeconds", "relistSeconds", "resyncSeconds")


def documented(heading: str) -> dict[str, int]:
    """The numbers of calls in the table below a heading of the document."""
    section = DOCUMENT.read_text("utf-8").partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    return {call: int(times) for call, times in re.findall(r"^\| `([^`]+)` \| (\d+) \|", section, re.MULTILINE)}


def counted(world: World, since: float) -> Counter[str]:
    """The calls of this namespace, of the labeling API and of S3 since a moment, by operation."""
    ours = [seen for seen in world.requests() if seen.time >= since]
    return Counter(
        seen.operation for seen in ours if seen not in world.kubernetes.requests or world.namespace in seen.path
    )


def test_a_round_takes_the_calls_that_the_document_says(new_world: NewWorld, minio_server: S3Server) -> None:
    """From its creation until nothing holds it any more, with a node that converts at once."""

    def convert(container: Container) -> Ended:
        address = ObjectURI.parse(container.command[-1])
        content = minio_server.buckets.open(address.bucket).read(address.key)
        decode(content, minio_server.buckets, str(address)).run(minio_server.buckets)
        return Ended(0)

    world = new_world(answers=answers_below(["one"]), delay=1.0, run=convert)
    world.bucket.write("one/images/a.jpg", picture(90))
    with world.operator():
        since = time.time()
        world.create(world.document(imagesPrefix="one/images/"))
        world.wait_for_phase("pens-1", "Succeeded")
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go")

    calls, bounds = counted(world, since), documented("A round")
    assert {
        call: (calls[call], bound) for call, bound in bounds.items() if not bound - SPARE <= calls[call] <= bound
    } == {}
    periodic = {"list labelingrounds", "watch labelingrounds", "ListLabelingJobs"}
    of_s3 = {seen.operation for seen in world.store.requests}
    assert set(calls) - set(bounds) - periodic - of_s3 <= {"list pods"}
    written = [call for call in calls if call.partition(" ")[0] in {"patch", "create"} and call.endswith("s")]
    assert {call: calls[call] for call in written if "status" not in call} == {
        call: bounds[call] for call in written if "status" not in call
    }


def test_an_idle_hour_takes_the_calls_that_the_document_says(new_world: NewWorld) -> None:
    """Nothing is written, no labeling job is described, and one list serves all rounds."""
    world = new_world(answers=None)
    for name in IDLE:
        world.bucket.write(f"{name}/images/a.jpg", picture(90))
    periods = {name: SETTINGS.fields[name].default / SCALE for name in PERIODS}
    with world.operator(**periods):
        for name in IDLE:
            world.create(world.document(name, imagesPrefix=f"{name}/images/"))
        for name in IDLE:
            world.wait_for(name, "waits for workers", lambda status: "InProgress" in str(status.get("labelingJobs")))
        since, looks = time.time(), len(IDLE) * documented("An idle hour")["get labelingrounds"]
        until(lambda: counted(world, since)["get labelingrounds"] == looks, "an hour is over, with its looks")
        calls, hours = counted(world, since), (time.time() - since) * SCALE / HOUR_SECONDS

    hour = documented("An idle hour")
    assert [seen.operation for seen in world.requests() if seen.time >= since and mutating(seen)] == []
    for_all = {call: ceil(hours * hour[call]) for call in ("list labelingrounds", "watch labelingrounds")}
    jobs = {"ListLabelingJobs": ceil(hours * hour["ListLabelingJobs"] * (1 + JITTER))}
    bounds = for_all | jobs | {"get labelingrounds": looks, "GetObject": len(IDLE) * hour["GetObject"]}
    assert {call: (times, bounds.get(call, 0)) for call, times in calls.items() if times > bounds.get(call, 0)} == {}


def test_the_hour_of_the_document_is_that_of_the_settings() -> None:
    """Each number follows from a setting as it is by default, or from a constant."""
    text = DOCUMENT.read_text("utf-8")
    hour = documented("An idle hour")

    assert hour["ListLabelingJobs"] == HOUR_SECONDS / SETTINGS.fields["pollSeconds"].default
    assert hour["list labelingrounds"] == HOUR_SECONDS / SETTINGS.fields["relistSeconds"].default
    assert hour["get labelingrounds"] == hour["GetObject"] == HOUR_SECONDS / SETTINGS.fields["resyncSeconds"].default
    assert hour["watch labelingrounds"] == HOUR_SECONDS / SERVER_TIMEOUT_SECONDS
    assert hour["DescribeWorkteam"] == HOUR_SECONDS / portals.KEPT_SECONDS
    assert f"a page for each {PAGE_SIZE} |" in text
    assert f"a page for each {JOBS_PAGE_SIZE} labeling jobs" in text
    assert hour["get leases"] == HOUR_SECONDS / LeaseSettings("", "", "").retry
