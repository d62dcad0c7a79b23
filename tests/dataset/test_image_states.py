"""What becomes of an image: its four states, label groups, attempts, and where every box went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dataset.manifests import LABELS, PREFIX, World, failed, line, manifest, plan_of, table_rows, unlabeled

from labelround.dataset.convert import convert
from labelround.dataset.report import ImageCounts
from labelround.errors import InvalidManifest
from labelround.storage import Folder

PEN = ("pen", 10.0, 10.0, 20.0, 20.0)
PENCIL = ("pencil", 5.0, 5.0, 10.0, 10.0)
Lines = Sequence[Mapping[str, Any]]


def states(world: World) -> dict[str, tuple[str, str]]:
    """State and reason of every image, by its name."""
    return {row["image"]: (row["state"], row["reason"]) for row in world.rows("images.csv")}


def test_each_of_the_four_states_is_kept_apart() -> None:
    """A background image gets an empty label file; failed and unlabeled ones get none and are in no list."""
    world = World()

    report = world.convert([line("a.jpg", PEN), line("b.jpg"), failed("c.jpg", "no time"), unlabeled("d.jpg")])

    assert report.images == ImageCounts(total=4, labeled=1, empty=1, failed=1, unlabeled=1)
    assert states(world) == {
        "a.jpg": ("labeled", ""),
        "b.jpg": ("empty", ""),
        "c.jpg": ("failed", "no time"),
        "d.jpg": ("unlabeled", ""),
    }
    files = world.files()
    assert {name for name in files if name.startswith("labels/")} == {"labels/a.txt", "labels/b.txt"}
    assert files["labels/a.txt"] == b"1 0.200000 0.250000 0.200000 0.250000\n"
    assert files["labels/b.txt"] == b""
    listed = (files["train.txt"] + files["val.txt"]).decode().split()
    assert sorted(listed) == ["./images/a.jpg", "./images/b.jpg"]
    assert not report.complete


def test_the_table_of_images_has_one_row_for_each() -> None:
    """With the file, the split, the number of boxes and the size."""
    world = World()

    world.convert([line("deep/a.jpg", PEN, PENCIL), failed("b.jpg")])

    first, second = world.rows("images.csv")
    assert first == {
        "source_ref": f"s3://pictures/{PREFIX}b.jpg",
        "image": "b.jpg",
        "label_file": "",
        "split": "",
        "state": "failed",
        "boxes": "0",
        "width": "",
        "height": "",
        "reason": "ClientError: Annotation tasks expired.",
    }
    assert (second["label_file"], second["split"], second["boxes"]) == ("labels/deep/a.txt", "train", "2")
    assert (second["width"], second["height"]) == ("100", "80")


def test_the_table_of_boxes_is_in_pixels() -> None:
    """Whole numbers as such, others as they are."""
    world = World()

    world.convert([line("a.jpg", ("pen", 10, 10.5, 20, 120.80000000000001), size=(1000, 800))])

    assert world.output.read("annot.csv").decode() == (
        "img_file,category,box_left,box_top,box_width,box_height,img_width,img_height\n"
        "a.jpg,pen,10,10.5,20,120.80000000000001,1000,800\n"
    )


def test_boxes_outside_and_twice_the_same_are_dropped_and_counted() -> None:
    """After clipping, and per class."""
    world = World()
    outside, edge = ("pen", 200, 10, 20, 20), ("pen", 90, 70, 30, 30)

    report = world.convert([line("a.jpg", PEN, PEN, outside, edge, ("pen", 90, 70, 10, 10), ("pencil", *PEN[1:]))])

    assert (report.boxes.read, report.boxes.written) == (6, 3)
    assert report.boxes.dropped == {"no_area": 1, "duplicate_box": 2}
    assert report.boxes.by_class == {"pencil": 1, "pen": 2}
    assert not report.complete


def test_an_image_that_loses_its_only_box_is_warned_about() -> None:
    """Its label file is empty now, though a worker saw something."""
    world = World()

    report = world.convert([line("a.jpg", ("pen", 200, 10, 20, 20))])

    assert world.files()["labels/a.txt"] == b""
    assert report.images.labeled == 1
    assert "1 labeled image kept no box, and will train as background" in report.warnings


def test_a_line_that_stands_twice_is_counted_once() -> None:
    """With a warning, and its boxes in the balance."""
    report = World().convert([line("a.jpg", PEN), line("b.jpg"), line("a.jpg", PEN)])

    assert report.images.total == 2
    assert (report.boxes.read, report.boxes.written, report.boxes.dropped) == (2, 1, {"repeated_line": 1})
    assert "1 line of the manifests repeat others and were counted once" in report.warnings


def test_an_empty_dataset_is_complete_but_warned_about() -> None:
    """Nothing was labeled: there is no list, and the tables say why."""
    world = World()

    report = world.convert([failed("a.jpg"), failed("b.jpg")])

    assert report.files == ("data.yaml", "annot.csv", "images.csv")
    assert "no image is labeled: the dataset is empty" in report.warnings
    assert len(world.rows("images.csv")) == 2


def test_a_job_whose_objects_all_failed_needs_no_named_attribute() -> None:
    """There is only one it can be, though no line states its type."""
    report = World().convert([failed("a.jpg"), unlabeled("b.jpg")])

    assert (report.images.failed, report.images.unlabeled) == (1, 1)


def test_an_attribute_is_found_behind_many_failed_lines() -> None:
    """Lines before the first box are read again, with their numbers."""
    world = World()
    lines = [failed(f"{number:05}.jpg") for number in range(3000)]

    report = world.convert([*lines, line("z.jpg", PEN)])

    assert (report.images.failed, report.images.labeled) == (3000, 1)
    with pytest.raises(InvalidManifest, match=r"output\.manifest:3001: has no source-ref"):
        World().convert(manifest(lines) + b"\n{}\n".replace(b"\n{}", b"{}") + manifest([line("z.jpg", PEN)]))


@pytest.mark.parametrize("reason", ["", {"code": 7}, ["x"], False, "two\nlines"])
def test_a_failure_reason_may_be_anything(reason: Any) -> None:
    """Only its presence counts; it becomes one line of text."""
    world = World()

    world.convert([line("a.jpg"), failed("b.jpg", reason)])

    state, told = states(world)["b.jpg"]
    assert state == "failed"
    assert told
    assert "\n" not in told


# ---- attempts and groups ----


def converted(world: World, *manifests: tuple[Lines, dict[str, Any]], inputs: Lines = ()) -> Any:
    """Convert several manifests at once, with an input manifest when one is given."""
    sources = [world.source(lines, f"m{number}", **how) for number, (lines, how) in enumerate(manifests)]
    listed = (world.source(inputs, "input"),) if inputs else ()
    return convert(plan_of(*sources, inputs=listed), world.output, world.buckets)


def attempt(number: int, group: int = 0) -> dict[str, Any]:
    return {"attribute": "pens" if group == 0 else f"group-{group}", "group": group, "attempt": number}


def test_the_latest_attempt_that_labeled_an_image_wins() -> None:
    """An earlier one keeps what the later left undone."""
    world = World()
    first = [line("a.jpg", PEN), failed("b.jpg", "first"), line("c.jpg", PEN), failed("d.jpg", "first")]
    second = [line("a.jpg", PENCIL), line("b.jpg", PEN), failed("c.jpg"), failed("d.jpg", "second")]

    report = converted(world, (second, attempt(2)), (first, attempt(1)))

    assert states(world) == {
        "a.jpg": ("labeled", ""),
        "b.jpg": ("labeled", ""),
        "c.jpg": ("labeled", ""),
        "d.jpg": ("failed", "second"),
    }
    assert world.files()["labels/a.txt"].startswith(b"0 ")
    assert (report.boxes.read, report.boxes.written, report.boxes.dropped) == (4, 3, {"superseded_attempt": 1})


def test_an_image_needs_all_its_label_groups() -> None:
    """Boxes of both are in one label file; a group that is missing is named."""
    world = World()
    first = [line("a.jpg", PEN), line("b.jpg", PEN), line("c.jpg"), line("d.jpg", PEN)]
    second = [
        line("a.jpg", PENCIL, attribute="group-1"),
        failed("b.jpg", "no time", attribute="group-1"),
        line("c.jpg", attribute="group-1"),
        unlabeled("d.jpg"),
    ]

    report = converted(world, (first, attempt(1)), (second, attempt(1, group=1)))

    assert states(world) == {
        "a.jpg": ("labeled", ""),
        "b.jpg": ("failed", "the label group group-1: no time"),
        "c.jpg": ("empty", ""),
        "d.jpg": ("failed", "the label group group-1: not labeled"),
    }
    assert len(world.files()["labels/a.txt"].splitlines()) == 2
    assert (report.boxes.read, report.boxes.written, report.boxes.dropped) == (4, 2, {"failed_image": 2})


def test_groups_must_have_seen_the_same_picture() -> None:
    """Sizes that differ make the image failed."""
    world = World()

    converted(
        world,
        ([line("a.jpg", PEN)], attempt(1)),
        ([line("a.jpg", PENCIL, attribute="group-1", size=(80, 100))], attempt(1, group=1)),
    )

    assert (
        states(world)["a.jpg"][1] == "its label groups were drawn on pictures of different sizes: 80 x 100 and 100 x 80"
    )


def test_images_that_only_the_input_manifest_lists_are_unlabeled() -> None:
    """Every image that was asked for is in the table."""
    world = World()

    report = converted(world, ([line("a.jpg", PEN)], attempt(1)), inputs=[unlabeled("a.jpg"), unlabeled("b.jpg")])

    assert states(world) == {"a.jpg": ("labeled", ""), "b.jpg": ("unlabeled", "")}
    assert report.images.total == 2


def test_the_input_manifest_asks_every_group() -> None:
    """An image that one group's output leaves out is not labeled."""
    world = World()

    converted(
        world,
        ([line("a.jpg", PEN), line("b.jpg", PEN)], attempt(1)),
        ([line("b.jpg", PENCIL, attribute="group-1")], attempt(1, group=1)),
        inputs=[unlabeled("a.jpg"), unlabeled("b.jpg")],
    )

    assert states(world) == {
        "a.jpg": ("failed", "the label group group-1: not labeled"),
        "b.jpg": ("labeled", ""),
    }


