"""Versions of a dataset: how they are found, kept and let go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cumulative.rounds import Rounds, column, files
from tests.dataset.manifests import line

from labelround.annotations import read_annotations
from labelround.dataset.existing import dataset_folder
from labelround.dataset.versions import read_history, read_index
from labelround.errors import ObjectNotFound
from labelround.storage import Folder, MemoryBuckets, local_bucket

PEN = ("pen", 10, 10, 20, 20)
ADDRESS = "s3://datasets/d"


def grown(rounds: Rounds, count: int, **options: Any) -> Folder:
    """A dataset of so many versions, each with one image more."""
    output = rounds.folder("d")
    for n in range(count):
        rounds.merge(output, rounds.round([line(f"{n}.jpg", PEN)]), **options)
    return output


def test_a_dataset_is_found_by_its_newest_version_or_by_a_number() -> None:
    """The folder's own name leads to the newest, for ever."""
    rounds = Rounds()
    grown(rounds, 3)

    names = (ADDRESS, f"{ADDRESS}/", f"{ADDRESS}@2", f"{ADDRESS}@2/")
    found = [dataset_folder(text, rounds.world.buckets) for text in names]

    assert [folder.prefix.partition("-")[0] for folder in found] == [
        "d/versions/000003",
        "d/versions/000003",
        "d/versions/000002",
        "d/versions/000002",
    ]


def test_the_tables_of_python_are_those_of_the_newest_version_or_of_a_number() -> None:
    """An image with a box comes with each."""
    rounds = Rounds()
    grown(rounds, 3)

    newest, second = (read_annotations(uri, buckets=rounds.world.buckets) for uri in (ADDRESS, f"{ADDRESS}@2"))

    assert list(newest["img_file"]) == ["0.jpg", "1.jpg", "2.jpg"]
    assert list(second["img_file"]) == ["0.jpg", "1.jpg"]


def test_a_version_that_is_not_there_is_named_with_those_that_are() -> None:
    """Be it gone or yet to come."""
    rounds = Rounds()
    grown(rounds, 3, keep=2)

    with pytest.raises(ObjectNotFound, match=r"s3://datasets/d/: has no version 1; those from 2 to 3 are kept"):
        dataset_folder(f"{ADDRESS}@1", rounds.world.buckets)


def test_an_at_sign_in_a_name_is_one(tmp_path: Path) -> None:
    """Where there is such a folder, or nothing that has versions."""
    (tmp_path / "pens@2").mkdir()

    here = dataset_folder(str(tmp_path / "pens@2"), MemoryBuckets())
    there = dataset_folder("s3://datasets/pens@2", MemoryBuckets())

    assert here.uri() == str(tmp_path / "pens@2")
    assert there.prefix == "pens@2"


def test_old_versions_go_and_their_records_stay(tmp_path: Path) -> None:
    """On disk without as much as an empty folder."""
    rounds = Rounds()
    output = Folder(local_bucket(tmp_path), "d")

    for n in range(4):
        rounds.merge(output, rounds.round([line(f"{n}.jpg", PEN)]), keep=2)

    names = sorted(path.name.partition("-")[0] for path in (tmp_path / "d" / "versions").iterdir())
    assert names == ["000001.json", "000002.json", "000003", "000003.json", "000004", "000004.json"]
    index = read_index(output)
    assert index is not None
    assert [one.number for one in index.versions] == [3, 4]
    assert len(index.merged) == 4


def test_a_version_never_changes() -> None:
    """Whatever is merged after it."""
    rounds = Rounds()
    first = rounds.merge("d", rounds.round([line("a.jpg", PEN)]))
    before = files(first.folder)

    rounds.merge("d", rounds.round([line("a.jpg"), line("b.jpg", PEN)]))

    assert files(first.folder) == before


def test_an_index_that_is_lost_or_lags_is_made_up_for_by_the_records() -> None:
    """The next merge goes on from the newest version all the same."""
    rounds = Rounds()
    output = grown(rounds, 2)
    early = Rounds()
    early_index = files(grown(early, 1))["index.json"]
    output.write("index.json", early_index.replace(b"00000001", folder_of(output, 1)[-8:].encode()))
    lagging = dataset_folder(ADDRESS, rounds.world.buckets)
    output.delete("index.json")

    made = rounds.merge(output, rounds.round([line("c.jpg", PEN)]))

    assert lagging.prefix == f"d/versions/{folder_of(output, 2)}"
    assert made.version.number == 3
    assert sorted(column(made, "image")) == ["0.jpg", "1.jpg", "c.jpg"]


def folder_of(output: Folder, number: int) -> str:
    (found,) = (one.folder for one in read_history(output, None).versions if one.number == number)
    return found


FORGED: dict[str, Any] = {
    "another folder": {"folder": "../../elsewhere"},
    "another number": {"number": 7},
    "no folder at all": {"folder": ""},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_index_leads_nowhere(forged: dict[str, Any]) -> None:
    """Who may write it must not have other folders read, or removed."""
    rounds = Rounds()
    output = grown(rounds, 1)
    index = json.loads(output.read("index.json"))
    index["versions"][0] |= forged
    output.write("index.json", json.dumps(index).encode())

    found = dataset_folder(ADDRESS, rounds.world.buckets)

    assert found.prefix == "d"
    assert read_index(output) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"layout": 2, "versions": []}', b"\xff"])
def test_an_index_json_that_is_none_of_ours_is_left_alone(content: bytes) -> None:
    """Other datasets may have a file of that name."""
    folder = Rounds().folder("d")
    folder.write("index.json", content)

    found = read_index(folder)

    assert found is None
