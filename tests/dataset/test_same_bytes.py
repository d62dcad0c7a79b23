"""The dataset is a function of what was said: not of shards, of the order of lines, or of how often it is made."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dataset.manifests import LABELS, World, failed, line, plan_of, unlabeled
from tests.dataset.watched import in_memory, revived

from labelround.dataset.convert import convert, read_report
from labelround.spec.model import OutputFormat, Split
from labelround.storage import Folder

keys = st.sampled_from(
    [
        "a.jpg",
        "a.png",
        "A.jpg",
        "b/c.jpg",
        "b/images/d.jpg",
        "e\u0301.jpg",
        "\u00e9.jpg",
        "z z.jpg",
        "#1.jpg",
        "train.jpg",
    ]
)
drawn = st.tuples(st.sampled_from(LABELS), *[st.floats(-20, 120)] * 4)


@st.composite
def lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    made = [line("last.jpg")]
    for key in draw(st.lists(keys, max_size=10, unique=True)):
        labeled = line(key, *draw(st.lists(drawn, max_size=3)))
        made.append(draw(st.sampled_from([labeled, labeled, failed(key), unlabeled(key)])))
    return made


@settings(max_examples=12, deadline=None)
@given(lines(), st.randoms(use_true_random=False), st.sampled_from(OutputFormat))
def test_shards_and_the_order_of_lines_change_no_byte(
    entries: list[dict[str, Any]], random: Any, output_format: OutputFormat
) -> None:
    """Not even of the report."""
    first = World()
    first.convert(entries, output_format=output_format, split=Split(60, 20, 20, 7))

    for shards in range(2, 8):
        random.shuffle(entries)
        other = World()
        other.convert(entries, output_format=output_format, split=Split(60, 20, 20, 7), shards=shards)
        assert other.files() == first.files()


ENTRIES = [line(f"{number:02}.jpg", ("pen", number, 5, 20, 20)) for number in range(30)]


def test_a_dataset_that_is_there_is_left_alone() -> None:
    """The report comes back, and nothing is written."""
    world = World()
    bucket = in_memory()
    plan = plan_of(world.source(ENTRIES))
    first = convert(plan, Folder(bucket, "d"), world.buckets)

    again = revived(bucket)
    second = convert(plan, Folder(again, "d"), world.buckets)

    assert second == first
    assert [done for done in again.effects.done if done.startswith("write")] == []


@pytest.mark.parametrize(
    "options",
    [
        {"labels": ("pen", "pencil")},
        {"split": Split(50, 50)},
        {"output_format": OutputFormat.DARKNET},
        {"images_prefix": None},
    ],
)
def test_what_is_asked_for_otherwise_is_made_anew(options: dict[str, Any]) -> None:
    """The folder then holds what a new folder would."""
    world, fresh = World(), World()
    world.convert(ENTRIES)

    world.convert(ENTRIES, **options)
    fresh.convert(ENTRIES, **options)

    assert world.files() == fresh.files()


def test_another_manifest_leaves_nothing_of_the_last_one() -> None:
    """Label files that are no longer wanted go; what the user put there stays."""
    world, fresh = World(), World()
    world.convert(ENTRIES, split=Split(60, 20, 20))
    world.output.write("labels/mine.txt", b"mine")
    world.output.write("notes.md", b"mine")

    world.convert(ENTRIES[:3])
    fresh.convert(ENTRIES[:3])

    assert world.files() == {**fresh.files(), "labels/mine.txt": b"mine", "notes.md": b"mine"}


def test_an_unreadable_report_is_no_dataset() -> None:
    """Whoever wrote it, the conversion is done again."""
    world = World()
    report = world.convert(ENTRIES)
    world.output.write("report.json", b"{}")

    assert read_report(world.output) is None
    assert world.convert(ENTRIES) == report


def test_the_digest_can_be_computed_with_other_means() -> None:
    """SHA-256 over `<sha256>  <path>` of the label files in key order, then of the files that the report names."""
    world = World()

    report = world.convert([*ENTRIES, line("a.jpg"), failed("b.jpg")])

    files = world.files()
    paths = [row["label_file"] for row in world.rows("images.csv") if row["label_file"]] + list(report.files)
    listed = "".join(f"{sha256(files[path]).hexdigest()}  {path}\n" for path in paths)
    assert report.digest == sha256(listed.encode()).hexdigest()
    assert set(files) == {*paths, *report.described, "report.json", ".labelround-claim.json"}


def test_the_digest_of_a_dataset_never_changes() -> None:
    """Unless the version of the format does: tomorrow's labelround must make the same files."""
    report = World().convert([*ENTRIES, line("a.jpg"), failed("b.jpg")])

    assert report.digest == "9c4ff046f8abf776e29161622621e123cfd28cc294bd1a834df5fdec9d69aed0"


def test_an_image_keeps_its_split_when_others_arrive() -> None:
    """All but the ones that filled an empty part."""
    few, many = World(), World()
    few.convert(ENTRIES[:10])
    many.convert(ENTRIES)

    before = {row["image"]: row["split"] for row in few.rows("images.csv")}
    after = {row["image"]: row["split"] for row in many.rows("images.csv")}
    assert before == {image: after[image] for image in before}


def test_a_group_never_straddles_splits() -> None:
    """All frames of one camera are in one of them."""
    world = World()
    entries = [line(f"cam{number % 7}/{number}.jpg") for number in range(70)]

    world.convert(entries, split=Split(50, 30, 20, group_by=r"^cam\d+"))

    splits: dict[str, set[str]] = {}
    for row in world.rows("images.csv"):
        splits.setdefault(row["image"].split("/")[0], set()).add(row["split"])
    assert all(len(parts) == 1 for parts in splits.values())
    assert {part for parts in splits.values() for part in parts} >= {"train", "val"}


def test_one_group_trains_and_validates_with_a_warning() -> None:
    """There is nothing to hold back."""
    world = World()

    report = world.convert([line("a.jpg"), line("b.jpg")], split=Split(group_by="jpg"))

    files = world.files()
    assert files["train.txt"] == files["val.txt"] == b"./images/a.jpg\n./images/b.jpg\n"
    assert any("the split val lists what the split train lists" in warning for warning in report.warnings)
