"""How far several workers agree on the same pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.round.world import furnished
from tests.tools.made_datasets import Made, make

from labelround.cli.main import cli
from labelround.dataset.boxes import Box
from labelround.dataset.quality.agreement import SHOWN_IMAGES, Agreement, Answered, agreement, partners
from labelround.dataset.quality.answers import REQUESTS, JobAnswers
from labelround.dataset.quality.suspicion import intersection_over_union
from labelround.errors import InvalidManifest, ObjectNotFound
from labelround.local import RecordFile
from labelround.spec.parse import parse_round
from labelround.storage import Folder, MemoryBuckets, local_bucket

NAMES = ("pencil", "pen")
PENCIL: Box = (0, 10, 10, 40, 20)
MOVED: Box = (0, 14, 10, 40, 20)  # 36 of 44 columns in common
PEN: Box = (1, 60, 10, 20, 20)

sides = st.integers(1, 30).map(float)
drawn = st.lists(st.tuples(st.integers(0, 1), sides, sides, sides, sides), max_size=6)


def compared(*pictures: tuple[tuple[Box, ...], ...]) -> Agreement:
    answered = (Answered(f"s3://b/{number}.jpg", answers) for number, answers in enumerate(pictures))
    return agreement(answered, NAMES.__getitem__)


def test_boxes_of_one_class_with_enough_in_common_agree() -> None:
    """Two workers have one pencil in common, and one of them a pen more: 2 of 3 boxes have a partner."""
    found = compared(((PENCIL,), (MOVED, PEN)))

    assert (found.total.boxes, found.total.pairs, found.total.agreement) == (3, 1, 2 / 3)
    assert found.total.overlap == pytest.approx(36 / 44)
    assert [(each.name, each.boxes, each.agreement) for each in found.classes] == [("pencil", 2, 1), ("pen", 1, 0)]
    assert found.lowest == (("s3://b/0.jpg", 2 / 3),)


def test_every_worker_is_compared_with_every_other() -> None:
    """Of three that draw one box each, two alike: one of three pairs agrees."""
    found = compared(((PENCIL,), (MOVED,), (PEN,)))

    assert (found.total.boxes, found.total.pairs, found.total.agreement) == (6, 1, 1 / 3)


def test_the_same_box_under_another_class_is_no_agreement() -> None:
    """The class is what a model learns."""
    found = compared(((PENCIL,), ((1, *PENCIL[1:]),)))

    assert found.total.agreement == 0


def test_a_picture_of_one_worker_and_an_empty_one_add_nothing() -> None:
    """With nothing to compare, nothing is claimed."""
    alone, empty = compared(((PENCIL,),)), compared(((), ()))

    assert (alone.images, alone.compared, alone.total.agreement) == (1, 0, None)
    assert (empty.compared, empty.total.agreement, empty.total.overlap, empty.lowest) == (1, None, None, ())


def test_the_pictures_of_least_agreement_are_named_first() -> None:
    """So many of them, and none on which all agree."""
    worse, better = ((PENCIL, PEN), (PEN,)), ((PENCIL, PEN, (1, 0, 0, 5, 5)), (PENCIL, PEN))
    found = compared(((PEN,), (PEN,)), better, worse, *[better] * SHOWN_IMAGES)

    assert [level for _, level in found.lowest] == [2 / 3, *[4 / 5] * (SHOWN_IMAGES - 1)]
    assert found.lowest[0][0] == "s3://b/2.jpg"


@given(drawn, drawn)
def test_partners_are_mutual_and_of_one_class(one: list[Box], other: list[Box]) -> None:
    """Whoever is asked first; no box has two."""
    mine, theirs = list(partners(one, other)), list(partners(other, one))

    assert sorted(overlap for _, overlap in mine) == pytest.approx(sorted(overlap for _, overlap in theirs))
    assert len(mine) <= min(len(one), len(other))
    assert all(0.5 <= overlap <= 1 + 1e-9 for _, overlap in mine)
    best = max((intersection_over_union(a, b) for a in one for b in other if a[0] == b[0]), default=0)
    assert bool(mine) == (best >= 0.5)


@given(drawn)
def test_who_draws_the_same_agrees_wholly(boxes: list[Box]) -> None:
    """Every box has its partner."""
    found = compared((tuple(boxes), tuple(boxes)))

    assert found.total.agreement == (1 if boxes else None)


def request(number: int, *answers: list[Box]) -> dict[str, Any]:
    """What Ground Truth asks its consolidation about one picture."""
    keys = ("left", "top", "width", "height")
    return {
        "datasetObjectId": str(number),
        "dataObject": {"s3Uri": f"s3://b/{number}.jpg"},
        "annotations": [
            {
                "workerId": f"private.us-east-1.{worker}",
                "annotationData": {
                    "content": json.dumps(
                        {
                            "boundingBox": {
                                "boundingBoxes": [
                                    {"label": NAMES[box[0]], **dict(zip(keys, box[1:], strict=True))} for box in boxes
                                ],
                                "inputImageProperties": {"width": 100, "height": 80},
                            }
                        }
                    )
                },
            }
            for worker, boxes in enumerate(answers)
        ],
    }


def job(**files: list[dict[str, Any]]) -> Folder:
    """The folder of a job with these requests."""
    folder = Folder(MemoryBuckets().open("b"), "annots/job")
    for name, requests in files.items():
        folder.write(f"{REQUESTS}/iteration-1/{name}.json", json.dumps(requests).encode())
    return folder


def test_answers_are_read_from_all_batches() -> None:
    """A picture that was asked again counts by its latest request; a class that the dataset lacks is named."""
    folder = job(a=[request(0, [PENCIL], [PEN]), request(1, [PEN], [PEN])], b=[request(0, [PENCIL], [MOVED])])
    answers = JobAnswers(folder, ["other"])

    found = agreement(answers.pictures(), lambda class_id: answers.names[class_id])

    assert (found.images, found.compared, found.total.agreement) == (2, 2, 1)
    assert [each.name for each in found.classes] == ["pencil", "pen"]


def test_a_folder_without_answers_and_a_file_that_is_none_are_named() -> None:
    """With what to name instead."""
    empty, wrong = job(), job(a=[{"taskName": "classification"}])

    with pytest.raises(ObjectNotFound, match="ground_truth_annots/<job>"):
        list(JobAnswers(empty).pictures())
    with pytest.raises(InvalidManifest, match=r"a\.json: is no request to consolidate bounding boxes"):
        list(JobAnswers(wrong).pictures())


def test_the_command_compares_what_simulated_workers_drew(tmp_path: Path) -> None:
    """Three workers who draw the same, through a real server: they agree on all of their 12 boxes, in pairs 24."""
    world = furnished(tmp_path)
    document = world.document(labelingJob={"workersPerImage": 3})
    world.run(document)
    name = RecordFile.of(tmp_path / "state", parse_round(document)).read().status["labelingJobs"][0]["name"]
    copied = Folder(local_bucket(tmp_path), "job")
    prefix = f"pens/ground_truth_annots/{name}/"
    for key in world.objects(prefix):
        copied.write(key.removeprefix(prefix), world.bucket.read(key))
    arguments = ["stats", str(make(tmp_path / "dataset", [Made("a.jpg")])), "--workers", str(tmp_path / "job")]

    table = CliRunner().invoke(cli, [*arguments, "--html", str(tmp_path / "page.html")])
    found = json.loads(CliRunner().invoke(cli, [*arguments, "-o", "json"]).stdout)["agreement"]

    assert "workers agree on 100.0% of their boxes (5 pictures of 5 labeled by several)" in table.stdout, table.output
    assert "<td>12</td><td>100.0%</td>" in (tmp_path / "page.html").read_text()
    assert (found["imagesCompared"], found["boxes"], found["pairs"], found["agreement"]) == (5, 24, 12, 1.0)
    assert [each["name"] for each in found["classes"]] == ["pencil", "pen"]
