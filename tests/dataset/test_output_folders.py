"""Whose folder it is, and what happens when it cannot be written."""

from __future__ import annotations

import errno
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from obstore.store import MemoryStore
from tests.dataset.manifests import World, line, plan_of, tree
from tests.dataset.watched import Unconditional, WatchedBucket, in_memory

from labelround.dataset.claim import Claim, claim, read_claim
from labelround.dataset.convert import convert, read_report
from labelround.dataset.database import open_database
from labelround.dataset.report import LARGEST_REPORT
from labelround.dataset.scratch import scratch_folder
from labelround.errors import Conflict, InvalidInput, StorageDenied, StorageError, StorageFull
from labelround.storage import Folder, MemoryBuckets, local_bucket, output_folder

ENTRIES = [line("a.jpg", ("pen", 10, 10, 20, 20))]


def test_a_folder_belongs_to_whoever_claims_it_first() -> None:
    """The other is told whose it is, and nothing changes."""
    world = World()
    world.convert(ENTRIES)
    before = world.files()

    with pytest.raises(Conflict, match="it belongs to round-1; choose another folder") as caught:
        world.convert(ENTRIES, owner="round-2")

    assert caught.value.reason == "PrefixInUse"
    assert world.files() == before


def test_a_claim_is_the_same_however_often_it_is_made() -> None:
    """And it remembers a name for people."""
    folder = Folder(in_memory(), "f")

    claim(folder, "uid-1", "pens-1")
    claim(folder, "uid-1", "pens-1")

    assert read_claim(folder) == Claim("uid-1", "pens-1")
    with pytest.raises(Conflict, match="it belongs to pens-1"):
        claim(folder, "uid-2")


def test_a_damaged_claim_is_nobodys_to_take() -> None:
    """A person has to look."""
    folder = Folder(in_memory(), "f")
    folder.write(".labelround-claim.json", b"?")

    with pytest.raises(Conflict, match="its claim cannot be read"):
        claim(folder, "uid-1")


def test_a_huge_claim_is_not_read() -> None:
    """Whoever may write the folder must not fill the memory of an operator that serves others too."""
    folder = Folder(in_memory(), "f")
    folder.write(".labelround-claim.json", b" " * (1 << 20))

    with pytest.raises(Conflict, match=r"its claim cannot be read .*holds 1048576 bytes, and 16384 at most"):
        read_claim(folder)


def test_a_huge_report_is_none() -> None:
    """Of blanks behind its last brace, say; the dataset is made anew."""
    world = World()
    report = world.convert(ENTRIES)
    before = read_report(world.output)
    world.output.write("report.json", report.to_json() + b" " * LARGEST_REPORT)

    assert before == report
    assert read_report(world.output) is None


def test_without_conditional_writes_a_claim_is_read_back(caplog: pytest.LogCaptureFixture) -> None:
    """And the risk is told."""
    folder = Folder(Unconditional("b", MemoryStore()), "f")

    claim(folder, "uid-1")

    assert read_claim(folder) == Claim("uid-1")
    assert "two could claim it at once" in caplog.text


def test_a_folder_with_other_files_is_refused() -> None:
    """Before anything is written; the message names one of them."""
    world = World()
    world.output.write("thesis.docx", b"years of work")

    with pytest.raises(InvalidInput, match=r"is not empty \(thesis\.docx is there\) and no labelround dataset"):
        world.convert(ENTRIES)

    assert world.files() == {"thesis.docx": b"years of work"}


def test_the_placeholder_of_a_folder_in_s3_is_no_file() -> None:
    """The AWS console makes one."""
    world = World()
    bucket = in_memory()
    bucket.write("d/", b"")

    assert convert(plan_of(world.source(ENTRIES)), Folder(bucket, "d"), world.buckets).boxes.written == 1


def test_a_local_folder_that_is_not_there_is_made_by_the_first_write(tmp_path: Path) -> None:
    """With its parents, and not before the input was found right."""
    world = World()
    place = tmp_path / "not" / "there #1 yet\u200b"

    with pytest.raises(InvalidInput):
        convert(plan_of(world.source([*ENTRIES, {}])), output_folder(str(place), world.buckets), world.buckets)
    assert list(tmp_path.iterdir()) == []
    convert(plan_of(world.source(ENTRIES)), output_folder(str(place), world.buckets), world.buckets)

    assert (place / "report.json").is_file()


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_output_that_is_a_file_is_refused(place: str, tmp_path: Path) -> None:
    """As is one below a file."""
    (tmp_path / "file").write_bytes(b"mine")

    with pytest.raises(InvalidInput, match="is a file, not a folder"):
        output_folder(str(tmp_path / place), MemoryBuckets())

    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_link_in_the_way_of_a_label_file_is_replaced(tmp_path: Path) -> None:
    """Nothing outside of the dataset is written through it."""
    world = World()
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"mine")
    folder = Folder(local_bucket(tmp_path), "d")
    convert(plan_of(world.source(ENTRIES)), folder, world.buckets)
    label = tmp_path / "d" / "labels" / "a.txt"
    label.unlink()
    label.symlink_to(outside)

    convert(plan_of(world.source([*ENTRIES, line("b.jpg")])), folder, world.buckets)

    assert outside.read_bytes() == b"mine"
    assert not label.is_symlink()


