"""The numbers of `labelround stats`, recomputed with pandas from the label files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from tests.dataset.manifests import World, line, plan_of
from tests.quality.made_boxes import NAMES, boxes_dataset
from tests.tools.made_datasets import Made, make

from labelround.cli.main import cli
from labelround.dataset.convert import convert
from labelround.dataset.existing import dataset_folder, open_dataset
from labelround.dataset.quality import found
from labelround.dataset.quality.suspicion import Suspicion
from labelround.dataset.stats import DatasetStats, Spread, stats
from labelround.progress import NoProgress
from labelround.spec.model import OutputFormat
from labelround.storage import MemoryBuckets, output_folder


def numbers(folder: Path) -> DatasetStats:
    return stats(open_dataset(dataset_folder(str(folder), MemoryBuckets())), NoProgress())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return boxes_dataset(tmp_path_factory.mktemp("quality") / "dataset")


@pytest.fixture(scope="module")
def frame(folder: Path) -> Any:
    """Every line of every label file, with the size and the split of its image."""
    images: Any = pd.read_csv(folder / "images.csv")
    columns = ["class_id", "x", "y", "w", "h"]
    files = [
        pd.read_csv(folder / image.label_file, sep=" ", names=columns).assign(
            split=image.split, width=image.width, height=image.height, label_file=image.label_file
        )
        for image in images.itertuples()
    ]
    boxes = pd.concat(files, ignore_index=True)
    return boxes.assign(pixels_w=boxes.w * boxes.width, pixels_h=boxes.h * boxes.height)


def spread(column: Any) -> Any:
    low, middle, high = (pytest.approx(number) for number in (column.min(), column.median(), column.max()))
    return Spread(low, middle, high)  # type: ignore[arg-type]  # stands for any number so near


def test_distributions_are_those_that_pandas_finds(folder: Path, frame: Any) -> None:
    """Of sizes in pixels, shares, shapes and places."""
    shapes = numbers(folder).shapes

    assert shapes.width == spread(frame.pixels_w)
    assert shapes.height == spread(frame.pixels_h)
    assert shapes.aspect == spread(frame.pixels_w / frame.pixels_h)
    assert shapes.area == spread(frame.w * frame.h)
    assert (shapes.center_x, shapes.center_y) == (spread(frame.x), spread(frame.y))


def test_classes_are_balanced_as_pandas_counts_them(folder: Path, frame: Any) -> None:
    """In all, and in each split."""
    result = numbers(folder)
    counts = frame.groupby("class_id").size()
    by_split = frame.groupby(["class_id", "split"]).size().unstack(fill_value=0)

    assert [each.boxes for each in result.classes] == counts.tolist()
    assert [[each.splits["train"], each.splits["val"]] for each in result.classes] == by_split.to_numpy().tolist()
    assert result.imbalance == pytest.approx(counts.max() / counts.min())
    assert result.classes[2].splits["val"] == 0


def test_sizes_and_places_are_counted_as_pandas_cuts_them(folder: Path, frame: Any) -> None:
    """COCO's three sizes, and a grid of five by five."""
    shapes = numbers(folder).shapes
    areas = pd.cut(frame.pixels_w * frame.pixels_h, [0, 32**2, 96**2, 1e12], right=False, labels=False)
    cells = pd.crosstab((frame.y * 5).astype(int), (frame.x * 5).astype(int))

    assert shapes.sizes is not None
    assert list(shapes.sizes.values()) == [int((areas == size).sum()) for size in range(3)]
    assert [list(row) for row in shapes.centers] == cells.reindex(range(5), fill_value=0).reindex(
        columns=range(5), fill_value=0
    ).to_numpy().tolist()


def test_suspicious_boxes_are_those_that_pandas_finds(folder: Path, frame: Any) -> None:
    """By their sides; the last line of every seventh image is its first again."""
    result = numbers(folder).suspicious
    full = (frame.w >= 0.99) & (frame.h >= 0.99)
    expected = {
        Suspicion.TINY: int(((frame.w < 0.01) | (frame.h < 0.01)).sum()),
        Suspicion.HUGE: int(((frame.w * frame.h >= 0.9) & ~full).sum()),
        Suspicion.FULL_IMAGE: int(full.sum()),
    }

    assert {kind: result.counts[kind] for kind in expected} == expected
    assert min(expected.values()) > 0
    again = {each.label_file for each in result.found if each.kind is Suspicion.OVERLAP}
    assert {name for name in again if int(name[-7:-4]) % 7 == 0} == {
        name for name in frame.label_file.unique() if int(name[-7:-4]) % 7 == 0
    }


