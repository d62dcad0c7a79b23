"""Deleting rounds, whatever they do and whatever is away: none is stuck, and no labeling job goes on unless it is said.

Data is never deleted.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from tests.cluster.access import CRD_NAME, ControlPlane
from tests.cluster.fixtures import NewControlPlane, namespace_of
from tests.operator.conftest import NewWorld
from tests.operator.faults import Answer
from tests.operator.process import OperatorProcess
from tests.operator.stage import Crew, Stage, on_stage
from tests.operator.world import World
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

from labelround.cluster.api import ROUNDS
from labelround.controller.deletion import FINALIZER
from labelround.server import Faults

pytestmark = pytest.mark.minio

PATIENCE_SECONDS = 2
RUNNING = ("Initializing", "InProgress")
DOOMED = "tests-doomed"
CREWS = {
    "able": Crew(),
    "nobody": Crew(labels=False),
    "busy": Crew(Faults(max_running_jobs=0)),
    "stops-at-once": Crew(Faults(stop_after=0)),
    "silent": Crew(labels=False),
    "away": Crew(labels=False),
}


@dataclass(frozen=True)
class State:
    """A state in which a round is deleted, and how one gets there; `running` is whether a labeling job runs then."""

    crew: str
    phase: str
    running: bool = False
    held: bool = False
    spec: dict[str, Any] = field(default_factory=dict)
    patch: dict[str, Any] = field(default_factory=dict)


STATES = {
    "pending": State("silent", "Pending"),
    "preparing": State("busy", "Preparing"),
    "labeling": State("nobody", "Labeling", running=True),
    "queued": State("able", "Queued", spec={"conversion": {"queueName": "gpus"}}),
    "converting": State("able", "Converting", held=True),
    "suspended": State("nobody", "Suspended", running=True, patch={"suspend": True}),
    "stalled": State("able", "Stalled", spec={"imagesPrefix": "able/nothing/here/"}),
    "succeeded": State("able", "Succeeded"),
    "failed": State("stops-at-once", "Failed"),
}


@pytest.fixture(scope="module")
def operator_of_stage(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stage, OperatorProcess]]:
    """The operator of two namespaces, and a round on its way to each state. The store of one crew does not answer."""
    folder = tmp_path_factory.mktemp("deletion")
    with on_stage(control_plane, minio_server, folder, CREWS, DOOMED) as stage:
        with (
            stage.store.fault(Answer(503), lambda seen: "silent/" in unquote(f"{seen.path}?{seen.query}")),
            stage.operator(deletionPatienceSeconds=PATIENCE_SECONDS) as operator,
        ):
            for name, state in STATES.items():
                place = stage.new_folder(state.crew)
                stage.held |= {place} if state.held else set()
                stage.play(name, state.crew, folder=place, **state.spec)
            until(lambda: held(stage), "the node of the stage has the pod that is held, before any other node comes")
            yield stage, operator
        stage.held.clear()


def held(stage: Stage) -> bool:
    """Whether the conversion that is held has begun."""
    running = [pod["metadata"]["name"] for pod in stage.pods() if pod["status"].get("phase") == "Running"]
    return any(name.startswith("converting-") for name in running)


@pytest.fixture
def stage(operator_of_stage: tuple[Stage, OperatorProcess]) -> Stage:
    return operator_of_stage[0]


def gone(world: World, *names: str) -> None:
    """Returns when the rounds are gone."""
    until(lambda: not set(names) & world.names(), lambda: "; ".join(world.story(name) for name in names))


def labeling(stage: Stage, name: str, crew: str = "nobody", **spec: Any) -> str:
    """Play a round until it waits for workers; the name of its labeling job."""
    stage.play(name, crew, **spec)
    return str(stage.wait_for_phase(name, "Labeling")["labelingJobs"][0]["name"])


@pytest.mark.parametrize("name", STATES)
def test_a_round_can_be_deleted_in_every_state(name: str, stage: Stage) -> None:
    """It goes at once, its labeling job is stopped, its conversion goes with it, and its data stays."""
    state = STATES[name]
    if state.patch:
        stage.wait_for_phase(name, "Labeling")
        stage.patch(name, **state.patch)
    status = stage.wait_for_phase(name, state.phase)
    jobs = [job["name"] for job in status.get("labelingJobs", []) if "arn" in job]
    before = [stage.backend(name).status(job) for job in jobs]
    content = stage.content(name)

    stage.delete(name)
    gone(stage, name)

    assert [status in RUNNING for status in before] == [state.running] * len(jobs)
    assert not [job for job in jobs if stage.backend(name).status(job) in RUNNING]
    assert bool(jobs) or not state.running
    assert {key: text for key, text in stage.content(name).items() if key in content} == content
    until(
        lambda: not [job for job in stage.conversions() if job["metadata"]["name"].startswith(f"{name}-")],
        "the conversion's Job is gone",
    )


def test_an_orphaned_labeling_job_goes_on(stage: Stage) -> None:
    """By the word of the round, also when it comes late."""
    jobs = [labeling(stage, "orphan", deletionPolicy="Orphan"), labeling(stage, "orphan-later")]
    stage.patch("orphan-later", deletionPolicy="Orphan")

    for name in ("orphan", "orphan-later"):
        stage.delete(name)
    gone(stage, "orphan", "orphan-later")

    assert {stage.backends["nobody"].status(job) for job in jobs} <= set(RUNNING)


def test_an_adopted_labeling_job_goes_on(stage: Stage) -> None:
    """It was never the round's."""
    folder = stage.new_folder("nobody")
    stage.backends["nobody"].client.create_labeling_job(**stage.job_by_hand("adopted", folder))
    labeling(stage, "adopting", folder=folder, labelingJob={"adopt": "adopted"})

    stage.delete("adopting")
    gone(stage, "adopting")

    assert stage.backends["nobody"].status("adopted") in RUNNING


