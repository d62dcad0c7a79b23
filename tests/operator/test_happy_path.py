"""A round on a cluster from `kubectl apply` to its dataset, when nothing goes wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from tests.operator.conftest import NewWorld
from tests.operator.faults import Seen, mutating
from tests.operator.verdict import check_ended_right
from tests.operator.world import World
from tests.servers.pens import PENS, pens_bucket
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

pytestmark = pytest.mark.minio
STORY = {
    "Preparing": "listing the images and writing the manifest",
    "CreatingLabelingJobs": "creating the labeling job pens-1-[0-9a-f]{8}",
    "Labeling": "waiting for workers; [05] of 5 images labeled.*",
    "Converting": "5 of 5 images labeled",
    "DatasetReady": "5 images and 4 boxes in the dataset",
}
README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_example_becomes_the_dataset_that_the_readme_shows(new_world: NewWorld, minio_server: S3Server) -> None:
    """`kubectl apply` and `kubectl wait` are all it takes, and the digest is that of the run without a cluster."""
    world = new_world(bucket=pens_bucket(minio_server), answers=(PENS / "answers.manifest").read_bytes())
    kubectl, namespace = world.control_plane.kubectl, world.namespace

    with world.operator():
        kubectl("apply", "-n", namespace, "-f", PENS / "round.yaml")
        kubectl("wait", "-n", namespace, "--for=condition=Succeeded", "lr/pens-1", "--timeout=60s")

    check_ended_right(world)
    assert f"digest: {world.status('pens-1')['dataset']['digest']}" in README
    row = kubectl("get", "lr", "pens-1", "-n", namespace, "--no-headers").stdout.split()
    assert row[:4] == ["pens-1", "Succeeded", "15/15", "31"]


def test_events_and_conditions_tell_the_story(world: World) -> None:
    """One Event for each transition, in sentences; at the end every condition says what came of it."""
    with world.operator():
        world.apply(world.document())
        status = world.wait_for_phase("pens-1", "Succeeded", "Failed")

    told = world.events("pens-1")
    assert [(each["type"], each["reason"]) for each in told] == [("Normal", reason) for reason in STORY]
    for event, message in zip(told, STORY.values(), strict=True):
        assert re.fullmatch(message, event["message"])
    assert {each["type"]: each["status"] for each in status["conditions"]} == {
        "ManifestReady": "True",
        "Labeled": "True",
        "Converted": "True",
        "Succeeded": "True",
        "Reconciling": "False",
        "Stalled": "False",
    }
    check_ended_right(world)


def test_metrics_show_the_round_and_what_it_took(world: World) -> None:
    """Phases, images, boxes, and calls by their answer."""
    with world.operator() as operator:
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded")
        until(lambda: operator.metric("labelround_rounds", phase="Succeeded"), "the metrics know of the success")
        metrics = operator.metrics()
        created = operator.metric("labelround_api_requests_total", operation="CreateLabelingJob", code="ok")

    where = f'name="pens-1",namespace="{world.namespace}"'
    assert metrics[f'labelround_rounds{{namespace="{world.namespace}",phase="Succeeded"}}'] == 1
    assert metrics[f'labelround_round_images{{{where},state="labeled"}}'] == 4
    assert metrics[f'labelround_round_images{{{where},state="empty"}}'] == 1
    assert metrics[f"labelround_round_boxes{{{where}}}"] == 4
    assert metrics['labelround_conversion_images_total{state="labeled"}'] == 4
    assert metrics["labelround_queue_depth"] == 0
    assert created == 1


def test_a_round_takes_a_known_number_of_calls(world: World) -> None:
    """Every write is needed; what is read is bounded, and the labeling API is hardly asked."""
    with world.operator():
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded")

    calls = Counter(seen.operation for seen in world.requests())
    kubernetes = [seen for seen in world.kubernetes.requests if world.namespace in seen.path]
    assert {seen.operation: calls[seen.operation] for seen in kubernetes if mutating(seen)} == {
        "patch labelingrounds": 2,  # the finalizer, set and taken away
        "patch labelingrounds/status": len({news(seen) for seen in world.requests("patch labelingrounds/status")}),
        "create events": 5,
        "create jobs": 1,
    }
    assert calls["patch labelingrounds/status"] <= 7  # one for each Event, and what is new while the conversion runs
    assert calls["get labelingrounds"] <= 8
    assert calls["get jobs"] <= 8
    assert calls["list pods"] <= 2
    assert {name: calls[name] for name in ("CreateLabelingJob", "DescribeLabelingJob", "DescribeWorkteam")} == {
        "CreateLabelingJob": 1,
        "DescribeLabelingJob": 3,  # absent before it is made, met, and ended
        "DescribeWorkteam": 1,  # its workers' portal
    }


def news(seen: Seen) -> str:
    """What a status write is about."""
    return json.dumps(json.loads(seen.sent)["status"], sort_keys=True)


def test_a_round_at_which_nothing_moves_is_not_written_and_its_job_is_listed_alone(new_world: NewWorld) -> None:
    """Nobody labels: what is left is the one poll for all rounds, the slow list of rounds and the slow look."""
    world = new_world(answers=None)
    with world.operator(resyncSeconds=1, relistSeconds=1):
        world.apply(world.document())
        world.wait_for("pens-1", "waits for workers", lambda status: "InProgress" in str(status.get("labelingJobs")))
        version = world.get()["metadata"]["resourceVersion"]
        before = world.requests()
        until(lambda: world.labeling.count("ListLabelingJobs") >= 5, "the jobs are listed")
        until(lambda: len(world.requests("get labelingrounds")) > 5, "the round is looked at again and again")
        after = world.requests()[len(before) :]

    assert [seen.operation for seen in after if seen.mutating] == []
    assert world.labeling.count("DescribeLabelingJob") <= 3
    assert world.get()["metadata"]["resourceVersion"] == version


def test_progress_shows_while_people_work(new_world: NewWorld) -> None:
    """How many images are labelled, and when it may be over."""
    world = new_world(delay=0.4)
    with world.operator():
        world.apply(world.document())
        status = world.wait_for("pens-1", "shows progress", lambda status: status.get("progress", "0")[0] in "1234")
        world.wait_for_phase("pens-1", "Succeeded")

    assert status["phase"] == "Labeling"
    assert status["images"]["labeled"] == int(status["progress"][0])
    assert status["estimatedCompletionTime"] > status["startTime"]
    check_ended_right(world)


def test_an_ended_round_costs_a_restarted_operator_nothing(world: World) -> None:
    """It is listed with all others, and that is all."""
    with world.operator():
        world.apply(world.document())
        world.wait_for_phase("pens-1", "Succeeded")
        until(lambda: "finalizers" not in world.get()["metadata"], "the round is let go")
    before = len(world.requests())

    with world.operator("operator-1", relistSeconds=1):
        listed = world.kubernetes.count("list labelingrounds")
        until(lambda: world.kubernetes.count("list labelingrounds") > listed + 1, "the rounds are listed again")

    after = world.requests()[before:]
    assert {seen.operation for seen in after if world.namespace in seen.path} == {
        "list labelingrounds",
        "watch labelingrounds",
    }
    assert [seen for seen in world.labeling.requests + world.store.requests if seen in after] == []
