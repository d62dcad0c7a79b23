"""`spec.dataset.since`: a round over pictures that have become more asks for the new ones alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cumulative.rounds import OWNER
from tests.dataset.manifests import World as Manifests
from tests.dataset.manifests import failed, line, plan_of
from tests.round.scenes import BUCKET, IMAGES, Scene, scene
from tests.round.world import NAMES, all_answers, condition, picture

from labelround.dataset.convert import convert
from labelround.dataset.cumulative import MergeOptions, merge
from labelround.storage import Folder

SINCE = {"since": "pens/all"}
"""Where the dataset of earlier rounds is."""


def labeled(stage: Scene, folder: str, *lines: dict[str, Any]) -> Folder:
    """The dataset of an earlier round in the round's bucket."""
    world, output = Manifests(), Folder(stage.bucket, folder)
    convert(plan_of(world.source(list(lines)), owner=OWNER), output, world.buckets)
    return output


def asked_for(stage: Scene) -> list[str]:
    """The names of the images in the input manifest."""
    lines = stage.bucket.read("pens/manifest.json").decode().splitlines()
    return [json.loads(each)["source-ref"].removeprefix(f"s3://{BUCKET}/{IMAGES}") for each in lines]


def test_images_that_the_dataset_has_labels_for_are_left_out() -> None:
    """What failed there, and what it has never seen, is asked for; a background image is labeled."""
    stage = scene(dataset=SINCE)
    labeled(stage, "pens/all", line("a.jpg", ("pen", 1, 1, 9, 9)), line("b.jpg"), failed("c.jpg"))

    stage.step()

    assert asked_for(stage) == ["c.jpg", "d.jpg", "e.jpg"]


def test_of_a_dataset_that_grows_the_newest_version_counts() -> None:
    """Its own folder is named, and never changes."""
    stage = scene(dataset=SINCE)
    for n, name in enumerate("ab"):
        one = labeled(stage, f"rounds/{n}", line(f"{name}.jpg"))
        merge(Folder(stage.bucket, "pens/all"), [one], MergeOptions(OWNER, keep=1))

    stage.step()

    assert asked_for(stage) == ["c.jpg", "d.jpg", "e.jpg"]


def test_without_a_dataset_there_nothing_is_asked_for() -> None:
    """A slip of the pen would have everything labeled anew."""
    stage = scene(dataset=SINCE)

    status = stage.step().status

    stalled = condition(status, "Stalled")
    assert stalled["reason"] == "ObjectNotFound"
    assert "pens/all/report.json: spec.dataset.since: there is no dataset" in stalled["message"]
    assert not stage.bucket.exists("pens/manifest.json")


def test_without_new_images_the_round_waits_for_some() -> None:
    """And says why it has none."""
    stage = scene(dataset=SINCE)
    labeled(stage, "pens/all", *(line(f"{name}.jpg") for name in "abcde"))
    status = stage.step().status

    stage.bucket.write(f"{IMAGES}f.jpg", b"a picture")
    stage.step()

    stalled = condition(status, "Stalled")
    assert stalled["reason"] == "NoImages"
    assert "pens/all/ has labels for all 5 images below" in stalled["message"]
    assert asked_for(stage) == ["f.jpg"]


def test_images_of_another_bucket_are_others() -> None:
    """Even under the same key."""
    stage = scene(dataset=SINCE)
    labeled(stage, "pens/all", line("a.jpg") | {"source-ref": f"s3://{BUCKET}/{IMAGES}a.jpg"})
    table = stage.bucket.read("pens/all/images.csv").replace(f"s3://{BUCKET}/".encode(), b"s3://other/")
    stage.bucket.write("pens/all/images.csv", table)

    stage.step()

    assert asked_for(stage) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]


def labelround(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LABELROUND_"))}
    command = [sys.executable, "-m", "labelround", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of buckets with pictures, their answers, and a round over them that has ended."""
    images = tmp_path / BUCKET / IMAGES
    for name in NAMES[:3]:
        (images / name).parent.mkdir(parents=True, exist_ok=True)
        (images / name).write_bytes(picture(40))
    (tmp_path / "answers.manifest").write_bytes(all_answers())
    for number, dataset in ((1, {}), (2, {"since": "pens/all"})):
        spec: dict[str, Any] = {
            "bucket": BUCKET,
            "imagesPrefix": IMAGES,
            "labels": ["pencil", "pen"],
            "outputFormat": "YOLO",
        }
        spec |= {"prefix": f"rounds/{number}", "dataset": {"previews": 0, **dataset}}
        metadata = {"name": f"pens-{number}"}
        document = {
            "apiVersion": "labelround.dev/v1alpha1",
            "kind": "LabelingRound",
            "metadata": metadata,
            "spec": spec,
        }
        (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    assert run_round(1, tmp_path).returncode == 0
    return tmp_path


def run_round(number: int, place: Path) -> subprocess.CompletedProcess[str]:
    options = ("--root", ".", "--answers", "answers.manifest", "--poll-seconds", "0.05")
    return labelround("run", "-f", f"{number}.yaml", *options, cwd=place)


def test_two_rounds_over_growing_pictures_make_one_dataset(place: Path) -> None:
    """From the command line: the second asks for the two new ones, as its plan has said."""
    output = f"{BUCKET}/pens/all"
    labelround("merge", f"{BUCKET}/rounds/1/yolo_annot_files", "--output", output, cwd=place)
    (place / BUCKET / IMAGES / "deep").mkdir()
    for name in NAMES[3:]:
        (place / BUCKET / IMAGES / name).write_bytes(picture(80))

    planned = labelround("plan", "-f", "2.yaml", "--root", ".", cwd=place)
    ended = run_round(2, place)
    merged = labelround("merge", f"{BUCKET}/rounds/2/yolo_annot_files", "--output", output, cwd=place)

    assert "images:   2\n" in planned.stdout
    assert "skipped:  3 (labeled in the dataset of spec.dataset.since): pens/images/a.jpg, " in planned.stdout
    assert yaml.safe_load(ended.stdout)["status"]["images"]["total"] == 2
    assert "version 2: 5 images" in merged.stderr


def test_a_plan_says_when_there_is_nothing_new(place: Path) -> None:
    """In the words in which the round would be stalled."""
    labelround("merge", f"{BUCKET}/rounds/1/yolo_annot_files", "--output", f"{BUCKET}/pens/all", cwd=place)

    planned = labelround("plan", "-f", "2.yaml", "--root", ".", cwd=place)

    assert planned.returncode == 3
    assert "error:    spec.dataset.since: " in planned.stdout
    assert "has labels for all 3 images below" in planned.stdout


def test_a_plan_says_when_there_is_no_dataset(place: Path) -> None:
    """Under the field's name."""
    planned = labelround("plan", "-f", "2.yaml", "--root", ".", cwd=place)

    assert planned.returncode == 3
    assert "error:    spec.dataset.since: " in planned.stdout
