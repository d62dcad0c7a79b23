"""A dataset that grows on S3 servers over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

from tests.dataset.manifests import World, line, plan_of

from labelround.dataset.convert import convert
from labelround.dataset.cumulative import MergeOptions, MergeResult, merge
from labelround.dataset.existing import open_dataset
from labelround.dataset.validate import validate
from labelround.dataset.versions import read_history, read_index
from labelround.errors import Unavailable
from labelround.progress import NoProgress
from labelround.storage import Bucket, Folder

PEN = ("pen", 10, 10, 20, 20)
NAMES = ["a b.jpg", "meeting #3.jpg", "100%.jpg", "연필 두 자루.jpg"]


def round_in(bucket: Bucket, number: int) -> Folder:
    """The dataset of a round: images of its own, and one that all have."""
    world, folder = World(), Folder(bucket, f"rounds/{number}")
    lines = [line(f"{number}/{name}", PEN) for name in NAMES] + [line("x.jpg", *[PEN] * (number % 2))]
    convert(plan_of(world.source(lines)), folder, world.buckets)
    return folder


def merged(bucket: Bucket, *datasets: Folder, keep: int = 2) -> MergeResult:
    return merge(Folder(bucket, "d"), datasets, MergeOptions("uid-1", keep))


def test_versions_are_made_found_and_let_go(bucket: Bucket) -> None:
    """Three merges that keep two versions; each is whole."""
    rounds = [round_in(bucket, number) for number in range(3)]

    made = [merged(bucket, one) for one in rounds]

    output = Folder(bucket, "d")
    index = read_index(output)
    assert index is not None
    assert [one.number for one in index.versions] == [2, 3]
    assert list(output.folders("versions")) == [one.folder for one in index.versions]
    assert [one.version.images for one in made] == [5, 9, 13]
    found = validate(open_dataset(made[2].folder), NoProgress(), images=False)
    assert [finding.rule.value for finding in found.findings] == ["not-pulled"]


def test_of_many_merges_at_once_each_wins_once(bucket: Bucket) -> None:
    """Whoever loses begins anew, until all are in; no version is of two."""
    rounds = [round_in(bucket, number) for number in range(4)]
    together = Barrier(len(rounds))

    def until_done(dataset: Folder) -> None:
        together.wait()
        for _ in range(100):
            with suppress(Unavailable):
                merged(bucket, dataset, keep=10)
                return

    with ThreadPoolExecutor(len(rounds)) as executor:
        list(executor.map(until_done, rounds))

    output = Folder(bucket, "d")
    history = read_history(output, read_index(output))
    assert [one.number for one in history.versions] == [1, 2, 3, 4]
    assert [one.images for one in history.versions] == [5, 9, 13, 17]
    for version in history.versions:
        found = validate(open_dataset(output.child(version.path)), NoProgress(), images=False)
        assert [finding.rule.value for finding in found.findings] == ["not-pulled"]
