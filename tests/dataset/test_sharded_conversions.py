"""A conversion in shards writes the bytes of one in a single process, and each part does only what is missing."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dataset.manifests import BUCKET, LABELS, World, failed, line, plan_of, unlabeled
from tests.dataset.pictures import picture
from tests.dataset.sharding import Sharded
from tests.dataset.watched import Killed, WatchedBucket, in_memory, revived

from labelround.dataset.convert import convert, read_report
from labelround.errors import Conflict, Failed, InvalidInput, StorageDenied
from labelround.spec.model import ImagesMode, OutputFormat, Split
from labelround.storage import Bucket, Folder

NAMES = ["a.jpg", "a.png", "A.jpg", "b/c.jpg", "b/images/d.jpg", "e é.jpg", "#1.jpg", "train.jpg", "x\u200b.jpg"]
drawn = st.tuples(st.sampled_from(LABELS), *[st.floats(-20, 120)] * 4)
SPLITS = [Split(), Split(60, 20, 20, 7), Split(1, 0, 0), Split(0, 0, 1), Split(1, 1, 0, 0, r"^.")]
COPY: dict[str, Any] = {"images_mode": ImagesMode.COPY, "check_images": True, "previews": 2}


@st.composite
def lines(draw: st.DrawFn, attribute: str) -> list[dict[str, Any]]:
    """What one labeling job left of some of the pictures."""
    made = []
    for key in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        labeled = line(key, *draw(st.lists(drawn, max_size=3)), attribute=attribute)
        left = draw(st.sampled_from([labeled, labeled, failed(key, attribute=attribute), unlabeled(key)]))
        made += [left] * draw(st.sampled_from([1, 1, 1, 2]))
    return made


@settings(max_examples=40, deadline=None)
@given(lines("one"), lines("one"), lines("two"), st.sampled_from(OutputFormat), st.sampled_from(SPLITS), st.data())
def test_any_number_of_shards_writes_the_bytes_of_one_process(
    first: list[Any], later: list[Any], other: list[Any], output_format: OutputFormat, split: Split, data: st.DataObject
) -> None:
    """With two label groups, two attempts and every state of an image; in any order of the shards; the report too."""
    world, sharded = World(), World()
    sources = (
        world.source(first, "first", attribute="one", group=0, attempt=1, job="job-1"),
        world.source(later, "later", attribute="one", group=0, attempt=2, job="job-2"),
        world.source(other, "other", attribute="two", group=1, attempt=1, job="job-3"),
    )
    inputs = (world.source([unlabeled(name) for name in NAMES], "input"),)
    plan = plan_of(*sources, inputs=inputs, output_format=output_format, split=split)
    shards = data.draw(st.integers(1, 12))
    order = data.draw(st.permutations(range(shards)))

    report = convert(plan, world.output, world.buckets, job_tables=tables(world))
    again = Sharded(plan, sharded.output, sharded.buckets, shards, tables(sharded)).run(order)

    assert again == report
    assert everything(sharded.bucket) == everything(world.bucket)


def tables(world: World) -> dict[str, Folder]:
    return {name: Folder(world.bucket, f"jobs/{name}/") for name in ("job-1", "job-2", "job-3")}


def everything(bucket: Bucket) -> dict[str, bytes]:
    return {meta.key: bucket.read(meta.key) for meta in bucket.list("")}


CHECKED = [
    line("a.jpg", ("pen", 10, 10, 20, 20)),
    line("b.jpg", ("pen", 10, 10, 20, 20), ("pencil", 1, 1, 5, 5)),
    line("c.jpg", ("pen", 10, 10, 20, 20)),
    line("d.jpg", ("pen", 10, 10, 20, 20), size=(80, 100)),
    line("e.jpg", ("pen", 10, 10, 20, 20), size=(30, 30)),
    line("gone.jpg", ("pen", 10, 10, 20, 20)),
    line("broken.jpg", ("pen", 10, 10, 20, 20)),
]


def with_pictures(world: World) -> World:
    """Upright, turned, drawn on the turned picture, of another size, not there, and no picture at all."""
    for name in "abcde":
        world.bucket.write(f"pens/images/{name}.jpg", picture(orientation=6 if name in "cd" else 1))
    world.bucket.write("pens/images/broken.jpg", b"no picture")
    return world


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("split", SPLITS)
def test_what_images_say_is_found_by_their_shards(shards: int, split: Split) -> None:
    """Sizes, orientations, copies and previews; and the split that depends on which images are left."""
    whole, parts = with_pictures(World()), with_pictures(World())
    plan = plan_of(whole.source(CHECKED), split=split, **COPY)

    report = convert(plan, whole.output, whole.buckets)
    again = Sharded(plan, parts.output, parts.buckets, shards).run()

    assert (report.images.labeled, report.images.failed) == (4, 3)
    assert again == report
    assert everything(parts.bucket) == everything(whole.bucket)


ENTRIES = [line(f"{number:02}.jpg", ("pen", number, 5, 20, 20)) for number in range(12)]


def sharded(bucket: Bucket, world: World, entries: list[Any] | None = None, shards: int = 3, **options: Any) -> Sharded:
    """The conversion of these lines into the folder `d` of a bucket."""
    plan = plan_of(world.source(ENTRIES if entries is None else entries), **options)
    return Sharded(plan, Folder(bucket, "d"), world.buckets, shards)


def elsewhere(one: Sharded, bucket: Bucket) -> Sharded:
    """The same conversion in another process."""
    return replace(one, output=Folder(bucket, "d"))


def written(bucket: WatchedBucket) -> list[str]:
    return [done for done in bucket.effects.done if done.startswith("write")]


def test_a_part_that_is_done_is_not_done_again() -> None:
    """A Job may start one pod too many, and a person may start all anew."""
    world, bucket = World(), in_memory()
    one = sharded(bucket, world)
    one.index()
    one.write(1)

    again = revived(bucket)
    elsewhere(one, again).index()
    elsewhere(one, again).write(1)

    assert again.effects.done == []


def test_nothing_is_left_but_the_dataset() -> None:
    """What the parts have passed on goes away."""
    world, bucket, fresh = World(), in_memory(), World()

    sharded(bucket, world).run()
    fresh.convert(ENTRIES)

    assert {key.removeprefix("d/") for key in everything(bucket)} == set(fresh.files())


def test_a_dataset_that_is_there_is_left_alone() -> None:
    """All parts run again, and write nothing."""
    world, bucket = World(), in_memory()
    one = sharded(bucket, world)
    report = one.run()

    again = revived(bucket)
    second = elsewhere(one, again).run()

    assert second == report
    assert written(again) == []


@pytest.mark.parametrize("first", ["whole", "shards"])
def test_the_two_ways_take_over_from_each_other(first: str) -> None:
    """Another manifest, begun the one way and left halfway, finished the other way: nothing of it remains."""
    world, bucket, fresh = World(), in_memory(), in_memory()
    half = sharded(bucket, world, ENTRIES[:8], shards=5)
    plan = plan_of(world.source(ENTRIES[4:], "other"))
    convert(plan, Folder(fresh, "d"), world.buckets)

    if first == "whole":
        with contextlib.suppress(Killed):
            convert(half.plan, Folder(revived(bucket, 9), "d"), half.buckets)
        Sharded(plan, half.output, half.buckets, 2).run()
    else:
        half.index()
        half.write(0)
        convert(plan, half.output, half.buckets)

    assert everything(bucket) == everything(fresh)


def test_a_manifest_that_changes_meanwhile_is_read_anew() -> None:
    """A shard of the old index is none of the new one."""
    world, bucket, fresh = World(), in_memory(), World()
    old = sharded(bucket, world)
    old.index()
    old.write(0)

    new = sharded(bucket, world, ENTRIES[:7])
    with pytest.raises(Failed, match=r"index.json: is of another conversion; have the manifests indexed first"):
        new.write(1)
    report = new.run()

    assert report == fresh.convert(ENTRIES[:7])


def test_shards_that_are_missing_are_named() -> None:
    """The finishing part writes nothing without them."""
    world, bucket = World(), in_memory()
    one = sharded(bucket, world, shards=4)
    one.index()
    one.write(2)

    with pytest.raises(Failed) as refused:
        one.finish()

    assert str(refused.value) == (
        "s3://out/d/: 3 shards of 4 not converted yet (0, 1, 3); convert them first (--step shard)"
    )
    assert read_report(one.output) is None


@pytest.mark.parametrize("number", [-1, 3])
def test_a_shard_that_there_is_not_is_refused(number: int) -> None:
    """The message says which there are."""
    one = sharded(in_memory(), World())
    one.index()

    with pytest.raises(Failed, match=rf"there is no shard {number}; the 3 shards are 0 to 2"):
        one.write(number)


@pytest.mark.parametrize("part", ["write", "finish"])
def test_without_an_index_there_is_nothing_to_do(part: str) -> None:
    """Parts run in their order."""
    one = sharded(in_memory(), World())

    with pytest.raises(Failed, match=r"\.labelround-parts/index\.json: is not there; have the manifests indexed"):
        one.write(0) if part == "write" else one.finish()


def test_wrong_input_is_found_before_anything_is_written() -> None:
    """By the indexing part, with every problem."""
    bucket = in_memory()
    one = sharded(bucket, World(), [line("a.jpg", ("ruler", 1, 1, 2, 2)), {"source-ref": "x"}])

    with pytest.raises(InvalidInput) as wrong:
        one.index()

    assert wrong.value.total == 2
    assert bucket.effects.done == []


def test_the_folder_of_another_is_not_touched() -> None:
    """By no part."""
    world, bucket = World(), in_memory()
    sharded(bucket, world, owner="another").index()
    one = sharded(bucket, world)

    for part in (one.index, lambda: one.write(0), one.finish):
        with pytest.raises(Conflict):
            part()


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda content: content[:-1], r"entries: ends within record 4; delete it, and"),
        (
            lambda content: content[: 4 + struct.unpack_from(">I", content)[0]],
            r"holds 1 image of 4; delete it, and",
        ),
        (lambda content: content[:4] + b"\xc1" + content[5:], r"entries: record 1 cannot be read \("),
    ],
    ids=["cut", "cut between records", "changed"],
)
def test_a_damaged_shard_names_its_file_and_record(damage: Any, what: str) -> None:
    """It is wrong input for this shard alone, and no retry can help."""
    bucket = in_memory()
    one = sharded(bucket, World())
    one.index()
    key = "d/.labelround-parts/00001/entries"
    bucket.write(key, damage(bucket.read(key)))

    with pytest.raises(InvalidInput, match=rf"^shard 1 \(images 5 to 8 of 12\): .*{what}"):
        one.write(1)

    one.write(0)


def test_a_damaged_shard_that_is_deleted_is_cut_anew() -> None:
    """As its message says; what the other shards have done stays done."""
    world, bucket, fresh = World(), in_memory(), World()
    one = sharded(bucket, world)
    one.index()
    one.write(0)
    bucket.delete("d/.labelround-parts/00001/entries")

    one.index()
    again = revived(bucket)
    elsewhere(one, again).write(0)
    one.write(1)
    one.write(2)

    assert again.effects.done == []
    assert one.finish() == fresh.convert(ENTRIES)


class _Denied(Bucket):
    """A bucket in which one picture may not be read."""

    def read_range(self, key: str, start: int, length: int) -> bytes:
        if key.endswith("c.jpg"):
            raise StorageDenied(self.uri(key), "access denied")
        return super().read_range(key, start, length)


def test_a_shard_that_fails_names_its_images_and_the_object() -> None:
    """The other shards are done all the same."""
    world = with_pictures(World())
    own = Folder(world.bucket, "d")
    denied = {BUCKET: _Denied(BUCKET, world.bucket.store), "manifests": world.buckets.open("manifests")}
    buckets = type(world.buckets)(denied)  # type: ignore[call-arg]
    one = Sharded(plan_of(world.source(CHECKED), check_images=True), own, buckets, 7)
    one.index()

    with pytest.raises(Failed, match=r"^shard 3 \(images 4 to 4 of 7\): s3://pictures/pens/images/c.jpg: access den"):
        one.write(3)

    for number in (0, 1, 2, 4, 5, 6):
        one.write(number)
    with pytest.raises(Failed, match=r"1 shard of 7 not converted yet \(3\)"):
        one.finish()


def test_an_image_that_cannot_be_used_any_more_loses_its_label_file() -> None:
    """The dataset before had it."""
    world, fresh = with_pictures(World()), with_pictures(World())
    one = Sharded(plan_of(world.source(CHECKED), **COPY), world.output, world.buckets, 2)
    one.run()
    for place in (world, fresh):
        place.bucket.write("pens/images/a.jpg", b"no picture any more")
    changed = plan_of(world.source([*CHECKED, line("f.jpg")]), **COPY)

    Sharded(changed, world.output, world.buckets, 3).run()
    convert(changed, fresh.output, fresh.buckets)

    assert everything(world.bucket) == everything(fresh.bucket)
