"""`labelround convert` as it is typed."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.dataset.manifests import BUCKET, PREFIX, failed, line, manifest, table_rows, tree
from tests.dataset.pictures import picture

from labelround.cli.console import Lines, progress
from labelround.cli.main import main

PEN = ("pen", 10, 10, 20, 20)
LINES = [line("a.jpg", PEN), line("b.jpg", ("pencil", 5, 5, 10, 10))]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A manifest on disk."""
    path = tmp_path / "output.manifest"
    path.write_bytes(manifest(LINES))
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the dataset goes; it is not there yet."""
    return tmp_path / "data set"


def run(*words: object) -> int:
    """The exit code of `labelround convert`."""
    try:
        main(["convert", *map(str, words)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_a_manifest_becomes_a_dataset(source: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report's path is on stdout, a summary on stderr, and the images' common folder is no part of the names."""
    code = run(source, "--labels", "pencil,pen", "--output", out)

    printed = capsys.readouterr()
    assert code == 0
    assert printed.out == f"{out}/report.json\n"
    assert "2 images: 2 labeled, 0 empty, 0 failed, 0 unlabeled; 2 of 2 boxes written" in printed.err
    assert (out / "labels" / "a.txt").read_text() == "1 0.200000 0.250000 0.200000 0.250000\n"
    assert json.loads((out / "report.json").read_bytes())["options"]["images_prefix"] == f"s3://{BUCKET}/{PREFIX}"


def test_the_report_can_be_printed(source: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it lies in the dataset."""
    run(source, "--labels", "pencil,pen", "--output", out, "-o", "json")

    assert capsys.readouterr().out == (out / "report.json").read_text()


@pytest.mark.parametrize("labels", [("--label", "pencil", "--label", "pen"), ("--label-file", "data.json")])
def test_classes_are_named_in_three_ways(
    labels: tuple[str, ...], source: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All give the same dataset."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.json").write_text(
        '{"document-version":"2018-11-28","labels":[{"label":"pencil"},{"label":"pen"}]}'
    )

    assert run(source, *labels, "--output", out) == 0
    assert run(source, "--labels", "pencil,pen", "--output", tmp_path / "other") == 0

    assert tree(out) == tree(tmp_path / "other")


def test_labels_are_split_at_commas_alone(tmp_path: Path, out: Path) -> None:
    """A class may begin or end in a space."""
    (tmp_path / "m").write_bytes(manifest([line("a.jpg", (" pen ", 1, 1, 5, 5), ("pen", 2, 2, 5, 5))]))

    assert run(tmp_path / "m", "--labels", "pen, pen ", "--output", out) == 0

    assert [row["category"] for row in table_rows((out / "annot.csv").read_bytes())] == [" pen ", "pen"]


def test_without_classes_a_command_line_to_copy_is_told(
    source: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It works as it stands, and nothing is written before."""
    code = run(source, "--output", out, "--format", "darknet", "--no-check-images", "--seed", "7", "--previews", "0")

    printed = capsys.readouterr().err
    assert code == 3
    assert not out.exists()
    command = next(text.strip() for text in printed.splitlines() if text.startswith("  labelround convert"))
    assert run(*shlex.split(command)[2:]) == 0
    assert (out / "obj.names").read_text() == "pen\npencil\n"
    assert json.loads((out / "report.json").read_bytes())["options"]["split"]["seed"] == 7


def test_a_class_with_a_comma_is_told_by_itself(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then the command line repeats --label."""
    (tmp_path / "m").write_bytes(manifest([line("a.jpg", ("pen, red", 1, 1, 5, 5), ("it's", 2, 2, 5, 5))]))

    run(tmp_path / "m", "--output", out, "--bucket", f"{BUCKET}={tmp_path}")

    command = next(text for text in capsys.readouterr().err.splitlines() if "labelround convert" in text)
    assert run(*shlex.split(command)[2:]) == 0
    assert (out / "data.yaml").read_text().endswith('names:\n  0: "pen, red"\n  1: "it\'s"\n')


def test_dropped_boxes_are_told_by_the_exit_code(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """5, with the reason on stderr."""
    (tmp_path / "m").write_bytes(manifest([line("a.jpg", PEN, PEN)]))

    code = run(tmp_path / "m", "--labels", "pen", "--output", out)

    assert code == 5
    assert "dropped: 1 boxes (duplicate box)" in capsys.readouterr().err


def test_failed_images_are_told_by_the_exit_code(tmp_path: Path, out: Path) -> None:
    """5, and the dataset is there."""
    (tmp_path / "m").write_bytes(manifest([line("a.jpg", PEN), failed("b.jpg")]))

    assert run(tmp_path / "m", "--labels", "pen", "--output", out) == 5
    assert (out / "report.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("missing.manifest", "--labels", "pen"), "missing.manifest: there is no such file"),
        (("s3://", "--labels", "pen"), "names no bucket"),
        (("output.manifest", "--labels", "pen"), "labels: do not name this class of boxes: 'pencil'"),
        (("output.manifest", "--labels", "pen,pencil", "--group-by", "("), "is not a regular expression"),
        (("output.manifest", "--labels", "pen,pencil", "--images-prefix", "s3://pictures/x/"), "is not below"),
        (("output.manifest", "--labels", "pen,pencil", "--train", "0", "--val", "0"), "split: has no share above 0"),
    ],
)
def test_wrong_input_exits_with_3_and_writes_nothing(
    words: tuple[str, ...],
    message: str,
    source: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The message begins with `error:`."""
    monkeypatch.chdir(source.parent)

    code = run(*words, "--output", out)

    printed = capsys.readouterr()
    assert code == 3
    assert printed.err.startswith("error: ")
    assert message in printed.err
    assert printed.out == ""
    assert not out.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--labels", "pen", "--label", "pen"),
        ("--labels", "pen", "--format", "TFRecord"),
        ("--labels", "pen", "--images-prefix", "pens/images/"),
        ("--labels", "pen", "--attribute", "a", "--attribute", "b", "second.manifest", "third.manifest"),
    ],
)
def test_a_wrong_command_line_exits_with_2(words: tuple[str, ...], source: Path, out: Path) -> None:
    """And writes nothing."""
    assert run(source, *words, "--output", out) == 2
    assert not out.exists()


