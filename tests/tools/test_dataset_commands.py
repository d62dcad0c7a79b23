"""`pull`, `validate`, `stats` and `preview` as they are typed, on what `convert` wrote."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tests.tools import picture_files as files

from labelround.cli.main import cli
from labelround.cli.options import bucket_options, open_buckets
from labelround.errors import LabelroundError
from labelround.storage import LocalBuckets, S3Buckets

PREFIX = "pens/round/images"
PLAIN = files.jpeg(files.raster(40, 30))
TURNED = files.into_jpeg(PLAIN, [files.exif_segment(files.Exif(6).block())])


def line(name: str, boxes: int) -> str:
    """A line of an output manifest."""
    box = {"class_id": 0, "left": 4, "top": 3, "width": 10, "height": 12}
    return json.dumps(
        {
            "source-ref": f"s3://{PREFIX}/{name}",
            "job": {
                "image_size": [{"width": 40, "height": 30, "depth": 3}],
                "annotations": [{**box, "left": 4 + 5 * i} for i in range(boxes)],
            },
            "job-metadata": {
                "objects": [{"confidence": 0}] * boxes,
                "class-map": {"0": "pen"} if boxes else {},
                "type": "groundtruth/object-detection",
                "human-annotated": "yes",
                "creation-date": "2024-01-01T00:00:00",
                "job-name": "labeling-job/job",
            },
        }
    )


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(params=["YOLO", "Darknet", "PascalVOC", "COCO", "NDJSON"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A converted dataset of six images, one of them turned, in the folder of a bucket below `root`."""
    images = tmp_path / "root" / PREFIX
    images.mkdir(parents=True)
    names = [f"{i} #%.jpg" for i in range(5)] + ["turned.jpg"]
    for name in names:
        (images / name).write_bytes(TURNED if name == "turned.jpg" else PLAIN)
    manifest = tmp_path / "output.manifest"
    manifest.write_text("".join(f"{line(name, i % 3)}\n" for i, name in enumerate(names)))
    output = tmp_path / "root/pens/round/dataset"
    done = run("convert", manifest, "--labels", "pencil,pen", "--output", output, "--format", request.param)
    assert done.exit_code == 0, done.output
    return output


def test_a_converted_dataset_is_pulled_validated_counted_and_previewed(dataset: Path, tmp_path: Path) -> None:
    """From the bucket to a sheet of previews, without a fault on the way."""
    here, root = tmp_path / "here", tmp_path / "root"

    pulled = run("pull", "s3://pens/round/dataset", here, "--root", root)
    validated = run("validate", here)
    counted = run("stats", here, "-o", "json")
    previewed = run("preview", here, "--all")

    assert pulled.stdout.splitlines()[:2] == [
        "6 images: 6 placed, 0 there already",
        "1 of them held an orientation tag, which was set upright",
    ]
    assert validated.exit_code == 0
    assert validated.stdout == "6 images (6 read), 6 boxes: no errors, no warnings\n"
    assert json.loads(counted.stdout)["classes"][1] == {
        "id": 1,
        "name": "pen",
        "images": 4,
        "boxes": 6,
        "share": 1.0,
        "splits": {"train": 5, "val": 1},
        "sidePixels": {"min": 11.0, "median": 11.0, "max": 11.0},
    }
    assert previewed.stdout == f"{here}/previews/index.html\n"
    assert len(list((here / "previews").glob("*.png"))) == 6


def test_a_dataset_is_previewed_before_it_was_pulled(dataset: Path, tmp_path: Path) -> None:
    """From the images where they are, into a folder of one's choice."""
    result = run("preview", dataset, "--root", tmp_path / "root", "--output", tmp_path / "sheet", "--count", "2")

    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "sheet").glob("*.png"))) == 2


@pytest.mark.parametrize("dataset", ["YOLO", "Darknet"], indirect=True)
def test_errors_set_the_exit_code_of_validate(dataset: Path) -> None:
    """3 for a dataset that is wrong; programs get the rule."""
    label = next(dataset.rglob("turned.txt"))
    label.write_text("9 0.5 0.5 0.1 0.1\n")

    table, document = run("validate", dataset), run("validate", dataset, "-o", "json")

    assert (table.exit_code, document.exit_code) == (3, 3)
    assert "error: " in table.stdout
    assert {"label-class"} == {error["rule"] for error in json.loads(document.stdout)["errors"]}


@pytest.mark.parametrize("dataset", ["YOLO", "Darknet"], indirect=True)
def test_many_findings_of_a_kind_are_summed_up(dataset: Path) -> None:
    """The table shows twenty, the document all."""
    label = next(dataset.rglob("turned.txt"))
    label.write_text("9 0.5 0.5 0.1 0.1\n" * 1 + "".join(f"9 0.5 0.5 0.1 0.{i:02}1\n" for i in range(29)))

    table, document = run("validate", dataset), run("validate", dataset, "-o", "json")

    assert "error: ... and 10 more of label-class" in table.stdout
    assert sum(error["rule"] == "label-class" for error in json.loads(document.stdout)["errors"]) == 30


def test_stats_are_a_table_for_people(dataset: Path) -> None:
    """Every class on a line of its own."""
    result = run("stats", dataset)

    assert "6 images (2 without boxes), 6 boxes" in result.stdout
    assert "1   pen     4       6      100.0%" in result.stdout


def test_without_a_picture_there_is_no_preview(dataset: Path, tmp_path: Path) -> None:
    """Each is named, and the command fails."""
    (tmp_path / "empty").mkdir()

    result = run("preview", dataset, "--root", tmp_path / "empty")

    assert isinstance(result.exception, LabelroundError)
    assert result.stderr.count("warning: no preview of") == 6


@pytest.mark.parametrize("command", ["pull", "validate", "stats", "preview"])
def test_a_folder_that_does_not_exist_is_named(command: str, tmp_path: Path) -> None:
    """As it was typed."""
    result = run(command, tmp_path / "nothing")

    assert str(result.exception) == f"{tmp_path}/nothing: there is no such folder"


@click.command()
@bucket_options
def _buckets(root: Path | None, bucket: dict[str, Path], s3_endpoint_url: str | None, region: str | None) -> None:
    click.echo(repr(open_buckets(root, bucket, s3_endpoint_url, region)))


def test_buckets_are_folders_where_any_is_named(tmp_path: Path) -> None:
    """A root, single folders, or both."""
    result = CliRunner().invoke(_buckets, ["--root", str(tmp_path), "--bucket", f"a={tmp_path}"])

    assert result.stdout == f"{LocalBuckets(tmp_path, {'a': tmp_path})!r}\n"


def test_buckets_are_in_s3_otherwise() -> None:
    """With the endpoint and the region that were given."""
    result = CliRunner().invoke(_buckets, ["--s3-endpoint-url", "http://127.0.0.1:9", "--region", "eu-west-1"])

    assert result.stdout == f"{S3Buckets('http://127.0.0.1:9', 'eu-west-1')!r}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bucket", "a"], "'a' is not NAME=DIR"),
        (["--bucket", "a=/nothing/there"], "the folder '/nothing/there' does not exist"),
        (["--bucket", "a=.", "--bucket", "a=."], "the bucket 'a' is named twice"),
        (["--root", ".", "--s3-endpoint-url", "http://x"], "cannot be combined with --root or --bucket"),
    ],
)
def test_wrong_buckets_are_a_usage_error(arguments: list[str], words: str) -> None:
    """Before anything is opened."""
    result = CliRunner().invoke(_buckets, arguments)

    assert result.exit_code == 2
    assert words in result.stderr