def test_a_copy_by_hard_links_keeps_its_content(tmp_path: Path) -> None:
    """`cp -al` is how people keep the last version of a dataset."""
    world = World()
    folder = Folder(local_bucket(tmp_path), "d")
    convert(plan_of(world.source(ENTRIES)), folder, world.buckets)
    kept = tmp_path / "kept.txt"
    os.link(tmp_path / "d" / "labels" / "a.txt", kept)
    before = kept.read_bytes()

    convert(plan_of(world.source([line("a.jpg", ("pencil", 1, 1, 5, 5))])), folder, world.buckets)

    assert kept.read_bytes() == before != (tmp_path / "d" / "labels" / "a.txt").read_bytes()


def test_an_empty_folder_gives_way_to_a_file(tmp_path: Path) -> None:
    """A folder that label files left behind when they were deleted is nobody's."""
    world = World()
    folder = Folder(local_bucket(tmp_path), "d")
    convert(plan_of(world.source([line("a.txt/b/c.jpg")])), folder, world.buckets)

    convert(plan_of(world.source(ENTRIES)), folder, world.buckets)

    assert (tmp_path / "d" / "labels" / "a.txt").is_file()


@dataclass(frozen=True)
class Full(WatchedBucket):
    """A disk with room for so many files."""

    room: int = 0

    def write_part(self, key: str, content: bytes) -> None:
        self._take(key)
        super().write_part(key, content)

    def write_stream(self, key: str, source: IO[bytes]) -> None:
        self._take(key)
        super().write_stream(key, source)

    def _take(self, key: str) -> None:
        if len(self.effects.done) >= self.room:
            raise StorageFull(self.uri(key), "the disk is full")


@pytest.mark.parametrize("room", range(2, 6))
def test_a_full_disk_leaves_no_report(room: int) -> None:
    """The error says so and names the place; with room again, the dataset is what it should be."""
    world, fresh = World(), World()
    bucket = Full("out", MemoryStore(), room=room)
    plan = plan_of(world.source(ENTRIES))

    with pytest.raises(StorageFull, match=r"s3://out/.*the disk is full"):
        convert(plan, Folder(bucket, "d"), world.buckets)

    assert not bucket.exists("d/report.json")
    roomy = WatchedBucket("out", bucket.store)
    report = convert(plan, Folder(roomy, "d"), world.buckets)
    assert report == fresh.convert(ENTRIES)


def test_the_operating_systems_errors_name_the_file(tmp_path: Path) -> None:
    """A folder where a label file must go."""
    world = World()
    folder = Folder(local_bucket(tmp_path), "d")
    convert(plan_of(world.source(ENTRIES)), folder, world.buckets)
    label = tmp_path / "d" / "labels" / "a.txt"
    label.unlink()
    label.mkdir()
    (label / "in the way").write_bytes(b"mine")

    with pytest.raises(StorageError, match=r"labels/a\.txt"):
        convert(plan_of(world.source([*ENTRIES, line("b.jpg")])), folder, world.buckets)

    assert not (tmp_path / "d" / "report.json").exists()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageFull),
        (OSError(errno.EROFS, "Read-only file system"), StorageError),
        (PermissionError(errno.EACCES, "Permission denied"), StorageDenied),
    ],
)
def test_trouble_with_temporary_files_names_their_place(raised: OSError, expected: type, tmp_path: Path) -> None:
    """And what to do."""
    with pytest.raises(expected, match="TMPDIR") as caught, scratch_folder(tmp_path):
        raise raised

    assert str(tmp_path) in str(caught.value)


def test_a_folder_for_temporary_files_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Nothing is written."""
    world = World()

    with pytest.raises(StorageError, match=r"gone: cannot hold temporary files \(No such file or directory\)"):
        convert(plan_of(world.source(ENTRIES)), world.output, world.buckets, scratch=tmp_path / "gone")

    assert world.files() == {}


def test_temporary_files_are_gone_afterwards(tmp_path: Path) -> None:
    """Whether the conversion succeeded or not."""
    world = World()
    convert(plan_of(world.source(ENTRIES)), world.output, world.buckets, scratch=tmp_path)
    with pytest.raises(InvalidInput):
        convert(plan_of(world.source([{}])), world.output, world.buckets, scratch=tmp_path)

    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("message", "expected"),
    [("database or disk is full", StorageFull), ("unable to open database file", StorageError)],
)
def test_sqlites_errors_are_the_temporary_folders(message: str, expected: type, tmp_path: Path) -> None:
    """A person never hears of a database."""
    with pytest.raises(expected, match="TMPDIR"), open_database(tmp_path / "i.db"):
        raise sqlite3.OperationalError(message)


def test_a_real_full_database_is_a_full_disk(tmp_path: Path) -> None:
    """SQLite says so itself when it may not grow."""
    with pytest.raises(StorageFull), open_database(tmp_path / "i.db") as connection:
        connection.executescript(
            "PRAGMA max_page_count = 4; CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(99999))"
        )
