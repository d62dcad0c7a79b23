"""A merge that dies at any moment is taken up again; there is never half a version, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from tests.cumulative.rounds import NOW, OWNER, Rounds, files
from tests.dataset.manifests import line
from tests.dataset.watched import Killed, WatchedBucket, in_memory, on_disk, revived

from labelround.dataset.cumulative import MergeOptions, MergeResult, merge
from labelround.dataset.existing import open_dataset
from labelround.dataset.validate import validate
from labelround.dataset.versions import read_history, read_index
from labelround.progress import NoProgress
from labelround.storage import Folder

PEN = ("pen", 10, 10, 20, 20)
numbers = count(1)


@pytest.fixture(params=["memory", "disk"])
def make_bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], WatchedBucket]:
    """Makes output buckets, in memory (where threads write) or on disk."""
    return in_memory if request.param == "memory" else lambda name: on_disk(tmp_path / name)


def merged(bucket: WatchedBucket, datasets: list[Folder], deadly: int | None = None) -> MergeResult | None:
    """Merge in a process of its own, which dies after so many effects; None when it did."""
    options = MergeOptions(OWNER, keep=2)
    output, token = Folder(revived(bucket, deadly), "d"), f"{next(numbers):08x}"
    try:
        return merge(output, datasets, options, clock=lambda: NOW, token=lambda: token)
    except Killed:
        return None


def shape(bucket: WatchedBucket) -> dict[str, bytes]:
    """All files but the records, with the folder of each version named by its number alone."""
    found = files(Folder(bucket, "d"))
    return {
        f"versions/{key[9:15]}{key[24:]}" if key[15:16] == "-" else key: content
        for key, content in found.items()
        if not key.endswith("index.json") and key.count("/") != 1
    }


def test_a_killed_merge_ends_as_if_nothing_had_happened(make_bucket: Callable[[str], WatchedBucket]) -> None:
    """Killed after each of its effects in turn, the removal of an old version among them, and run again."""
    rounds = Rounds()
    first, second, third = (rounds.round([line(f"{name}.jpg", PEN), line("x.jpg", PEN)]) for name in "abc")
    expected = make_bucket("expected")
    for datasets in ([first], [second], [third]):
        merged(expected, datasets)

    for deadly in range(1, 100):
        bucket = make_bucket(f"killed-{deadly}")
        merged(bucket, [first])
        merged(bucket, [second])
        done = merged(bucket, [third], deadly)
        readable(Folder(bucket, "d"))
        again = merged(bucket, [third])
        assert again is not None
        assert again.version.number == 3
        assert shape(bucket) == shape(expected)
        if done:
            break
    else:
        pytest.fail("the merge never came to its end")
    assert deadly > 10


def readable(dataset: Folder) -> None:
    """The newest version, as whoever comes now finds it, is whole."""
    index = read_index(dataset)
    assert index is not None
    newest = read_history(dataset, index).newest
    assert newest is not None
    found = validate(open_dataset(dataset.child(newest.path)), NoProgress(), images=False)
    assert found.is_valid
    assert not [finding for finding in found.findings if finding.rule.value == "digest"]


def test_a_merge_that_was_killed_gives_way_to_another(make_bucket: Callable[[str], WatchedBucket]) -> None:
    """What it had begun is gone when the next version is there."""
    rounds = Rounds()
    first, second = (rounds.round([line(f"{name}.jpg", PEN)]) for name in "ab")
    expected = make_bucket("expected")
    merged(expected, [second])

    for deadly in range(1, 100):
        bucket = make_bucket(f"killed-{deadly}")
        done = merged(bucket, [first], deadly)
        if read_history(Folder(bucket, "d"), None).newest is None:
            result = merged(bucket, [second])
            assert result is not None
            assert result.version.number == 1
            assert shape(bucket) == shape(expected)
        if done:
            break
    else:
        pytest.fail("the merge never came to its end")