def test_a_group_whose_job_left_no_output_is_still_asked() -> None:
    """The input manifests name the groups."""
    world = World()
    inputs = world.source([unlabeled("a.jpg")], "input")
    source = world.source([line("a.jpg", PEN)], group=0)
    asked = tuple(inputs.__class__(inputs.location, inputs.name, group=group) for group in (0, 1))

    convert(plan_of(source, inputs=asked), world.output, world.buckets)

    assert states(world) == {"a.jpg": ("failed", "the label group 1: not labeled")}


def test_without_any_output_all_images_are_unlabeled() -> None:
    """A round that was stopped before the first label."""
    world = World()

    report = convert(plan_of(inputs=(world.source([unlabeled("a.jpg")]),)), world.output, world.buckets)

    assert report.images == ImageCounts(total=1, labeled=0, empty=0, failed=0, unlabeled=1)


def test_an_output_without_annotations_is_fine_when_the_images_are_listed() -> None:
    """Ground Truth copies the input's lines as they are when a job is stopped."""
    world = World()
    lines = [unlabeled("a.jpg"), unlabeled("b.jpg")]

    report = converted(world, (lines, attempt(1)), inputs=lines)

    assert (report.images.total, report.images.unlabeled) == (2, 2)


def test_without_groups_every_attribute_is_one() -> None:
    """As on the command line: two attributes of one file, or of two files with images of their own."""
    world = World()
    both = line("a.jpg", PEN, **line("a.jpg", PENCIL, attribute="more"))

    report = converted(
        world,
        ([both], {"attribute": "pens", "attempt": 0}),
        ([both], {"attribute": "more", "attempt": 1}),
        ([line("b.jpg", PEN, attribute="other")], {"attempt": 2}),
    )

    assert states(world) == {"a.jpg": ("labeled", ""), "b.jpg": ("labeled", "")}
    assert report.boxes.written == 3


