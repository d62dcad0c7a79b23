"""Pascal VOC datasets of others, with the habits of their exporters."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.tools.foreign import boxes, dataset_of

from labelround.errors import InvalidInput

SIZE = "<size><width>40</width><height>20</height></size>"


def thing(*corners: float | str, name: str = "pen") -> str:
    xmin, ymin, xmax, ymax = corners
    box = f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
    return f"<object><name>{name}</name><difficult>1</difficult><bndbox>{box}</bndbox></object>"


BOX = thing(5, 3, 24, 12)


def xml(*objects: str, size: str = SIZE, name: str = "a.jpg") -> str:
    return f"<annotation><filename>{name}</filename>{size}{''.join(objects)}</annotation>"


def test_corners_count_from_one(tmp_path: Path) -> None:
    """Pixels 5 to 24 are twenty, from the left edge at 4."""
    opened = dataset_of(tmp_path, {"Annotations/a.xml": xml(BOX)})

    assert boxes(opened) == {"JPEGImages/a.jpg": [("pen", (0.35, 0.35, 0.5, 0.5))]}
    assert (opened.problems, opened.notes) == ((), ())


def test_a_corner_of_zero_tells_that_all_count_from_zero(tmp_path: Path) -> None:
    """In all files of the dataset, with a word about it."""
    opened = dataset_of(
        tmp_path, {"Annotations/a.xml": xml(thing(4, 2, 24, 12)), "Annotations/b.xml": xml(thing(0, 1, 8, 4))}
    )

    assert boxes(opened)["JPEGImages/a.jpg"] == [("pen", (0.35, 0.35, 0.5, 0.5))]
    assert opened.notes == ("a corner is 0, so that all were taken to count from 0 instead of VOC's 1",)


@pytest.mark.parametrize(
    ("labels", "picture", "split"),
    [
        ("Annotations/deep/a.xml", "JPEGImages/deep/a.PNG", "unsplit"),
        ("VOCdevkit/VOC2012/Annotations/a.xml", "VOCdevkit/VOC2012/JPEGImages/a.jpg", "unsplit"),
        ("annotations/a.xml", "annotations/a.jpg", "unsplit"),
        ("valid/a.xml", "valid/a.jpg", "val"),
    ],
)
def test_pictures_are_found_where_exporters_put_them(labels: str, picture: str, split: str, tmp_path: Path) -> None:
    """VOC's own layout, and those of LabelImg and Roboflow."""
    opened = dataset_of(tmp_path, {labels: xml(BOX)}, picture)

    assert list(boxes(opened)) == [picture]
    assert list(opened.splits) == [split]


def test_lists_tell_the_split(tmp_path: Path) -> None:
    """A second column does not matter, names with spaces do; what no list names is left out, and counted."""
    made = {f"Annotations/{name}.xml": xml(BOX) for name in ("a", "b c", "d")}
    lists = {
        "ImageSets/Main/train.txt": "a  1\n",
        "ImageSets/Main/val.txt": "b c\n",
        "ImageSets/Main/pen_val.txt": "d -1\n",
    }

    opened = dataset_of(tmp_path, {**made, **lists})

    assert {split: [one.text for one in listed] for split, listed in opened.splits.items()} == {
        "train": ["a"],
        "val": ["b c"],
    }
    assert opened.notes == ("left out 1 XML file that no list names",)


def test_classes_come_in_the_order_of_the_label_map(tmp_path: Path) -> None:
    """Then by name."""
    texts = {
        "Annotations/a.xml": xml(BOX, thing(1, 1, 2, 2, name="a")),
        "labelmap.txt": "# x\nbackground:::\nz:::\npen:::\n",
    }

    assert dataset_of(tmp_path, texts).names == ("z", "pen", "a")


def test_a_size_that_is_missing_is_read_from_the_picture(tmp_path: Path) -> None:
    """From its header."""
    opened = dataset_of(tmp_path, {"Annotations/a.xml": xml(BOX, size="")}, "JPEGImages/a.jpg")

    assert boxes(opened) == {"JPEGImages/a.jpg": [("pen", (0.35, 0.35, 0.5, 0.5))]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<annotation>", "Annotations/a.xml: is not XML"),
        ("<!DOCTYPE x []><annotation/>", "has a DOCTYPE, which no annotation needs"),
        (xml(BOX, size=""), "has no size, and the picture is not there to tell it; add it"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_problem(text: str, problem: str, tmp_path: Path) -> None:
    """With its name."""
    opened = dataset_of(tmp_path, {"Annotations/a.xml": text})

    assert len(opened.problems) == 1
    assert problem in str(opened.problems[0])


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (thing(5, 3, 4, 12), "has a bndbox that ends before it begins"),
        (thing(5, 3, "x", 12), "has no bndbox of four numbers"),
        (thing(5, 3, "inf", 12), "has no bndbox of four numbers"),
        (thing(5, 3, 24, 12, name=""), "has no name"),
    ],
)
def test_an_object_that_is_no_box_is_told_with_its_number(broken: str, problem: str, tmp_path: Path) -> None:
    """The others are read."""
    opened = dataset_of(tmp_path, {"Annotations/a.xml": xml(BOX, broken)})

    (labels,) = [opened.labels(entry) for entry in opened.listed()]
    assert labels is not None
    assert (len(labels.rows), labels.problems) == (1, ((2, problem),))


def test_xml_of_other_kinds_is_no_dataset(tmp_path: Path) -> None:
    """A drawing, say."""
    with pytest.raises(InvalidInput, match="no file of COCO's, Pascal VOC's"):
        dataset_of(tmp_path, {"drawing.xml": "<svg/>"})
