"""Every way in which a round ends, and every way of steering it, on a real Kubernetes API.

All rounds of a table are applied at once, and each test waits for its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.cluster.access import ControlPlane
from tests.operator.stage import Crew, Stage, on_stage
from tests.round.world import condition
from tests.servers.s3 import S3Server
from tests.servers.waiting import until

from labelround.server import Faults

pytestmark = pytest.mark.minio

CREWS = {
    "able": Crew(),
    "slow": Crew(delay=0.5),
    "nobody": Crew(labels=False),
    "every-third-fails": Crew(Faults(fail_every=3)),
    "tasks-expire": Crew(Faults(expire_after=0)),
    "stops-at-once": Crew(Faults(stop_after=0)),
    "stops-early": Crew(Faults(stop_after=2)),
    "breaks-early": Crew(Faults(fail_after=2)),
    "breaks-at-once": Crew(Faults(fail_after=0, failure_reason="ClientError: the manifest is gone")),
}
MANY_LABELS = ["pencil", *(f"label {number}" for number in range(59)), "pen"]


@dataclass(frozen=True)
class End:
    """How a round of a crew ends. `images` are labeled, empty, failed and unlabeled; `jobs` the labeling jobs' ends."""

    crew: str
    succeeded: str
    reason: str
    images: tuple[int, int, int, int]
    jobs: tuple[str, ...]
    labeled: str = "AllLabeled"
    told: str = ""
    spec: dict[str, Any] = field(default_factory=dict)


ENDS = {
    "every-image-is-labeled": End(
        "able", "True", "DatasetReady", (4, 1, 0, 0), ("Completed",), told="5 images and 4 boxes in the dataset"
    ),
    "more-than-fifty-labels-take-two-jobs-and-make-one-dataset": End(
        "able", "True", "DatasetReady", (4, 1, 0, 0), ("Completed", "Completed"), spec={"labels": MANY_LABELS}
    ),
    "what-failed-is-left-out-of-the-dataset": End(
        "every-third-fails", "True", "DatasetReady", (3, 1, 1, 0), ("Completed",), "PartiallyLabeled", "1 image failed"
    ),
    "what-failed-is-labeled-by-a-second-attempt": End(
        "every-third-fails", "True", "DatasetReady", (4, 1, 0, 0), ("Completed", "Completed"), spec={"attempts": 2}
    ),
    "without-a-single-label-nothing-is-converted": End(
        "tasks-expire", "False", "NothingLabeled", (0, 0, 5, 0), ("Completed",), "PartiallyLabeled", "without a single"
    ),
    "a-job-stopped-with-labels-makes-a-dataset-of-them": End(
        "stops-early", "True", "DatasetReady", (2, 0, 0, 3), ("Stopped",), "PartiallyLabeled"
    ),
    "a-job-stopped-without-labels-fails-the-round": End(
        "stops-at-once", "False", "NothingLabeled", (0, 0, 0, 5), ("Stopped",), "NothingLabeled", "nothing to convert"
    ),
    "a-job-failed-with-labels-makes-a-dataset-of-them": End(
        "breaks-early", "True", "DatasetReady", (2, 0, 0, 3), ("Failed",), "PartiallyLabeled"
    ),
    "a-job-failed-without-labels-fails-the-round-with-the-services-reason": End(
        "breaks-at-once", "False", "LabelingFailed", (0, 0, 0, 5), ("Failed",), "NothingLabeled", "the manifest is gone"
    ),
}