def test_the_job_of_each_box_gets_a_table_of_its_own() -> None:
    """With the boxes that it gave to the dataset, and no others."""
    world = World()
    sources = (
        world.source([line("a.jpg", PEN, PEN), line("b.jpg", PEN)], "m0", attempt=1, job="first"),
        world.source([line("a.jpg", PENCIL)], "m1", attempt=2, job="second"),
    )
    tables = {job: Folder(world.bucket, f"jobs/{job}") for job in ("first", "second", "third")}

    convert(plan_of(*sources), world.output, world.buckets, shards=2, job_tables=tables)

    rows = {job: table_rows(folder.read("annot.csv")) for job, folder in tables.items()}
    assert [(row["img_file"], row["category"]) for row in rows["first"]] == [("b.jpg", "pen")]
    assert [(row["img_file"], row["category"]) for row in rows["second"]] == [("a.jpg", "pencil")]
    assert rows["third"] == []


drawn = st.tuples(st.sampled_from(LABELS), *[st.integers(-20, 120).map(float)] * 4)


@st.composite
def any_line(draw: st.DrawFn, attribute: str, key: str) -> dict[str, Any]:
    made = draw(st.sampled_from([line, failed, unlabeled]))
    if made is line:
        return line(key, *draw(st.lists(drawn, max_size=4)), attribute=attribute)
    return failed(key, attribute=attribute) if made is failed else unlabeled(key)


@st.composite
def rounds(draw: st.DrawFn) -> list[tuple[list[dict[str, Any]], dict[str, Any]]]:
    """Output manifests of up to two groups and three attempts over some of four images."""
    made = []
    for group in range(draw(st.integers(1, 2))):
        for number in range(1, draw(st.integers(2, 4))):
            how = attempt(number, group)
            keys = draw(st.lists(st.sampled_from("abcd"), unique=True))
            made.append(([draw(any_line(how["attribute"], f"{key}.jpg")) for key in keys], how))
    return made


@settings(max_examples=60, deadline=None)
@given(rounds())
def test_no_box_is_ever_lost_or_made(manifests: list[tuple[list[dict[str, Any]], dict[str, Any]]]) -> None:
    """Counted from the files: what was read is what is written and what was dropped; every image has one state."""
    world = World()
    inputs = [unlabeled(f"{key}.jpg") for key in "abcd"]

    report = converted(world, *manifests, inputs=inputs)

    given_boxes = sum(
        len(entry.get(how["attribute"], {}).get("annotations", ())) for lines, how in manifests for entry in lines
    )
    files = world.files()
    written = sum(len(content.splitlines()) for name, content in files.items() if name.startswith("labels/"))
    assert report.boxes.read == given_boxes
    assert report.boxes.written == written == len(world.rows("annot.csv")) == sum(report.boxes.by_class.values())
    assert given_boxes == written + sum(report.boxes.dropped.values())
    assert len(world.rows("images.csv")) == report.images.total == 4
