"""Pascal VOC: an XML file an image, whose corners are whole pixels that count from 1."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dataset.manifests import World, failed, line

from labelround.dataset.voc import annotation, label_map
from labelround.errors import InvalidInput
from labelround.spec.model import OutputFormat, Split

ENTRIES = [line("cam 1/a.b.jpg", ("pen", 10, 5, 20, 30)), line("b.png"), failed("c.jpg")]
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def converted(**options: Any) -> dict[str, bytes]:
    world = World()
    world.convert(ENTRIES, output_format=OutputFormat.PASCAL_VOC, split=Split(group_by="^"), **options)
    return world.files()


def corners(file: bytes) -> list[tuple[int, ...]]:
    objects = ElementTree.fromstring(file).findall("object")
    return [tuple(int(one.findtext(f"bndbox/{corner}") or "") for corner in CORNERS) for one in objects]


def test_an_image_is_one_file_as_voc_has_it() -> None:
    """The first pixel is 1, and the last one belongs to the box."""
    file = converted()["Annotations/cam 1/a.b.xml"]

    root = ElementTree.fromstring(file)
    assert root.findtext("filename") == "cam 1/a.b.jpg"
    assert [root.findtext(f"size/{side}") for side in ("width", "height", "depth")] == ["100", "80", "3"]
    assert [one.findtext("name") for one in root.findall("object")] == ["pen"]
    assert corners(file) == [(11, 6, 30, 35)]


def test_lists_and_classes_are_where_readers_look_for_them() -> None:
    """A background image has a file without objects; a failed one has none."""
    files = converted()

    assert files["ImageSets/Main/train.txt"] == files["ImageSets/Main/val.txt"] == b"b\ncam 1/a.b\n"
    assert files["labelmap.txt"] == b"# label:color_rgb:parts:actions\npencil:::\npen:::\n"
    assert corners(files["Annotations/b.xml"]) == []
    assert {path for path in files if path.endswith(".xml")} == {"Annotations/b.xml", "Annotations/cam 1/a.b.xml"}


edges = st.tuples(st.floats(0, 99), st.floats(0.001, 100)).map(lambda one: [one[0], min(one[0] + one[1], 100)])


@given(edges, edges)
def test_corners_are_pixels_of_the_image_next_to_the_edges(xs: list[float], ys: list[float]) -> None:
    """At least one, and no farther from an edge than half a pixel, unless the box is thinner than one."""
    box = (0, xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0])

    ((xmin, ymin, xmax, ymax),) = corners(annotation("a.jpg", [box], ["pen"], 100, 100))

    assert 1 <= xmin <= xmax <= 100
    assert 1 <= ymin <= ymax <= 100
    for start, stop, first, last in ((*xs, xmin, xmax), (*ys, ymin, ymax)):
        assert abs(first - 1 - start) <= (0.5 if stop - start >= 1 else 1) + 1e-9
        assert abs(last - stop) <= (0.5 if stop - start >= 1 else 1) + 1e-9


def test_names_are_escaped() -> None:
    """Of classes and of images; what XML cannot hold of a file's name is replaced."""
    file = annotation('a<&">\uffff.jpg', [(0, 0, 0, 5, 5)], ["<pen> & 'é'"], 10, 10)

    root = ElementTree.fromstring(file)
    assert root.findtext("filename") == 'a<&">\ufffd.jpg'
    assert root.findtext("object/name") == "<pen> & 'é'"


@pytest.mark.parametrize("label", ["a:b", "#1", " pen"])
def test_classes_that_the_label_map_cannot_hold_leave_it_out(label: str) -> None:
    """The names stand in the XML files all the same, and in report.json in order."""
    assert label_map(["pen", label]) is None


def test_a_class_that_xml_cannot_hold_is_refused() -> None:
    """Before anything is written."""
    world = World()

    with pytest.raises(InvalidInput, match=r"labels\[0\]: 'a\\x07' has a character that XML cannot hold; leave it out"):
        world.convert(ENTRIES, output_format=OutputFormat.PASCAL_VOC, labels=("a\x07", "pen"))

    assert world.files() == {}