def test_rounds_go_with_their_namespace(stage: Stage, control_plane: ControlPlane) -> None:
    """Their labeling jobs are stopped, although no Event can be written any more."""
    crews = {"doomed-labeling": "nobody", "doomed-queued": "able", "doomed-failed": "stops-at-once"}
    with namespace_of(control_plane, DOOMED):
        for name, crew in crews.items():
            spec = {"imagesPrefix": f"{stage.new_folder(crew)}/images/", "conversion": {"queueName": "gpus"}}
            stage.cluster.create(ROUNDS, DOOMED, stage.document(name, **spec))
        until(lambda: [_status(stage, name).get("phase") for name in crews] == ["Labeling", "Queued", "Failed"], "all")
        job = _status(stage, "doomed-labeling")["labelingJobs"][0]["name"]

        control_plane.kubectl("delete", "namespace", DOOMED, "--timeout=60s")

    assert stage.backends["nobody"].status(job) not in RUNNING


@pytest.mark.parametrize("trouble", ["credentials gone", "backend down"])
def test_a_backend_that_cannot_be_asked_holds_a_round_for_a_while_and_no_longer(
    trouble: str, operator_of_stage: tuple[Stage, OperatorProcess]
) -> None:
    """Then an Event and a metric say what may still run."""
    stage, operator = operator_of_stage
    name = trouble.replace(" ", "-")
    job = labeling(stage, name, "away")
    uid = stage.get(name)["metadata"]["uid"]
    before = operator.metric("labelround_abandoned_total")
    proxy = stage.backends["away"].proxy

    with proxy.down() if trouble == "backend down" else proxy.fault(Answer(403)):
        stage.delete(name)
        deleted = time.monotonic()
        gone(stage, name)
        waited = time.monotonic() - deleted

    (event,) = [event for event in stage.events(name) if event["type"] == "Warning"]
    assert event["reason"] == "LabelingJobsLeft"
    assert f"labelround.dev/uid={uid}" in event["message"]
    assert operator.metric("labelround_abandoned_total") == before + 1
    assert waited >= PATIENCE_SECONDS - 1  # the API server counts whole seconds
    assert stage.backends["away"].status(job) in RUNNING


