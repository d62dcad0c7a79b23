"""A round from this machine, against a real labelround server over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.round.world import BUCKET, IMAGES, NAMES, Effects, Killed, World, all_answers, condition
from tests.spec.structural import faults

from labelround.dataset.convert import read_report
from labelround.decide import Action
from labelround.errors import Conflict, InvalidRound, Unfinished
from labelround.server import Faults
from labelround.spec.parse import parse_round
from labelround.storage import Folder

REPOSITORY = Path(__file__).parents[2]
OUTPUT = "pens/yolo_annot_files/"
CRD = yaml.safe_load((REPOSITORY / "crds" / "labelingrounds.yaml").read_text(encoding="utf-8"))
STATUS_SCHEMA = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]


def test_a_round_goes_from_pictures_to_a_dataset(world: World) -> None:
    """Manifest, job, dataset; each step once and in order."""
    status = world.run()

    assert status["phase"] == "Succeeded"
    assert status["progress"] == "5/5"
    assert status["images"] == {"total": 5, "labeled": 4, "empty": 1, "failed": 0, "unlabeled": 0}
    assert status["dataset"]["boxes"] == 4
    assert status["dataset"]["uri"] == f"s3://{BUCKET}/{OUTPUT}"
    assert world.requests("CreateLabelingJob") == 1
    assert [action for action in world.actions() if action is not Action.WAIT] == [
        Action.WRITE_MANIFEST,
        Action.CREATE_JOB,
        Action.START_CONVERSION,
        Action.RECORD_SUCCESS,
        Action.NOTHING,
    ]


def test_class_ids_follow_the_round_and_not_the_answers(world: World) -> None:
    """The answers number pen 0 and pencil 1; the round lists pencil first."""
    world.run()

    label = world.bucket.read(f"{OUTPUT}labels/a.txt").decode()

    assert label.split()[0] == "1"


def test_a_finished_round_ends_at_once_and_touches_nothing(world: World) -> None:
    """The recorded end is final: no call, no write, the same status."""
    first = world.run()
    effects = Effects()
    world.calls.clear()

    second = world.run(effects=effects)

    assert second == first
    assert effects.count == 0
    assert world.calls == []


def test_a_lost_record_is_found_again_in_the_dataset(world: World) -> None:
    """The completion marker proves the end even when this machine has forgotten it."""
    first = world.run()
    for file in (world.path / "state").rglob("*.json"):
        file.unlink()
    world.calls.clear()

    second = world.run()

    assert second["dataset"] == first["dataset"]
    assert "create" not in world.calls


def test_a_declined_picture_is_in_no_split_and_said_to_be_missing(world: World) -> None:
    """No answer: a failed line, a row in images.csv, a partial label."""
    world.answers = all_answers(NAMES[1:])

    status = world.run()

    assert condition(status, "Labeled")["reason"] == "PartiallyLabeled"
    assert status["images"]["failed"] == 1
    assert f"{OUTPUT}labels/a.txt" not in world.objects()
    assert b"a.jpg" in world.bucket.read(f"{OUTPUT}images.csv")


def test_a_follow_up_attempt_asks_only_for_what_is_missing(world: World) -> None:
    """The second job's manifest has one line, and no image is lost."""
    world.answers = all_answers(NAMES[1:])

    status = world.run(world.document(attempts=2))

    assert world.bucket.read("pens/manifest-2-0000.json").decode() == (
        f'{{"source-ref":"s3://{BUCKET}/{IMAGES}a.jpg"}}\n'
    )
    assert [job["name"][-3:] for job in status["labelingJobs"]][-1] == "-a2"
    assert status["labelingJobCount"] == 2
    assert status["images"]["labeled"] + status["images"]["empty"] == 4


