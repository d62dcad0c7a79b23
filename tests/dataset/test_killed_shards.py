"""Parts of a conversion that die at any moment are taken up again: nothing is lost, doubled or left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.dataset.manifests import World, line, plan_of, tree
from tests.dataset.pictures import picture
from tests.dataset.sharding import Sharded
from tests.dataset.watched import Killed, WatchedBucket, in_memory, on_disk, revived

from labelround.dataset.convert import convert, read_report
from labelround.spec.model import ImagesMode, OutputFormat, Split
from labelround.storage import Folder, MemoryBuckets

LINES = [line(f"{name}.jpg", ("pen", 10, 10, 20, 20)) for name in "abcde"]
BEFORE = [line(f"{name}.jpg", ("pencil", 5, 5, 20, 20)) for name in "efg"]
COPY: dict[str, Any] = {"images_mode": ImagesMode.COPY, "check_images": True, "previews": 2}
COCO: dict[str, Any] = {"output_format": OutputFormat.COCO, **COPY}
NDJSON: dict[str, Any] = {"output_format": OutputFormat.NDJSON, **COPY}
SHARDS = 3


@pytest.fixture(params=["memory", "disk"])
def make_bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], WatchedBucket]:
    """Makes output buckets, in memory (where threads write) or on disk."""
    return in_memory if request.param == "memory" else lambda name: on_disk(tmp_path / name)


def world_with_pictures() -> World:
    """All pictures but that of e.jpg."""
    world = World(MemoryBuckets())
    for name in "abcdfg":
        world.bucket.write(f"pens/images/{name}.jpg", picture(orientation=6 if name == "c" else 1))
    return world


def content(bucket: WatchedBucket) -> dict[str, bytes]:
    if bucket.local_path is not None:
        return tree(bucket.local_path)
    return {meta.key: bucket.read(meta.key) for meta in bucket.list("")}


@pytest.mark.parametrize("options", [{}, COPY, COCO, NDJSON], ids=["plain", "copied", "coco", "ndjson"])
def test_parts_killed_twice_end_as_if_nothing_had_happened(
    options: dict[str, Any], make_bucket: Callable[[str], WatchedBucket]
) -> None:
    """Over an older dataset: killed after each effect in turn, the next run after as many again, and run to the end."""
    world = world_with_pictures()
    older = plan_of(world.source(BEFORE, "before"), split=Split(40, 30, 30), **options)
    plan = plan_of(world.source(LINES), **options)
    expected = make_bucket("expected")
    report = convert(plan, Folder(expected, "d"), world.buckets)

    for deadly in range(1, 200):
        bucket = make_bucket(f"killed-{deadly}")
        before = convert(older, Folder(bucket, "d"), world.buckets)
        one = Sharded(plan, Folder(bucket, "d"), world.buckets, SHARDS)
        died = [dies(one, bucket, deadly), dies(one, bucket, deadly)]
        assert read_report(one.output) in (None, before, report)
        assert one.run([2, 0, 1]) == report
        assert content(bucket) == content(expected)
        if not any(died):
            break
    else:
        pytest.fail("the conversion never came to its end")


@pytest.mark.parametrize("shards", [1, 2], ids=["in one process", "in fewer shards"])
def test_parts_killed_while_they_tidy_up_are_taken_away_by_any_other_conversion(
    shards: int, make_bucket: Callable[[str], WatchedBucket]
) -> None:
    """Killed after each effect in turn, and run to the end in another way."""
    world = world_with_pictures()
    plan = plan_of(world.source(LINES))
    expected = make_bucket("expected")
    report = convert(plan, Folder(expected, "d"), world.buckets)

    for deadly in range(1, 200):
        bucket = make_bucket(f"killed-{deadly}")
        one = Sharded(plan, Folder(bucket, "d"), world.buckets, SHARDS)
        died = dies(one, bucket, deadly)
        again = convert(plan, one.output, world.buckets) if shards == 1 else replace(one, shards=shards).run()
        assert again == report
        assert content(bucket) == content(expected)
        if not died:
            break
    else:
        pytest.fail("the conversion never came to its end")


def dies(one: Sharded, bucket: WatchedBucket, deadly: int) -> bool:
    """Whether a process that does all parts and dies after so many effects died before its end."""
    dying = replace(one, output=Folder(revived(bucket, deadly), "d"))
    with contextlib.suppress(Killed):
        dying.run()
        return False
    return True
