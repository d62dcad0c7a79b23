"""A conversion that runs again writes only what is missing or different."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cumulative.rounds import Rounds
from tests.dataset.manifests import World, line, plan_of
from tests.dataset.pictures import picture
from tests.dataset.watched import WatchedBucket, on_disk, revived

from labelround.dataset.convert import ConversionPlan, convert
from labelround.dataset.existing import open_dataset
from labelround.dataset.formats import format_of
from labelround.dataset.validate import validate
from labelround.dataset.validate.digest import check_descriptions
from labelround.dataset.validate.findings import Rule
from labelround.progress import NoProgress
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Folder, MemoryBuckets

LINES = [line(f"{name}.jpg", ("pen", 10, 10, 20, 20)) for name in ("a", "b", "deep/c", "deep/d")]
LABELS = [f"labels/{name}.txt" for name in ("a", "b", "deep/c", "deep/d")]
IMAGES = [f"images/{name}.jpg" for name in ("a", "b", "deep/c", "deep/d")]


@pytest.fixture
def world() -> World:
    """Pictures in memory."""
    world = World(MemoryBuckets())
    for key in ("a", "b", "deep/c", "deep/d"):
        world.bucket.write(f"pens/images/{key}.jpg", picture(orientation=6 if key == "b" else 1))
    return world


def plan(world: World) -> ConversionPlan:
    return plan_of(world.source(LINES), images_mode=ImagesMode.COPY, check_images=True)


def written(bucket: WatchedBucket, world: World) -> list[str]:
    """The label files and images that converting once more writes into `bucket`."""
    again = revived(bucket)
    convert(plan(world), Folder(again), world.buckets)
    files = (what.removeprefix("write ") for what in again.effects.done if what.startswith("write "))
    return sorted(file for file in files if file in {*LABELS, *IMAGES})


@pytest.fixture
def made(world: World, tmp_path: Path) -> WatchedBucket:
    """A dataset on disk, without its report, as an interrupted conversion leaves it."""
    bucket = on_disk(tmp_path / "dataset")
    convert(plan(world), Folder(bucket), world.buckets)
    bucket.delete("report.json")
    bucket.write(".labelround-unfinished.txt", "".join(f"{path}\n" for path in [*LABELS, *IMAGES]).encode())
    return bucket


def test_what_is_there_is_not_written_again(made: WatchedBucket, world: World) -> None:
    """Neither label files nor copies of images."""
    found = written(made, world)

    assert found == []
    assert made.exists("report.json")


def test_what_is_missing_cut_off_or_different_is_written(made: WatchedBucket, world: World) -> None:
    """A killed process may have left half a file; somebody else may have changed one to another of its size."""
    expected = {path: made.read(path) for path in [*LABELS, *IMAGES]}
    made.delete("labels/a.txt")
    made.write("labels/deep/c.txt", expected["labels/deep/c.txt"][:-3])
    made.write("labels/deep/d.txt", expected["labels/deep/d.txt"].replace(b"0", b"1"))
    made.write("images/b.jpg", expected["images/b.jpg"][:100])

    found = written(made, world)

    assert found == ["images/b.jpg", "labels/a.txt", "labels/deep/c.txt", "labels/deep/d.txt"]
    assert {path: made.read(path) for path in expected} == expected


def test_a_link_to_the_same_content_becomes_a_file(made: WatchedBucket, world: World) -> None:
    """What a link leads to is another's, and may change."""
    assert made.local_path is not None
    path = made.local_path / "labels" / "a.txt"
    path.rename(made.local_path.parent / "elsewhere.txt")
    path.symlink_to(made.local_path.parent / "elsewhere.txt")

    found = written(made, world)

    assert found == ["labels/a.txt"]
    assert not path.is_symlink()


@pytest.mark.parametrize("output_format", OutputFormat)
def test_a_dataset_is_mended_as_validate_says(output_format: OutputFormat, world: World) -> None:
    """A conversion believes a report that is there; without one it writes what is missing."""
    output = Folder(world.buckets.open("made"))
    wanted = plan_of(world.source(LINES), output_format=output_format)
    convert(wanted, output, world.buckets)
    written = {meta.key: output.read(meta.key) for meta in output.list()}
    for name in ("CARD.md", "annot.csv", format_of(output_format).label_file("a.jpg")):
        output.delete(name or "croissant.json")
    found = validate(open_dataset(output), NoProgress(), images=False).findings

    output.delete("report.json")
    convert(wanted, output, world.buckets)

    fixes = {finding.fix.partition(", unless")[0] for finding in found if finding.rule is Rule.DIGEST}
    assert fixes == {"pull again, or remove report.json and convert again"}
    assert {meta.key: output.read(meta.key) for meta in output.list()} == written


def test_a_version_is_mended_by_merging_anew() -> None:
    """It never changes itself; the same rounds make the same version elsewhere."""
    rounds = Rounds()
    one = rounds.round(LINES)
    version = rounds.merge("first", one)
    version.folder.delete("CARD.md")

    again = rounds.merge("second", one)

    (finding,) = check_descriptions(open_dataset(version.folder))
    assert finding.fix == "pull again, or merge again into a new folder, unless you changed it yourself"
    assert list(check_descriptions(open_dataset(again.folder))) == []