@pytest.fixture(scope="module")
def stage(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """All crews, the operator, and the rounds of the table."""
    folder = tmp_path_factory.mktemp("states")
    with on_stage(control_plane, minio_server, folder, CREWS) as stage, stage.operator():
        for name, end in ENDS.items():
            stage.play(name[:60], end.crew, **end.spec)
        yield stage


@pytest.mark.parametrize("name", ENDS)
def test_each_end_of_the_labeling_jobs_has_its_end_of_the_round(name: str, stage: Stage) -> None:
    """The phase, the conditions, the counts and the last Event agree."""
    end, name = ENDS[name], name[:60]

    status = stage.wait_for_phase(name, "Succeeded", "Failed")

    summary = condition(status, "Succeeded")
    assert (summary["status"], summary["reason"]) == (end.succeeded, end.reason), stage.story(name)
    assert end.told in summary["message"]
    assert condition(status, "Labeled")["reason"] == end.labeled
    assert tuple(status["images"].get(state, 0) for state in ("labeled", "empty", "failed", "unlabeled")) == end.images
    assert tuple(job["status"] for job in status["labelingJobs"]) == end.jobs
    kind = "Normal" if end.succeeded == "True" else "Warning"
    last = stage.events(name)[-1]
    assert (last["type"], last["reason"], last["message"]) == (kind, end.reason, summary["message"])


def test_a_second_attempt_asks_for_what_is_left_alone(stage: Stage) -> None:
    """Its manifest holds the image that failed, and its job is told apart by its name."""
    name = "what-failed-is-labeled-by-a-second-attempt"

    status = stage.wait_for_phase(name, "Succeeded", "Failed")

    first, second = status["labelingJobs"]
    assert second["name"] == f"{first['name']}-a2"
    content = stage.content(name)
    folder = stage.folders[name]
    assert content[f"{folder}/manifest-2-0000.json"].count(b"\n") == 1
    assert b"c#1.png" in content[f"{folder}/manifest-2-0000.json"]


def test_more_than_fifty_labels_make_one_list_of_classes(stage: Stage) -> None:
    """A label's place in the round is its class, whichever job showed it to the workers."""
    name = "more-than-fifty-labels-take-two-jobs-and-make-one-dataset"

    stage.wait_for_phase(name, "Succeeded", "Failed")

    content = stage.content(name)
    folder = stage.folders[name]
    classes = {
        line.split()[0]
        for key, text in content.items()
        if key.startswith(f"{folder}/yolo_annot_files/labels/")
        for line in text.splitlines()
    }
    assert classes == {b"0", str(len(MANY_LABELS) - 1).encode()}


def test_a_suspended_round_takes_no_step_until_it_is_resumed(stage: Stage) -> None:
    """Nothing is written beside the pictures, and no labeling job is made."""
    stage.play("suspended-before", "able", suspend=True)
    status = stage.wait_for_phase("suspended-before", "Suspended")
    content = stage.content("suspended-before")
    stage.patch("suspended-before", suspend=False)
    stage.wait_for_phase("suspended-before", "Succeeded")

    folder = stage.folders["suspended-before"]
    assert {key for key in content if not key.startswith(f"{folder}/images/")} == set()
    assert "set spec.suspend to false" in condition(status, "Succeeded")["message"]
    assert condition(status, "Reconciling")["status"] == "False"


def test_a_labeling_job_goes_on_while_its_round_is_suspended(stage: Stage) -> None:
    """Its labels are counted, and the conversion waits for the word."""
    stage.play("suspended-meanwhile", "slow")
    stage.wait_for_phase("suspended-meanwhile", "Labeling")
    stage.patch("suspended-meanwhile", suspend=True)
    status = stage.wait_for(
        "suspended-meanwhile",
        "has all labels and is suspended",
        lambda status: status["phase"] == "Suspended" and status.get("progress") == "5/5",
    )
    conversions = [job["metadata"]["name"] for job in stage.conversions()]
    stage.patch("suspended-meanwhile", suspend=False)
    stage.wait_for_phase("suspended-meanwhile", "Succeeded")

    assert status["labelingJobs"][0]["status"] in {"InProgress", "Completed"}
    assert not any(name.startswith("suspended-meanwhile") for name in conversions)


def test_labeling_can_be_stopped_for_what_is_there(stage: Stage) -> None:
    """The job is stopped, and the dataset has what was labeled until then."""
    stage.play("stopped-by-its-user", "slow")
    stage.wait_for("stopped-by-its-user", "has a label", lambda status: status.get("progress", "0")[:1] not in "0")
    stage.patch("stopped-by-its-user", stopLabeling=True)
    status = stage.wait_for_phase("stopped-by-its-user", "Succeeded", "Failed")

    assert status["phase"] == "Succeeded"
    assert [job["status"] for job in status["labelingJobs"]] == ["Stopped"]
    assert 1 <= status["images"]["labeled"] <= 4
    assert condition(status, "Labeled")["reason"] == "PartiallyLabeled"
    assert ("Normal", "StopRequested") in [
        (event["type"], event["reason"]) for event in stage.events("stopped-by-its-user")
    ]


def test_labeling_that_is_stopped_before_the_first_label_fails(stage: Stage) -> None:
    """Whether there is a job by then or not."""
    stage.play("stopped-at-once", "nobody", stopLabeling=True)
    stage.play("stopped-too-early", "nobody")
    stage.wait_for_phase("stopped-too-early", "Labeling")
    stage.patch("stopped-too-early", stopLabeling=True)

    for name in ("stopped-at-once", "stopped-too-early"):
        status = stage.wait_for_phase(name, "Succeeded", "Failed")
        assert condition(status, "Succeeded")["reason"] == "NothingLabeled"
    assert stage.status("stopped-at-once").get("labelingJobs", []) == []


def test_a_job_made_by_hand_is_adopted_and_left_as_it_is(stage: Stage) -> None:
    """It is neither stopped nor tagged, and nothing keeps the round from being deleted."""
    folder = stage.new_folder("able")
    client = stage.backends["able"].client
    client.create_labeling_job(**stage.job_by_hand("by-hand", folder))
    stage.play("adopting", "able", folder=folder, labelingJob={"adopt": "by-hand"})

    status = stage.wait_for_phase("adopting", "Succeeded", "Failed")

    assert status["phase"] == "Succeeded", stage.story("adopting")
    assert status["dataset"]["boxes"] == 4
    job = client.describe_labeling_job(LabelingJobName="by-hand")
    assert (job["LabelingJobStatus"], job.get("Tags", [])) == ("Completed", [])
    changed = [seen.operation for seen in stage.backends["able"].proxy.requests if b'"by-hand"' in seen.sent]
    assert set(changed) == {"DescribeLabelingJob"}
    assert "finalizers" not in stage.get("adopting")["metadata"]


def test_stop_labeling_does_not_stop_an_adopted_job(stage: Stage) -> None:
    """It is waited for until it ends, by whoever made it."""
    folder = stage.new_folder("nobody")
    client = stage.backends["nobody"].client
    client.create_labeling_job(**stage.job_by_hand("not-ours", folder))
    stage.play("stopping-an-adopted-job", "nobody", folder=folder, labelingJob={"adopt": "not-ours"}, stopLabeling=True)
    stage.wait_for_phase("stopping-an-adopted-job", "Labeling")
    until(lambda: stage.backends["nobody"].status("not-ours") == "InProgress", "workers can label")
    stage.wait_for(
        "stopping-an-adopted-job", "knows so", lambda status: status["labelingJobs"][0]["status"] == "InProgress"
    )
    client.stop_labeling_job(LabelingJobName="not-ours")
    status = stage.wait_for_phase("stopping-an-adopted-job", "Succeeded", "Failed")

    assert status["phase"] == "Failed"
    assert condition(status, "Succeeded")["reason"] == "NothingLabeled"


def test_a_round_goes_when_its_time_is_over(stage: Stage) -> None:
    """Whether the time to live was there from the start or is set on a round that has ended; data stays."""
    stage.play("goes-by-itself", "stops-at-once", ttlSecondsAfterFinished=1)
    stage.play("goes-later", "able", ttlSecondsAfterFinished=3600)
    stage.wait_for_phase("goes-later", "Succeeded")
    until(lambda: "goes-by-itself" not in stage.names(), "the failed round is gone")
    assert "goes-later" in stage.names()
    stage.patch("goes-later", ttlSecondsAfterFinished=0)
    until(lambda: "goes-later" not in stage.names(), "the succeeded round is gone")

    assert f"{stage.folders['goes-later']}/yolo_annot_files/report.json" in stage.content("goes-later")


def test_an_ended_round_takes_changes_and_does_nothing(stage: Stage) -> None:
    """The new generation is acknowledged, and the end stays what it was."""
    name = "every-image-is-labeled"
    status = stage.wait_for_phase(name, "Succeeded")

    stage.patch(name, stopLabeling=True, suspend=True, deletionPolicy="Orphan")

    after = stage.wait_for(name, "acknowledges", lambda found: found["observedGeneration"] == 2)
    assert {**after, "observedGeneration": 1, "conditions": []} == {**status, "conditions": []}
    assert condition(after, "Succeeded")["status"] == "True"
