"""`spec.quality`: a dataset that does not come up to it holds its round back, until the limit is moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.round.scenes import report
from tests.round.world import NAMES, World, all_answers, condition, furnished
from tests.spec.structural import MINIMAL, document

from labelround.cli.main import cli
from labelround.conditions import MESSAGE_LENGTH
from labelround.dataset.report import BoxCounts, ImageCounts, Quality, Report
from labelround.decide import Action
from labelround.errors import Conflict
from labelround.gates import held_back
from labelround.local import RecordFile
from labelround.spec.parse import parse_round

START = "the dataset at s3://pictures/bounding_box/yolo_annot_files/ is held back: "
END = "; look at it, then change the limit or take it away, and the round succeeds; or make a new round"


def made(**fields: Any) -> Report:
    """100 images of which 29 failed and 20 are unlabeled, and 40 boxes of which 4 look wrong."""
    counts: dict[str, Any] = {
        "images": ImageCounts(total=100, labeled=41, empty=10, failed=29, unlabeled=20),
        "boxes": BoxCounts(40, 40, {}, {"pencil": 38, "pen": 2}),
        "quality": Quality({"small": 40}, ((40,),), {"tiny": 4}, 4),
    }
    return replace(report(), **(counts | fields))


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "no gate": ({}, ""),
    "a share that is just met": ({"maxFailedShare": 0.29}, ""),
    "too many failed": (
        {"maxFailedShare": 0.28},
        "29 of 100 images failed, a share of 0.29, and spec.quality.maxFailedShare is 0.28",
    ),
    "too many unlabeled": (
        {"maxUnlabeledShare": 0},
        "20 of 100 images are unlabeled, a share of 0.2, and spec.quality.maxUnlabeledShare is 0",
    ),
    "too many that look wrong": (
        {"maxSuspiciousShare": 0.05},
        "4 of 40 boxes look wrong (labelround stats names them), a share of 0.1, and spec.quality.maxSuspiciousShare is"
        " 0.05",
    ),
    "a class with too few boxes": (
        {"minBoxesPerClass": 3},
        "too few boxes of pen: 2, and spec.quality.minBoxesPerClass is 3",
    ),
    "two gates at once": (
        {"minBoxesPerClass": 39, "maxFailedShare": 0},
        "29 of 100 images failed, a share of 0.29, and spec.quality.maxFailedShare is 0; too few boxes of pencil: 38,"
        " pen: 2, and spec.quality.minBoxesPerClass is 39",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_not_met_is_told_with_figure_and_limit(case: str) -> None:
    """All of it at once, and what to do."""
    gates, told = CASES[case]

    said = held_back(parse_round(document(MINIMAL | {"quality": gates})), made())

    assert said == (f"{START}{told}{END}" if told else "")


def test_of_many_classes_the_first_are_named() -> None:
    """A condition has room for no more, however long the names are."""
    boxes = BoxCounts(0, 0, {}, {f"class {number}{' and so on' * 25}": 0 for number in range(9)})

    said = held_back(parse_round(document(MINIMAL | {"quality": {"minBoxesPerClass": 1}})), made(boxes=boxes))

    assert "class 4 and so on and so on and so on an: 0 and 4 more classes, and" in said
    assert len(said) < MESSAGE_LENGTH


def test_an_empty_dataset_has_no_share_of_boxes() -> None:
    """Nothing is divided by 0."""
    boxes, quality = BoxCounts(0, 0, {}, {}), Quality({}, (), {}, 0)
    round = parse_round(document(MINIMAL | {"quality": {"maxSuspiciousShare": 0}}))

    assert held_back(round, made(boxes=boxes, quality=quality)) == ""


def test_a_report_without_the_figures_is_not_taken_for_a_good_one() -> None:
    """It was written by an earlier version."""
    round = parse_round(document(MINIMAL | {"quality": {"maxSuspiciousShare": 0.5}}))

    assert "maxSuspiciousShare cannot be judged" in held_back(round, made(quality=None))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Five pictures with a box each but for the last; nobody answers for one of them, which fails."""
    made_world = furnished(tmp_path)
    made_world.answers = all_answers(tuple(name for name in NAMES if name != "c#1.png"))
    return made_world


def test_a_round_waits_for_a_person_until_the_gate_is_moved(world: World) -> None:
    """The dataset is written once, and the labels are asked for once."""
    strict = world.document(quality={"maxFailedShare": 0.1})
    relaxed = world.document(quality={"maxFailedShare": 0.2})

    with pytest.raises(Conflict) as held:
        world.run(strict)
    waiting = RecordFile.of(world.path / "state", parse_round(strict)).read().status
    status = world.run(relaxed)

    assert held.value.reason == "QualityNotMet"
    assert "1 of 5 images failed, a share of 0.2, and spec.quality.maxFailedShare is 0.1" in str(held.value)
    assert (waiting["phase"], status["phase"]) == ("Stalled", "Succeeded")
    assert [condition(waiting, kind)["status"] for kind in ("Converted", "Succeeded", "Stalled")] == [
        "True",
        "Unknown",
        "True",
    ]
    assert condition(waiting, "Stalled")["reason"] == "QualityNotMet"
    assert waiting["dataset"] == status["dataset"]
    actions = world.actions()
    assert [actions.count(each) for each in (Action.CREATE_JOB, Action.START_CONVERSION)] == [1, 1]
    assert actions[-3:] == [Action.STALL, Action.RECORD_SUCCESS, Action.NOTHING]


def test_a_gate_that_is_met_is_not_felt(world: World) -> None:
    """The round succeeds at once."""
    status = world.run(world.document(quality={"maxFailedShare": 0.2, "minBoxesPerClass": 1}))

    assert status["phase"] == "Succeeded"


def test_moving_a_gate_makes_no_other_round_of_it() -> None:
    """Its uid, by which its folders are claimed, stays."""
    uids = {
        parse_round(document(MINIMAL | {"quality": gates})).uid
        for gates in ({}, {"maxFailedShare": 0.1}, {"minBoxesPerClass": 5})
    }

    assert len(uids) == 1


def test_the_command_fails_with_what_to_do_and_succeeds_once_it_is_done(tmp_path: Path) -> None:
    """On the demo, whose dataset has 14 pens."""
    pens = Path(__file__).parents[2] / "examples" / "pens"
    root = tmp_path / "root"
    (root / "pens" / "bounding_box").mkdir(parents=True)
    (root / "pens" / "bounding_box" / "images").symlink_to(pens / "pictures")
    file = tmp_path / "round.yaml"
    text = (pens / "round.yaml").read_text()
    arguments = ["run", "-f", str(file), "--root", str(root), "--answers", str(pens / "answers.manifest")]

    file.write_text(f"{text}  quality: {{minBoxesPerClass: 15}}\n")
    held = CliRunner().invoke(cli, arguments)
    file.write_text(f"{text}  quality: {{minBoxesPerClass: 14}}\n")
    done = CliRunner().invoke(cli, arguments)

    assert isinstance(held.exception, Conflict)
    assert "too few boxes of pen: 14, and spec.quality.minBoxesPerClass is 15" in str(held.exception)
    assert held.exception.exit_code == 1
    assert done.exit_code == 0, done.output
