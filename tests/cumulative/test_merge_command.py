"""`labelround merge` and `labelround diff` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from tests.dataset.manifests import line, manifest, tree
from tests.dataset.pictures import picture
from tests.tools.made_datasets import put

from labelround.cli.main import main

PEN = ("pen", 10, 10, 20, 20)


def run(*words: object) -> int:
    """The exit code of `labelround`."""
    try:
        main([str(word) for word in words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A working directory with the datasets of three rounds: `r1`, `r2` and `r3`."""
    monkeypatch.chdir(tmp_path)
    lines = {
        "r1": [line("a.jpg", PEN), line("b.jpg", ("pencil", 5, 5, 10, 10))],
        "r2": [line("b.jpg", PEN), line("c.jpg")],
        "r3": [line("d.jpg", PEN)],
    }
    for name, entries in lines.items():
        Path(f"{name}.manifest").write_bytes(manifest(entries))
        assert run("convert", f"{name}.manifest", "--labels", "pencil,pen", "--output", name) == 0
    capsys.readouterr()
    return tmp_path


def test_rounds_are_merged_and_the_version_is_printed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its folder on stdout, what it is on stderr."""
    code = run("merge", "r1", "r2", "--output", "all")

    printed = capsys.readouterr()
    (folder,) = (path for path in (place / "all" / "versions").iterdir() if path.is_dir())
    assert code == 0
    assert printed.out == f"{folder}\n"
    assert printed.err.splitlines() == [
        "version 1: 3 images, 2 boxes, 2 classes; 3 images added, 0 changed",
        "split: 2 train, 1 val",
        "warning: 1 image on whose boxes the datasets disagree; the latest counts, and conflicts.csv lists them",
    ]


@pytest.mark.parametrize("killed", [False, True])
def test_a_version_of_another_format_is_pulled_over_the_last(place: Path, killed: bool) -> None:
    """Nothing of the old format is left, also when a pull was killed in between, and the groups go along."""
    for name in "abc":
        put(place, f"pens/images/{name}.jpg", picture())
    run("merge", "r1", "--output", "all", "--group-by", "^.")
    run("pull", "all", "here", "--root", ".")
    if killed:
        Path("here/report.json").unlink()
    run("merge", "r2", "--output", "all", "--format", "ndjson")

    code = run("pull", "all", "here", "--root", ".")

    run("pull", "all", "fresh", "--root", ".")
    assert code == 0
    assert tree(Path("here")) == tree(Path("fresh"))
    assert {"dataset.ndjson", "groups.csv", "conflicts.csv"} <= tree(Path("here")).keys()


def test_a_pulled_version_is_merged_as_the_one_it_was_pulled_from(place: Path) -> None:
    """In the groups of its rounds, which are not found again below the folder that all images have in common."""
    for folder in "ab":
        Path(f"{folder}.manifest").write_bytes(manifest([line(f"{folder}/x.jpg", PEN), line(f"{folder}/y.jpg", PEN)]))
        for name in "xy":
            put(place, f"pens/images/{folder}/{name}.jpg", picture())
        run("convert", f"{folder}.manifest", "--labels", "pen", "--output", folder, "--group-by", "^.")
    run("merge", "a", "b", "--output", "all")
    run("pull", "all", "here", "--root", ".")

    run("merge", "all", "--output", "one")
    run("merge", "here", "--output", "other")

    one, other = (next(Path(name).glob("versions/*/groups.csv")).read_text() for name in ("one", "other"))
    assert [row.rpartition(",")[2] for row in one.splitlines()] == ["group", "x", "y", "x", "y"]
    assert one == other


def test_nothing_new_makes_no_version(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the same digest."""
    run("merge", "r1", "r2", "--output", "all", "-o", "json")
    made = json.loads(capsys.readouterr().out)

    run("merge", "r1", "r2", "--output", "all", "-o", "yaml")

    printed = capsys.readouterr()
    again = yaml.safe_load(printed.out)
    assert (made["made"], again["made"]) == (True, False)
    assert (again["version"], again["digest"], again["dataset"]) == (1, made["digest"], made["dataset"])
    assert printed.err == "nothing new: version 1 stays (3 images, 2 boxes, 2 classes)\n"


def test_versions_are_compared(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What came, what went and what changed, then the images with a sign each."""
    run("merge", "r1", "--output", "all")
    run("merge", "r2", "--output", "all")
    capsys.readouterr()

    code = run("diff", "all@1", "all")

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[3:] == [
        "        added  removed  changed  unchanged",
        "images  1      0        1        1",
        "boxes   1      1        0        1",
        "changed images: 1 with other boxes",
        "",
        "class   id  added  removed  changed  unchanged",
        "pencil  0   0      1        0        0",
        "pen     1   1      0        0        1",
        "",
        "+ s3://pictures/pens/images/c.jpg",
        "",
        "~ s3://pictures/pens/images/b.jpg",
    ]


@pytest.mark.parametrize(("new", "code"), [("all", 0), ("all@1", 0), ("all@2", 1), ("r3", 1)])
def test_the_exit_code_tells_of_a_difference_when_asked_to(place: Path, new: str, code: int) -> None:
    """As for git diff; otherwise 1 would be a failure."""
    run("merge", "r1", "--output", "all")
    run("merge", "r2", "--output", "all")

    told = run("diff", "all@1" if new != "all" else "all@2", new, "--exit-code")

    assert told == code
    assert run("diff", "all@1", new) == 0


def test_a_difference_can_be_read_by_programs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON and YAML say the same."""
    run("diff", "r1", "r2", "-o", "json")
    found = json.loads(capsys.readouterr().out)

    run("diff", "r1", "r2", "-o", "yaml")

    assert yaml.safe_load(capsys.readouterr().out) == found
    assert found["same"] is False
    assert found["images"]["added"] == 1
    assert found["addedImages"] == ["s3://pictures/pens/images/c.jpg"]
    assert found["classes"][0] | {"removed": 0} == {
        "name": "pencil",
        "oldID": 0,
        "newID": 0,
        "added": 0,
        "removed": 0,
        "changed": 0,
        "unchanged": 0,
    }


def test_the_other_commands_take_the_newest_version(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the dataset's own folder, or one by its number."""
    run("merge", "r1", "--output", "all")
    run("merge", "r2", "r3", "--output", "all")
    capsys.readouterr()

    counted = []
    for name in ("all", "all@1"):
        run("stats", name, "-o", "json")
        counted.append(json.loads(capsys.readouterr().out)["images"])

    assert counted == [4, 2]
    assert run("validate", "all") == 0


def test_history_is_kept_to_the_limit(place: Path) -> None:
    """Which holds also when nothing is new."""
    for name in ("r1", "r2", "r3"):
        run("merge", name, "--output", "all")
    before = sorted(path.name for path in (place / "all" / "versions").iterdir() if path.is_dir())

    run("merge", "r3", "--output", "all", "--keep", "1")

    assert [path.name for path in (place / "all" / "versions").iterdir() if path.is_dir()] == before[-1:]


def test_wrong_sources_are_told_and_nothing_is_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do."""
    (place / "empty").mkdir()

    code = run("merge", "r1", "empty", "--output", "all")

    assert code == 3
    assert "report.json: is not there: the folder holds no dataset, or its conversion did not end" in (
        capsys.readouterr().err
    )
    assert not (place / "all").exists()