def test_a_round_that_is_deleted_while_its_backend_restarts_stops_its_job(stage: Stage) -> None:
    """It is asked again until it answers."""
    job = labeling(stage, "restarting", "away")

    with stage.backends["away"].proxy.down():
        stage.delete("restarting")
        until(lambda: "cannot be stopped yet" in stage.story("restarting"), "the operator waits")
    gone(stage, "restarting")

    assert stage.backends["away"].status(job) not in RUNNING


def test_rounds_wait_for_an_operator_that_is_away(new_world: NewWorld) -> None:
    """`kubectl delete` waits with them; the job is stopped as soon as the operator is back."""
    world = new_world(answers=None)
    with world.operator():
        world.apply(world.document())
        job = world.wait_for_phase("pens-1", "Labeling")["labelingJobs"][0]["name"]

    delete = ("delete", "lr", "pens-1", "-n", world.namespace)
    waiting = world.control_plane.kubectl(*delete, "--timeout=1s", check=False)
    kept = world.get()["metadata"]
    with world.operator("operator-1"):
        gone(world, "pens-1")

    assert waiting.returncode != 0
    assert kept["finalizers"] == [FINALIZER]
    assert world.labeling_client.describe_labeling_job(LabelingJobName=job)["LabelingJobStatus"] not in RUNNING


def test_the_doctor_lets_go_of_rounds_when_there_is_no_operator_any_more(new_world: NewWorld) -> None:
    """It names the labeling jobs that nobody stops."""
    world = new_world(answers=None)
    with world.operator():
        world.apply(world.document())
        job = world.wait_for_phase("pens-1", "Labeling")["labelingJobs"][0]["name"]
    world.delete()

    doctor = [sys.executable, "-m", "labelround", "doctor", "--release-finalizers", "--yes", "-n", world.namespace]
    ended = subprocess.run(doctor, env=world.control_plane.environment, capture_output=True, text=True, timeout=60)

    assert ended.returncode == 0, ended.stderr
    assert job in ended.stderr
    assert world.names() == set()


def test_the_operator_outlives_the_definition_of_its_rounds(
    new_control_plane: NewControlPlane, minio_server: S3Server, tmp_path: Path
) -> None:
    """All rounds go with it, and those of a new definition are worked on."""
    control_plane = new_control_plane()
    with (
        namespace_of(control_plane, "pens"),
        World(control_plane, "pens", minio_server, tmp_path, answers=None) as world,
        world.operator() as operator,
    ):
        for name in ("pens-1", "pens-2"):
            world.create(world.document(name, prefix=name, outputPrefix=f"{name}/dataset"))
        jobs = [world.wait_for_phase(name, "Labeling")["labelingJobs"][0]["name"] for name in ("pens-1", "pens-2")]
        pid = operator.pid

        control_plane.kubectl("delete", "crd", CRD_NAME, "--timeout=60s")
        statuses = [
            world.labeling_client.describe_labeling_job(LabelingJobName=job)["LabelingJobStatus"] for job in jobs
        ]
        control_plane.install_crd()
        world.create(world.document("pens-3", prefix="pens-3", outputPrefix="pens-3/dataset"))
        world.wait_for_phase("pens-3", "Labeling")

        assert not set(statuses) & set(RUNNING)
        assert (operator.pid, operator.running) == (pid, True)
        assert operator.page("/healthz")[0] == 200


def _status(stage: Stage, name: str) -> Mapping[str, Any]:
    """The status of a round in the other namespace."""
    status: Mapping[str, Any] = stage.cluster.get(ROUNDS, DOOMED, name).get("status") or {}
    return status