def test_stop_labeling_stops_the_job_and_makes_the_dataset_from_what_is_there(world: World) -> None:
    """The one change that a running round takes: what workers have done is kept, the rest is unlabeled."""
    world.delay = 0.3
    document = world.document()
    with world.reconciler() as reconciler:
        runner = world.runner(reconciler, until=lambda result: result.status.get("images", {}).get("labeled", 0) >= 1)
        with pytest.raises(Killed):
            runner.run(parse_round(document), document)

    status = world.run(world.document(stopLabeling=True))

    assert world.requests("StopLabelingJob") == 1
    assert status["labelingJobs"][0]["status"] == "Stopped"
    assert condition(status, "Labeled")["reason"] == "PartiallyLabeled"
    assert status["phase"] == "Succeeded"
    assert 0 < status["images"]["labeled"] < 5
    assert status["images"]["unlabeled"] > 0


def test_a_job_that_somebody_else_stops_still_makes_a_dataset(world: World) -> None:
    """What workers have done is kept; the rest is unlabeled."""
    world.faults = Faults(stop_after=3)

    status = world.run(world.document(stopLabeling=False))

    assert status["phase"] == "Succeeded"
    assert status["images"]["unlabeled"] == 2


def test_a_suspended_round_takes_no_step(world: World) -> None:
    """Nothing is written and nothing is created."""
    effects = Effects()

    with pytest.raises(Unfinished, match="suspended"):
        world.run(world.document(suspend=True), effects)

    assert effects.count == 0
    assert "create" not in world.calls


def test_a_prefix_without_pictures_stalls_and_writes_nothing(world: World) -> None:
    """The message names the field and the place."""
    effects = Effects()

    with pytest.raises(Conflict, match=r"spec\.imagesPrefix: no \.jpg"):
        world.run(world.document(imagesPrefix="nothing/images/"), effects)

    assert effects.count == 0


def test_two_rounds_never_write_one_folder(world: World) -> None:
    """The second stalls, and the first one's manifest stays as it was."""
    world.run()
    manifest = world.bucket.read("pens/manifest.json")
    other = world.document(labels=["pencil", "pen", "marker"])
    other["metadata"] = {"name": "pens-2"}

    with pytest.raises(Conflict) as stalled:
        world.run(other)

    assert stalled.value.reason == "PrefixInUse"
    assert world.bucket.read("pens/manifest.json") == manifest
    assert world.passes[-1].status["phase"] == "Stalled"


def test_a_manifest_that_is_not_ours_is_never_overwritten(world: World) -> None:
    """Someone made it by hand, perhaps years ago."""
    world.bucket.write("pens/manifest.json", b"theirs\n")

    with pytest.raises(Conflict) as stalled:
        world.run()

    assert stalled.value.reason == "PrefixInUse"
    assert world.bucket.read("pens/manifest.json") == b"theirs\n"


def test_a_round_that_has_begun_keeps_its_spec(world: World) -> None:
    """The changed fields are named, and what to do instead."""
    with pytest.raises(Killed):
        world.run(effects=Effects(deadly=3))

    with pytest.raises(InvalidRound, match=r"spec\.labels: changed since the round pens-1 began"):
        world.run(world.document(labels=["pen", "pencil"]))


def test_a_taken_job_name_stalls(world: World) -> None:
    """A job without our tags is not ours, whatever its name."""
    document = world.document()
    round = parse_round(document)

    def untagged(request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "Tags": []}

    with world.reconciler() as reconciler:
        runner = world.runner(reconciler, until=lambda result: _took(result, Action.WRITE_MANIFEST))
        with pytest.raises(Killed):
            runner.run(round, document)
        real = reconciler.api
        foreign = world.composed(real, Effects())
        foreign.api = Renamed(real, untagged)
        foreign.reconcile(round, {})
        result = reconciler.reconcile(round, {})

    assert result.status["phase"] == "Stalled"
    assert condition(result.status, "Stalled")["reason"] == "NameTaken"