def test_the_folder_of_a_labeling_job_is_a_manifest_too(tmp_path: Path, out: Path) -> None:
    """Its output manifest lies below."""
    folder = tmp_path / "ground_truth_annots" / "yolo-bbox"
    (folder / "manifests" / "output").mkdir(parents=True)
    (folder / "manifests" / "output" / "output.manifest").write_bytes(manifest(LINES))

    assert run(f"{folder}/", "--labels", "pencil,pen", "--output", out) == 0


def test_everything_can_be_in_buckets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Folders stand for them; the manifest is found below its job's folder, and images are checked and copied."""
    bucket = tmp_path / BUCKET
    (bucket / PREFIX).mkdir(parents=True)
    (bucket / PREFIX / "a.jpg").write_bytes(picture(orientation=6))
    (bucket / "job/manifests/output").mkdir(parents=True)
    (bucket / "job/manifests/output/output.manifest").write_bytes(manifest([line("a.jpg", PEN)]))

    code = run(
        f"s3://{BUCKET}/job/", "--root", tmp_path, "--labels", "pen", "--output", f"s3://{BUCKET}/out/",
        "--check-images", "--images", "copy", "--previews", "1",
    )  # fmt: skip

    assert code == 0, capsys.readouterr().err
    assert {path for path in tree(bucket / "out") if path.startswith(("images/", "previews/"))} == {
        "images/a.jpg",
        "previews/a.jpg.png",
        "previews/index.html",
    }


def test_a_later_manifest_replaces_what_an_earlier_one_says(tmp_path: Path, out: Path) -> None:
    """Of the same attribute; other images stay."""
    (tmp_path / "m1").write_bytes(manifest([line("a.jpg", PEN), line("b.jpg", PEN)]))
    (tmp_path / "m2").write_bytes(manifest([line("a.jpg", ("pencil", 1, 1, 5, 5))]))

    code = run(tmp_path / "m1", tmp_path / "m2", "--labels", "pencil,pen", "--output", out)

    assert code == 5
    assert [row["category"] for row in table_rows((out / "annot.csv").read_bytes())] == ["pencil", "pen"]


def test_two_attributes_of_one_manifest_are_joined(tmp_path: Path, out: Path) -> None:
    """Named one after the other."""
    both = line("a.jpg", PEN, **line("a.jpg", ("pencil", 1, 1, 5, 5), attribute="more"))
    (tmp_path / "m").write_bytes(manifest([both]))

    code = run(tmp_path / "m", "--attribute", "pens", "--attribute", "more", "--labels", "pencil,pen", "--output", out)

    assert code == 0
    assert len(table_rows((out / "annot.csv").read_bytes())) == 2


@pytest.mark.parametrize(
    "name", ["100% ü#1", "new\nline", "tab\t", "-o", "a'b\"c", "한국 어", "\u200b", "x" * 200, "#1"]
)
def test_folders_of_odd_names_are_fine(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the manifest and, once it is there, for the dataset."""
    place = tmp_path / name
    place.mkdir()
    (place / "out.manifest#1").write_bytes(manifest(LINES))
    (place / "out").mkdir()

    code = run(place / "out.manifest#1", "--labels", "pencil,pen", "--output", place / "out")

    assert code == 0
    assert (place / "out" / "labels" / "a.txt").exists()


def test_a_read_only_output_is_named(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """/proc refuses even root."""
    code = run(source, "--labels", "pencil,pen", "--output", "/proc/labelround-out")

    assert code == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: /proc/labelround-out/")


# ---- progress ----


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_bars() -> None:
    """One after the other, and they are gone afterwards."""
    stream = Terminal()

    with progress(stream) as told:
        told.start("reading [x]", 10, "lines")
        told.advance(4)
        told.start("writing", None, "images")
        told.advance()

    assert "\x1b[" in stream.getvalue()


def test_elsewhere_there_is_a_line_every_ten_seconds() -> None:
    """And none for what is quick."""
    stream, now = io.StringIO(), [0.0]
    told = Lines(stream, lambda: now[0])

    told.start("reading m", 100, "lines")
    for second in range(1, 26):
        now[0] = second
        told.advance(2)
    told.start("writing", None, "images")
    now[0] = 30
    told.advance()
    now[0] = 36
    told.advance(9)

    assert stream.getvalue() == ("reading m: 20 of 100 lines\nreading m: 40 of 100 lines\nwriting: 10 images\n")


def test_nothing_is_told_of_a_quick_conversion() -> None:
    """A pipe stays empty."""
    stream = io.StringIO()

    with progress(stream) as told:
        told.start("reading", None, "lines")
        told.advance(1)

    assert stream.getvalue() == ""


def test_a_dataset_written_in_another_format_replaces_the_first(source: Path, out: Path) -> None:
    """In the same folder, with nothing left of it."""
    options: list[Any] = [source, "--labels", "pencil,pen", "--output", out]
    run(*options)

    assert run(*options, "--format", "Darknet") == 0

    assert sorted(tree(out)) == [
        ".labelround-claim.json", "CARD.md", "a.txt", "annot.csv", "b.txt", "croissant.json", "images.csv", "obj.data",
        "obj.names", "report.json", "train.txt", "val.txt",
    ]  # fmt: skip
