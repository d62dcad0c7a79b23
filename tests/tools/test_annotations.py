"""`annot.csv` as a pandas table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.dataset.manifests import World, line, plan_of
from tests.tools.made_datasets import Made, make

import labelround
from labelround.dataset.convert import convert
from labelround.dataset.cumulative import MergeOptions, merge
from labelround.dataset.existing import dataset_folder
from labelround.errors import InvalidInput, ObjectNotFound
from labelround.spec.model import OutputFormat
from labelround.storage import MemoryBuckets, output_folder

HEADER = "img_file,category,box_left,box_top,box_width,box_height,img_width,img_height\n"


def write(folder: Path, *rows: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "annot.csv").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return str(folder)


def test_columns_have_their_types(tmp_path: Path) -> None:
    """Boxes may be floats and are always; sizes are whole numbers."""
    folder = write(tmp_path / "a", "x.jpg,pen,1,2,3.5,4,640,480")

    table = labelround.read_annotations(folder)

    assert table.to_dict("records") == [
        {
            "img_file": "x.jpg",
            "category": "pen",
            "box_left": 1.0,
            "box_top": 2.0,
            "box_width": 3.5,
            "box_height": 4.0,
            "img_width": 640,
            "img_height": 480,
        }
    ]
    assert [str(kind) for kind in table.dtypes[2:]] == ["float64"] * 4 + ["int64"] * 2


@pytest.mark.parametrize("name", ["NA", "null", "nan", "None", "1", "1.0", "True", "", " pen ", '"a, b"', "设备 "])
def test_a_class_name_stays_what_it_is(tmp_path: Path, name: str) -> None:
    """Whatever pandas would make of it."""
    folder = write(tmp_path / "a", f"1e5,{name},1,2,3,4,640,480")

    table = labelround.read_annotations(folder)

    assert table["category"].tolist() == [name.strip('"')]
    assert table["img_file"].tolist() == ["1e5"]


def test_a_file_and_its_folder_are_the_same(tmp_path: Path) -> None:
    """So are addresses with and without a slash at the end."""
    folder = write(tmp_path / "a", "x.jpg,pen,1,2,3,4,640,480")

    tables = [labelround.read_annotations(uri) for uri in (folder, f"{folder}/", f"{folder}/annot.csv")]

    assert all(table.equals(tables[0]) for table in tables)


def test_a_table_is_read_from_a_bucket() -> None:
    """Through the same storage as everything else."""
    buckets = MemoryBuckets()
    buckets.open("b").write("round 1/annot.csv", f"{HEADER}x.jpg,pen,1,2,3,4,640,480\n".encode())

    table = labelround.read_annotations("s3://b/round 1/", buckets=buckets)

    assert len(table) == 1


def test_an_empty_table_has_its_types(tmp_path: Path) -> None:
    """A round in which nobody found anything."""
    table = labelround.read_annotations(write(tmp_path / "a"))

    assert table["box_left"].dtype == "float64"
    assert table.empty


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", "lacks the columns img_file"),
        (f"{HEADER}x.jpg,pen,left,2,3,4,640,480\n", "is no table of annotations"),
        ("", "is no table of annotations"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: str, words: str) -> None:
    """With the file and the reason."""
    (tmp_path / "annot.csv").write_text(content)

    with pytest.raises(InvalidInput, match=rf"annot\.csv: {words}"):
        labelround.read_annotations(str(tmp_path))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As every other missing object."""
    with pytest.raises(ObjectNotFound, match=r"annot\.csv: not found"):
        labelround.read_annotations(str(tmp_path))


def test_the_later_round_wins_an_image_wholly(tmp_path: Path) -> None:
    """None of the earlier boxes is left beside the later ones."""
    first = write(tmp_path / "1", "x.jpg,pen,1,1,1,1,9,9", "x.jpg,pen,2,2,2,2,9,9", "y.jpg,pen,3,3,3,3,9,9")
    second = labelround.read_annotations(write(tmp_path / "2", "x.jpg,pencil,4,4,4,4,9,9", "z.jpg,pen,5,5,5,5,9,9"))
    conflicts: list[str] = []

    table = labelround.merge([first, second], conflicts=conflicts)

    assert table[["img_file", "box_left"]].values.tolist() == [["y.jpg", 3.0], ["x.jpg", 4.0], ["z.jpg", 5.0]]
    assert conflicts == ["x.jpg"]
    assert table.index.tolist() == [0, 1, 2]


def test_an_image_that_a_later_round_found_empty_loses_its_boxes(tmp_path: Path) -> None:
    """images.csv of the later dataset knows it; an image that failed there does not count."""
    first = write(tmp_path / "1", "x.jpg,pen,1,1,1,1,9,9", "y.jpg,pen,2,2,2,2,9,9")
    second = make(tmp_path / "2", [Made("x.jpg", state="empty"), Made("y.jpg", split="", state="failed")])

    table = labelround.merge([first, str(second)])

    assert table["img_file"].tolist() == ["y.jpg"]


def test_tables_are_joined_by_names_and_datasets_by_addresses(tmp_path: Path) -> None:
    """NDJSON has other names than the rest."""
    world = World(MemoryBuckets())
    places = [tmp_path / "ndjson", tmp_path / "coco"]
    for place, kind in zip(places, (OutputFormat.NDJSON, OutputFormat.COCO), strict=True):
        entries = [line("a.jpg", ("pen", 1, 2, 30, 40)), line("b/c.jpg", ("pen", 1, 2, 30, 40))]
        output = output_folder(str(place), world.buckets)
        convert(plan_of(world.source(entries), output_format=kind), output, world.buckets)

    table = labelround.merge([str(place) for place in places])

    folders = [dataset_folder(str(place), world.buckets) for place in places]
    merged = merge(output_folder(str(tmp_path / "merged"), world.buckets), folders, MergeOptions("somebody", 10))
    assert table["img_file"].tolist() == ["b_c.jpg", "a.jpg", "b/c.jpg"]
    assert merged.report.boxes.written == 2


def test_nothing_merges_to_an_empty_table() -> None:
    """With all columns."""
    assert list(labelround.merge([]).columns) == HEADER.strip().split(",")


def test_a_table_without_the_columns_is_refused() -> None:
    """By name."""
    with pytest.raises(InvalidInput, match="the table: lacks the columns category"):
        labelround.merge([pd.DataFrame({"img_file": ["x"]})])


def test_pandas_is_imported_when_it_is_asked_for() -> None:
    """Not by `import labelround`."""
    asked = "print('pandas' in sys.modules)"
    program = f"import sys, labelround; {asked}; labelround.merge([]); {asked}"

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout == "False\nTrue\n"