def test_an_existing_job_is_adopted_and_its_labels_converted(world: World) -> None:
    """Another round's job stands in for one made by hand in a console."""
    world.run()
    job = next(key for key in world.objects("pens/ground_truth_annots/") if key.endswith("output.manifest")).split("/")[
        2
    ]
    adopting = world.document(
        outputPrefix="pens/adopted", labelingJob={"adopt": job}, dataset={"previews": 0, "checkImages": False}
    )
    adopting["metadata"] = {"name": "adopting"}

    status = world.run(adopting)

    assert status["phase"] == "Succeeded"
    assert status["dataset"]["boxes"] == 4
    assert condition(status, "ManifestReady")["reason"] == "Adopted"
    assert world.requests("CreateLabelingJob") == 1


def test_labels_that_do_not_fit_the_output_fail_the_round(world: World) -> None:
    """The adopted job knows a class that the round does not: nothing is written but the status."""
    world.run()
    job = next(key for key in world.objects("pens/ground_truth_annots/") if key.endswith("output.manifest")).split("/")[
        2
    ]
    adopting = world.document(outputPrefix="pens/adopted", labelingJob={"adopt": job}, labels=["pen"])
    adopting["metadata"] = {"name": "adopting"}

    status = world.run(adopting)

    assert status["phase"] == "Failed"
    assert condition(status, "Succeeded")["reason"] == "ConversionFailed"
    assert "pencil" in condition(status, "Succeeded")["message"]
    assert not world.objects("pens/adopted/")


def test_the_jobs_own_table_lies_beside_its_output(world: World) -> None:
    """`annot.csv` of a job holds its boxes, as the dataset's does for all jobs."""
    status = world.run()
    job = status["labelingJobs"][0]["name"]

    table = world.bucket.read(f"pens/ground_truth_annots/{job}/annot.csv").decode().splitlines()

    assert table[0] == "img_file,category,box_left,box_top,box_width,box_height,img_width,img_height"
    assert len(table) == 1 + status["dataset"]["boxes"]


def test_the_digest_in_the_status_is_the_reports(world: World) -> None:
    """One source for it."""
    status = world.run()

    report = read_report(Folder(world.bucket, OUTPUT))

    assert report is not None
    assert status["dataset"]["digest"] == report.digest


class Renamed:
    """The labeling API with every create request changed on its way."""

    def __init__(self, api: Any, change: Any) -> None:
        self._api, self._change = api, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def create(self, request: Any) -> str:
        arn: str = self._api.create(self._change(request))
        return arn


def _took(result: Any, action: Action) -> bool:
    return result.decision is not None and result.decision.action is action


def test_every_status_of_a_round_fits_the_resources_schema(world: World) -> None:
    """What the local runner prints is what the API server would accept, field by field."""
    world.answers = all_answers(NAMES[1:])
    world.run(world.document(attempts=2))

    problems = [faults(dict(result.status), STATUS_SCHEMA, "status") for result in world.passes]

    assert len(problems) > 5
    assert [found for found in problems if found] == []


def test_more_labels_than_one_job_takes_become_groups_of_one_dataset(world: World) -> None:
    """Sixty labels: two jobs over the same pictures, and every box in one label file."""
    labels = ["pencil", *(f"other-{index}" for index in range(58)), "pen"]

    status = world.run(world.document(labels=labels))

    assert status["labelingJobCount"] == 2
    assert world.requests("CreateLabelingJob") == 2
    assert status["progress"] == "5/5"
    assert status["dataset"]["boxes"] == 4
    assert world.bucket.read(f"{OUTPUT}labels/a.txt").decode().split()[0] == "59"
    assert world.bucket.read(f"{OUTPUT}labels/b b.txt").decode().split()[0] == "0"


def test_the_workers_portal_shows_in_the_status(world: World) -> None:
    """The address is asked for by the workteam that the job names."""
    document = world.document()
    with world.reconciler() as reconciler:
        reconciler.portal_url = lambda arn: f"https://portal.example/{arn.rsplit('/', 1)[-1]}"

        status = world.runner(reconciler).run(parse_round(document), document)

    assert status["workerPortalURL"] == "https://portal.example/labelround"
