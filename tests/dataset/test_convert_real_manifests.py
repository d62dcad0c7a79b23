"""Manifests that Ground Truth wrote for others between 2019 and 2026."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.dataset.manifests import table_rows, tree
from tests.dataset.sharding import Sharded

from labelround.dataset.convert import ConversionPlan, ManifestSource, convert
from labelround.dataset.report import Report
from labelround.errors import InvalidManifest
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, Location, MemoryBuckets, local_bucket

FIGURES = {
    # manifest: classes, images, boxes, images without boxes
    "bees-500": (("bee",), 500, 1009, 7),
    "bcbs-logo-labeling": (("BCBS",), 470, 492, 42),
    "zegar-labeling-test": (("Arturo Fuente", "Davidoff"), 32, 54, 9),
    "pid-label-job": (("符号", "设备 ", "英文"), 5, 36, 0),
    "dl-labelling-job-train": (("name", "dl_number", "address", "DOB"), 14, 54, 0),
    "dl-labelling-job-test": (("name", "dl_number", "address", "DOB"), 3, 10, 0),
    "hms-ayo": (("A Mild",), 31, 32, 5),
    "cat-ground-truth": (("Cat",), 4, 4, 1),
    "bees-sample": (("bee",), 10, 20, 0),
    "bax-bees-validation": (("bee",), 100, 98, 5),
}


def plan_of(manifests: Path, name: str, labels: tuple[str, ...]) -> ConversionPlan:
    source = ManifestSource(Location(local_bucket(manifests), name), name)
    return ConversionPlan((source,), labels, OutputFormat.YOLO, "test", check_images=False)


def converted(manifests: Path, name: str, output: Path, labels: tuple[str, ...]) -> Report:
    return convert(plan_of(manifests, name, labels), Folder(local_bucket(output)), MemoryBuckets())


@pytest.mark.parametrize("name", FIGURES)
def test_every_box_of_a_real_manifest_is_in_its_dataset(name: str, real_manifests: Path, tmp_path: Path) -> None:
    """Images, boxes and background images are those that the manifest holds, and nothing is dropped."""
    labels, images, boxes, empty = FIGURES[name]

    report = converted(real_manifests, f"{name}.manifest", tmp_path, labels)

    assert (report.images.total, report.images.empty, report.images.labeled) == (images, empty, images - empty)
    assert (report.boxes.read, report.boxes.written, report.boxes.dropped) == (boxes, boxes, {})
    assert all(report.boxes.by_class.values())


@pytest.mark.parametrize("shards", [1, 2, 4])
@pytest.mark.parametrize("name", FIGURES)
def test_shards_of_a_real_manifest_make_the_same_bytes(
    name: str, shards: int, real_manifests: Path, tmp_path: Path
) -> None:
    """Indexed, converted in the other order, and finished; the report included."""
    for folder in ("whole", "shards"):
        (tmp_path / folder).mkdir()
    report = converted(real_manifests, f"{name}.manifest", tmp_path / "whole", FIGURES[name][0])
    plan = plan_of(real_manifests, f"{name}.manifest", FIGURES[name][0])
    output = Folder(local_bucket(tmp_path / "shards"))

    again = Sharded(plan, output, MemoryBuckets(), shards).run(range(shards - 1, -1, -1))

    assert again == report
    assert tree(tmp_path / "shards") == tree(tmp_path / "whole")


@pytest.mark.parametrize("name", FIGURES)
def test_label_files_give_back_the_boxes_of_a_real_manifest(name: str, real_manifests: Path, tmp_path: Path) -> None:
    """Read by other means, from the manifest and from the label files, the boxes are the same within 0.5 px."""
    converted(real_manifests, f"{name}.manifest", tmp_path, FIGURES[name][0])

    rows = {row["source_ref"]: row for row in table_rows((tmp_path / "images.csv").read_bytes())}
    names = yaml.safe_load((tmp_path / "data.yaml").read_text(encoding="utf-8"))["names"]
    lines = (real_manifests / f"{name}.manifest").read_text(encoding="utf-8").split("\n")
    for entry in map(json.loads, filter(None, lines)):
        attribute = next(key.removesuffix("-metadata") for key in entry if key.endswith("-metadata"))
        size, class_map = entry[attribute]["image_size"][0], entry[f"{attribute}-metadata"]["class-map"]
        label_file = tmp_path / rows[entry["source-ref"]]["label_file"]
        written = [row.split() for row in label_file.read_text(encoding="utf-8").splitlines()]
        drawn = entry[attribute]["annotations"]
        assert [names[int(row[0])] for row in written] == [class_map[str(box["class_id"])] for box in drawn]
        for row, box in zip(written, drawn, strict=True):
            x, y, width, height = (float(value) for value in row[1:])
            left, top = (x - width / 2) * size["width"], (y - height / 2) * size["height"]
            assert (left, top) == pytest.approx((box["left"], box["top"]), abs=0.5)
            assert width * size["width"] == pytest.approx(box["width"], abs=0.5)
            assert height * size["height"] == pytest.approx(box["height"], abs=0.5)


def test_images_that_differ_only_in_extension_or_case_keep_apart(real_manifests: Path, tmp_path: Path) -> None:
    """bcbs-logo-labeling has four pairs of x.jpg and x.png, and one pair that differs in case as well."""
    report = converted(real_manifests, "bcbs-logo-labeling.manifest", tmp_path, ("BCBS",))

    labels = [name for name in tree(tmp_path) if name.startswith("labels/")]
    assert len(labels) == len({name.casefold() for name in labels}) == 470
    assert report.renamed == len(report.renames) == 5
    assert [rename.image for rename in report.renames] == [
        "300x0w_png.png",
        "Blue-Cross-Blue-Shield-of-Illinois_png.png",
        "blue-cross-blue-shield-logo_png.png",
        "download_png.png",
        "images_png.png",
    ]
    assert "5 images cannot keep the name" in report.warnings[0]


def test_both_jobs_that_wrote_one_attribute_are_named(real_manifests: Path, tmp_path: Path) -> None:
    """The job's name says nothing about the attribute and filters nothing."""
    report = converted(real_manifests, "bcbs-logo-labeling.manifest", tmp_path, ("BCBS",))

    assert report.jobs == ("bcbs-logo-labeling", "bcbs-logo-labeling-small")


def test_a_class_keeps_the_space_at_its_end(real_manifests: Path, tmp_path: Path) -> None:
    """Two names that differ by a space are two classes, and the message shows where the difference is."""
    with pytest.raises(InvalidManifest) as caught:
        converted(real_manifests, "pid-label-job.manifest", tmp_path, ("符号", "设备", "英文"))

    assert "'设备 ' and '设备' differ only by space around the name" in str(caught.value)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("name", ["banana-1", "vehicle-labeling-demo"])
def test_a_classification_manifest_is_refused_by_its_type(name: str, real_manifests: Path, tmp_path: Path) -> None:
    """The message names the attribute and its type, and nothing is written."""
    with pytest.raises(InvalidManifest) as caught:
        converted(real_manifests, f"{name}.classification.manifest", tmp_path, ("a",))

    assert f"no bounding boxes but {name} (groundtruth/image-classification)" in str(caught.value)
    assert len(caught.value.problems) == 1
    assert tree(tmp_path) == {}
