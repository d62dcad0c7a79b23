"""Two merges into one dataset at once: one makes the version, the other is told, nothing is mixed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from obstore.store import MemoryStore
from tests.cumulative.rounds import Rounds, boxes, files
from tests.dataset.manifests import line
from tests.dataset.watched import Unconditional

from labelround.dataset.cumulative import MergeResult
from labelround.dataset.versions import read_history, read_index, tidy
from labelround.errors import Conflict, Unavailable
from labelround.storage import Bucket, Folder

PEN = ("pen", 10, 10, 20, 20)


@dataclass(frozen=True)
class Interrupted(Bucket):
    """Before a name that ends so is written for the first time, something else happens."""

    plan: dict[str, Any] = field(default_factory=dict)

    def write(self, key: str, content: bytes, *, if_absent: bool = False) -> None:
        for ending in [ending for ending in self.plan if key.endswith(ending)]:
            self.plan.pop(ending)()
        super().write(key, content, if_absent=if_absent)


def test_of_two_that_make_the_same_version_one_wins() -> None:
    """The other learns it at the last moment, has taken its own files away, and finds the winner's when run again."""
    rounds = Rounds()
    first, mine, theirs = (rounds.round([line(f"{name}.jpg", PEN)]) for name in "abc")
    bucket = Interrupted("datasets", MemoryStore())
    output = Folder(bucket, "d")
    rounds.merge(output, first)
    bucket.plan["000002.json"] = lambda: rounds.merge(output, theirs)

    with pytest.raises(Unavailable, match="another process has made a version meanwhile; run this again"):
        rounds.merge(output, mine)

    assert sorted(output.folders("versions")) == [one.folder for one in history(output).versions]
    assert len(history(output).versions) == 2
    again = rounds.merge(output, mine)
    assert [box[0] for box in boxes(again)] == ["a.jpg", "b.jpg", "c.jpg"]
    assert again.version.number == 3


def history(output: Folder) -> Any:
    return read_history(output, read_index(output))


def test_a_slower_one_does_not_put_the_index_back() -> None:
    """It was the last to write it, but not the last to make a version."""
    rounds = Rounds()
    first, second = (rounds.round([line(f"{name}.jpg", PEN)]) for name in "ab")
    bucket = Interrupted("datasets", MemoryStore())
    output = Folder(bucket, "d")
    bucket.plan["index.json"] = lambda: rounds.merge(output, second)

    rounds.merge(output, first)

    index = read_index(output)
    assert index is not None
    assert [one.number for one in index.versions] == [1, 2]


def test_the_version_before_may_vanish_while_it_is_read() -> None:
    """Another merge has made the next one, and kept no other."""
    rounds = Rounds()
    first, mine, theirs = (rounds.round([line(f"{name}.jpg", PEN)]) for name in "abc")
    output = rounds.folder("d")
    rounds.merge(output, first)
    stale = files(output)
    rounds.merge(output, theirs, keep=1)
    output.write("index.json", stale["index.json"])
    slow = Hiding(output.bucket.name, output.bucket.store, hidden={"000002.json": 1})

    with pytest.raises(Unavailable, match="another process has made a version meanwhile"):
        rounds.merge(Folder(slow, "d"), mine)


@dataclass(frozen=True)
class Hiding(Bucket):
    """Objects that a reader does not see at its first looks, since they are not there yet."""

    hidden: dict[str, int] = field(default_factory=dict)

    def read(self, key: str, *, at_most: int | None = None) -> bytes:
        name = key.rpartition("/")[2]
        if self.hidden.get(name, 0) > 0:
            self.hidden[name] -= 1
            return super().read(f"{key}.absent", at_most=at_most)
        return super().read(key, at_most=at_most)


def test_a_dataset_that_is_another_s_is_left_alone() -> None:
    """A round's, or that of another merge."""
    rounds = Rounds()
    first = rounds.round([line("a.jpg", PEN)])
    rounds.merge("d", first)
    before = files(rounds.folder("d"))

    with pytest.raises(Conflict, match="it belongs to dataset-1; choose another folder"):
        rounds.merge("d", first, owner="dataset-2")

    assert files(rounds.folder("d")) == before


def test_without_conditional_writes_a_record_is_read_back(caplog: pytest.LogCaptureFixture) -> None:
    """A store that knows none; the risk is told."""
    rounds = Rounds()
    output = Folder(Unconditional("datasets", MemoryStore()), "d")

    made: MergeResult = rounds.merge(output, rounds.round([line("a.jpg", PEN)]))

    assert history(output).newest == made.version
    assert "000001.json: no conditional writes there" in caplog.text


def test_tidying_again_changes_nothing() -> None:
    """Whatever it is called after."""
    rounds = Rounds()
    rounds.merge("d", rounds.round([line("a.jpg", PEN)]))
    output = rounds.folder("d")
    before = files(output)

    tidy(output, history(output), keep=10)

    assert files(output) == before