def test_a_suspicious_box_is_named_with_its_picture_and_its_line(tmp_path: Path) -> None:
    """Blank lines count, so that an editor finds it."""
    labels = "0 0.5 0.5 0.2 0.2\n\n1 0.5 0.5 0.2 0.002\n0 0.5 0.5 0.2 0.19\n"
    folder = make(tmp_path / "dataset", [Made("a b.jpg", labels)])

    found = [str(each) for each in numbers(folder).suspicious.found]

    assert found == [
        "images/a b.jpg: pen (labels/a b.txt:3) is tiny: one side is 0.20% of the picture's",
        "images/a b.jpg: pencil (labels/a b.txt:4) lies on the box of line 1, of the same class: their overlap is 0.95",
    ]


@pytest.mark.parametrize(
    ("output_format", "label_file"),
    [
        (OutputFormat.PASCAL_VOC, "Annotations/a.xml"),
        (OutputFormat.COCO, "annotations/instances_train.json"),
        (OutputFormat.NDJSON, "dataset.ndjson"),
    ],
)
def test_where_boxes_have_no_lines_they_are_numbered(
    output_format: OutputFormat, label_file: str, tmp_path: Path
) -> None:
    """Among those of their picture."""
    world = World(MemoryBuckets())
    plan = plan_of(world.source([line("a.jpg", ("pen", 10, 10, 40, 40), ("pen", 10, 10, 40, 38))]),
                   output_format=output_format)  # fmt: skip
    convert(plan, output_folder(str(tmp_path / "dataset"), world.buckets), world.buckets)

    (found,) = numbers(tmp_path / "dataset").suspicious.found

    assert found.box == f"pen ({label_file}, box 2) lies on box 1, of the same class: their overlap is 0.95"


def test_an_image_of_two_splits_counts_in_both(tmp_path: Path) -> None:
    """As when all images are one group, and val lists what train lists."""
    folder = make(tmp_path / "dataset", [Made("a.jpg", "0 0.5 0.5 0.2 0.2\n")])
    (folder / "val.txt").write_bytes((folder / "train.txt").read_bytes())
    with (folder / "data.yaml").open("a") as definition:
        definition.write("val: val.txt\n")

    result = numbers(folder)

    assert (result.total, result.boxes, result.classes[0].splits) == (1, 1, {"train": 1, "val": 1})


def test_more_than_is_kept_is_still_counted(tmp_path: Path) -> None:
    """So that memory does not grow with what is wrong."""
    rows = "".join(f"0 0.5 0.{number:05} 0.2 0.000001\n" for number in range(1, found.KEPT + 6))
    folder = make(tmp_path / "dataset", [Made("a.jpg", rows)])

    result = numbers(folder).suspicious

    assert (len(result.found), result.counts[Suspicion.TINY]) == (found.KEPT, found.KEPT + 5)


def test_the_command_tells_people_and_programs_what_looks_wrong(folder: Path) -> None:
    """Each with its limit; a limit that is given holds."""
    table = CliRunner().invoke(cli, ["stats", str(folder), "--tiny", "0"])
    document = json.loads(CliRunner().invoke(cli, ["stats", str(folder), "-o", "json"]).stdout)

    assert "goes around the whole picture" in table.stdout
    assert "is tiny" not in table.stdout
    assert f"no box of class 2 ({NAMES[2]}) in val" in table.stdout
    assert document["suspicious"]["limits"] == {"tiny": 0.01, "huge": 0.9, "overlap": 0.8}
    assert document["suspicious"]["counts"]["tiny"] > 0
    assert document["suspicious"]["found"][0]["image"].startswith("images/")


def test_a_box_of_less_than_nothing_is_tiny(tmp_path: Path) -> None:
    """`validate` says what is wrong with it; here it stops nothing."""
    folder = make(tmp_path / "dataset", [Made("a.jpg", "0 0.5 0.5 -0.2 0.2\n0 0.5 0.5 0.2 0\n")])

    result = numbers(folder)

    assert result.suspicious.counts[Suspicion.TINY] == result.boxes == 2


def test_an_empty_dataset_has_numbers_too(tmp_path: Path) -> None:
    """All of them 0 or unknown."""
    result = CliRunner().invoke(cli, ["stats", str(make(tmp_path / "dataset", [Made("a.jpg")]))])

    assert result.exit_code == 0, result.output
    assert "1 images (1 without boxes), 0 boxes" in result.stdout
