"""A conversion that dies at any moment is taken up again: nothing is lost, doubled or left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.dataset.manifests import World, line, plan_of, tree
from tests.dataset.pictures import picture
from tests.dataset.watched import Killed, WatchedBucket, in_memory, on_disk, revived

from labelround.dataset.convert import ConversionPlan, convert, read_report
from labelround.spec.model import ImagesMode, OutputFormat, Split
from labelround.storage import Buckets, Folder, MemoryBuckets

FIRST = [line(f"{name}.jpg", ("pen", 10, 10, 20, 20)) for name in "abc"]
OTHER = [line(f"{name}.jpg", ("pencil", 5, 5, 20, 20)) for name in "cd"]
COPY: dict[str, Any] = {"images_mode": ImagesMode.COPY, "check_images": True, "previews": 1}
SPLIT: dict[str, Any] = {"split": Split(40, 30, 30)}
DARKNET: dict[str, Any] = {"output_format": OutputFormat.DARKNET, **SPLIT}
COCO: dict[str, Any] = {"output_format": OutputFormat.COCO, **COPY}
NDJSON: dict[str, Any] = {"output_format": OutputFormat.NDJSON, **COPY}


def content(bucket: WatchedBucket) -> dict[str, bytes]:
    """All files, by key."""
    if bucket.local_path is not None:
        return tree(bucket.local_path)
    return {meta.key: bucket.read(meta.key) for meta in bucket.list("")}


def world_with_pictures() -> World:
    world = World(MemoryBuckets())
    for name in "abcd":
        world.bucket.write(f"pens/images/{name}.jpg", picture(orientation=6 if name == "c" else 1))
    return world


def until_done(plan: ConversionPlan, bucket: WatchedBucket, buckets: Buckets, deadly: int) -> bool:
    """Whether a run that dies after so many effects came to its end before."""
    try:
        convert(plan, Folder(revived(bucket, deadly), "d"), buckets)
    except Killed:
        return False
    return True


@pytest.fixture(params=["memory", "disk"])
def make_bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], WatchedBucket]:
    """Makes output buckets, in memory (where threads write) or on disk."""
    return in_memory if request.param == "memory" else lambda name: on_disk(tmp_path / name)


@pytest.mark.parametrize(
    "options",
    [{}, COPY, {"output_format": OutputFormat.DARKNET, **SPLIT}, COCO, NDJSON],
    ids=["plain", "copied", "darknet", "coco", "ndjson"],
)
def test_a_killed_conversion_ends_as_if_nothing_had_happened(
    options: dict[str, Any], make_bucket: Callable[[str], WatchedBucket]
) -> None:
    """Killed after each of its effects in turn, and run again."""
    world = world_with_pictures()
    plan = plan_of(world.source(FIRST), **options)
    expected = make_bucket("expected")
    report = convert(plan, Folder(expected, "d"), world.buckets)

    for deadly in range(1, 100):
        bucket = make_bucket(f"killed-{deadly}")
        done = until_done(plan, bucket, world.buckets, deadly)
        assert done or read_report(Folder(bucket, "d")) in (None, report)
        assert convert(plan, Folder(revived(bucket), "d"), world.buckets) == report
        assert content(bucket) == content(expected)
        if done:
            break
    else:
        pytest.fail("the conversion never came to its end")


@pytest.mark.parametrize("options", [{}, COPY, COCO, NDJSON], ids=["plain", "copied", "coco", "ndjson"])
def test_a_killed_change_leaves_nothing_behind(
    options: dict[str, Any], make_bucket: Callable[[str], WatchedBucket]
) -> None:
    """A dataset is made, changed and killed while changing; then a third input, or the first again, takes over."""
    world = world_with_pictures()
    first = plan_of(world.source(FIRST, "first"), **options, **SPLIT)
    other = plan_of(world.source(OTHER, "other"), **options)
    third = plan_of(world.source(FIRST[:1], "third"))
    expected: dict[str, dict[str, bytes]] = {}
    for name, plan in {"first": first, "third": third}.items():
        bucket = make_bucket(f"expected-{name}")
        convert(plan, Folder(bucket, "d"), world.buckets)
        expected[name] = content(bucket)

    for deadly in range(1, 100):
        done = False
        for name, plan in {"first": first, "third": third}.items():
            bucket = make_bucket(f"{name}-{deadly}")
            convert(first, Folder(bucket, "d"), world.buckets)
            done = until_done(other, bucket, world.buckets, deadly)
            convert(plan, Folder(revived(bucket), "d"), world.buckets)
            assert content(bucket) == expected[name]
        if done:
            break
    else:
        pytest.fail("the conversion never came to its end")


def test_the_report_is_there_only_with_the_whole_dataset() -> None:
    """At every moment: while it is there, every file that it vouches for is."""
    world = World()
    bucket = in_memory()
    plan, other = plan_of(world.source(FIRST, "first")), plan_of(world.source(OTHER, "other"))
    convert(plan, Folder(bucket, "d"), world.buckets)
    whole = content(bucket)

    for deadly in range(1, 100):
        if until_done(other, bucket, world.buckets, deadly):
            break
        report = read_report(Folder(bucket, "d"))
        now = content(bucket)
        if report is not None and report.boxes.by_class["pen"]:
            assert {key: now[key] for key in whole} == whole
        elif report is not None:
            assert {key for key in now if "/labels/" in key} == {f"d/labels/{name}.txt" for name in "cd"}
        convert(plan, Folder(revived(bucket), "d"), world.buckets)
    else:
        pytest.fail("the conversion never came to its end")
