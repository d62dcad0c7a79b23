"""A validation tells everything that a trainer would refuse or change, at once."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.tools import picture_files as files
from tests.tools.made_datasets import Made, make

from labelround.dataset.existing import dataset_folder, label_file_of, open_dataset
from labelround.dataset.validate import Rule, Severity, Validation, validate
from labelround.errors import InvalidInput
from labelround.progress import NoProgress
from labelround.spec.model import OutputFormat
from labelround.storage import MemoryBuckets

PLAIN = files.jpeg(files.raster(16, 12))
BOX = "0 0.5 0.5 0.2 0.2\n"


def check(folder: Path, *, images: bool = True) -> Validation:
    return validate(open_dataset(dataset_folder(str(folder), MemoryBuckets())), NoProgress(), images=images)


def rules(validation: Validation) -> list[Rule]:
    return [finding.rule for finding in validation.findings]


def picture(folder: Path, name: str, content: bytes = PLAIN) -> None:
    path = folder / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A pulled dataset without a fault."""
    made = [Made("a.jpg", BOX), Made("deep/b.jpg", "1 0.5 0.5 1 1\n"), Made("c.jpg", BOX, split="val")]
    folder = make(tmp_path / "dataset", made)
    for image in made:
        picture(folder, image.key)
    return folder


def test_a_pulled_dataset_has_no_finding(dataset: Path) -> None:
    """All pictures were read."""
    validation = check(dataset)

    assert validation.findings == ()
    assert (validation.images, validation.read, validation.boxes) == (3, 3, 3)


def test_a_dataset_that_was_not_pulled_yet_is_valid(tmp_path: Path) -> None:
    """One warning says how to go on."""
    folder = make(tmp_path / "dataset", [Made("a.jpg", BOX), Made("b.jpg", BOX, split="val")])

    validation = check(folder)

    assert validation.is_valid
    assert rules(validation) == [Rule.NOT_PULLED]
    assert validation.findings[0].fix == f"run labelround pull {folder}"


def _definition(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "data.yaml").write_text(text)


def _labels(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "labels/a.txt").write_text(text)


def _picture(content: bytes) -> Callable[[Path], object]:
    return lambda folder: picture(folder, "a.jpg", content)


def _append(name: str, text: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        with (folder / name).open("a") as file:
            file.write(text)

    return change


LISTS = "train: train.txt\nval: val.txt\n"
DAMAGES: dict[str, tuple[Callable[[Path], object], Rule, str]] = {
    "no yaml": (_definition("names: [a"), Rule.DEFINITION, "is not YAML"),
    "no mapping": (_definition("- a\n"), Rule.DEFINITION, "is not a mapping"),
    "no names": (_definition(LISTS), Rule.DEFINITION, "is not a list of class names"),
    "a name that YAML takes for a number": (
        _definition(f"{LISTS}names: [1, pen]"),
        Rule.DEFINITION,
        "names[0]: YAML reads it as 1, which is no text; put it in quotes",
    ),
    "a name that YAML takes for false": (_definition(f"{LISTS}names: [no, pen]"), Rule.DEFINITION, "False"),
    "class ids with a gap": (_definition(f"{LISTS}names: {{0: a, 2: b}}"), Rule.DEFINITION, "0, 1, 2"),
    "another number of classes": (
        _definition(f"{LISTS}names: [a, b]\nnc: 3"),
        Rule.DEFINITION,
        "is 3, but there are 2",
    ),
    "a class name twice": (_definition(f"{LISTS}names: [a, a]"), Rule.DEFINITION, "'a' stands there twice"),
    "no validation": (_definition("names: [a, b]\ntrain: train.txt"), Rule.SPLIT_EMPTY, "no picture to validate with"),
    "a list that is not there": (
        _definition("names: [a, b]\ntrain: train.txt\nval: valid.txt"),
        Rule.DEFINITION,
        "the list valid.txt does not exist",
    ),
    "an empty list": (lambda folder: (folder / "val.txt").write_text(""), Rule.SPLIT_EMPTY, "(val)"),
    "a list elsewhere": (
        _definition("names: [a, b]\ntrain: train.txt\nval: /elsewhere/val.txt"),
        Rule.DEFINITION,
        "outside the dataset",
    ),
    "a picture elsewhere": (_append("train.txt", "/elsewhere/x.jpg\n"), Rule.LISTED_OUTSIDE, "/elsewhere/x.jpg"),
    "a line without a dot and a slash": (
        lambda folder: (folder / "val.txt").write_text("images/c.jpg\n"),
        Rule.LISTED_FROM_WORKING_DIRECTORY,
        "write ./ before it",
    ),
    "a picture listed twice": (_append("train.txt", "./images/a.jpg\n"), Rule.LISTED_TWICE, "a.jpg is listed before"),
    "a picture in two splits": (_append("val.txt", "./images/a.jpg\n"), Rule.TWO_SPLITS, "is in train too"),
    "a picture that is gone": (
        lambda folder: (folder / "images/a.jpg").unlink(),
        Rule.IMAGE_MISSING,
        "images/a.jpg: is listed but not there; run labelround pull",
    ),
    "an empty picture": (_picture(b""), Rule.IMAGE_CORRUPT, "the file is empty"),
    "no picture": (_picture(b"<html>"), Rule.IMAGE_CORRUPT, "neither JPEG nor PNG"),
    "a picture that was cut": (
        _picture(files.jpeg(files.raster(16, 12))[:-60]),
        Rule.IMAGE_CORRUPT,
        "cannot be decoded",
    ),
    "a tiny picture": (_picture(files.jpeg(files.raster(9, 40))), Rule.IMAGE_SMALL, "is only 9 x 40 pixels"),
    "a picture with bytes behind its end": (_picture(PLAIN + b"phone"), Rule.IMAGE_WITHOUT_END, "end marker"),
    "a turned picture": (
        _picture(files.into_jpeg(PLAIN, [files.exif_segment(files.Exif(6).block())])),
        Rule.IMAGE_TURNED,
        "orientation 6",
    ),
    "another picture": (
        _picture(files.jpeg(files.raster(12, 16))),
        Rule.IMAGE_SIZE,
        "is 12 x 16 pixels, but images.csv says 16 x 12",
    ),
    "a picture that no list names": (lambda folder: picture(folder, "z.jpg"), Rule.IMAGE_UNLISTED, "images/z.jpg"),
    "no label file": (
        lambda folder: (folder / "labels/a.txt").unlink(),
        Rule.LABEL_MISSING,
        "images/a.jpg: has no label file labels/a.txt",
    ),
    "a label file that no list names": (
        lambda folder: (folder / "labels/z.txt").write_text(""),
        Rule.LABEL_UNLISTED,
        "labels/z.txt",
    ),
    "too few columns": (_labels("0 0.5 0.5 0.2\n"), Rule.LABEL_FORMAT, "labels/a.txt:1: has 4 columns instead of 5"),
    "a polygon": (_labels("\n0 0.1 0.1 0.2 0.2 0.3 0.1\n"), Rule.LABEL_FORMAT, "labels/a.txt:2: has 7 columns"),
    "a word": (_labels("0 a 0.5 0.2 0.2\n"), Rule.LABEL_FORMAT, "not a number"),
    "no finite number": (_labels("0 nan 0.5 0.2 0.2\n"), Rule.LABEL_FORMAT, "not finite"),
    "half a class": (_labels("0.5 0.5 0.5 0.2 0.2\n"), Rule.LABEL_FORMAT, "the class 0.5 is not a whole number"),
    "no text": (
        lambda f: (f / "labels/a.txt").write_bytes(b"\xff\xfe0"),
        Rule.LABEL_FORMAT,
        "not a text file",
    ),
    "an unknown class": (_labels("2 0.5 0.5 0.2 0.2\n"), Rule.LABEL_CLASS, "not one of the 2 classes (0 to 1)"),
    "a negative class": (_labels("-1 0.5 0.5 0.2 0.2\n"), Rule.LABEL_CLASS, "the class -1"),
    "a negative value": (_labels("0 -0.1 0.5 0.2 0.2\n"), Rule.LABEL_VALUE, "not all values are from 0 to 1"),
    "pixels": (_labels("0 100 50 20 20\n"), Rule.LABEL_VALUE, "not all values are from 0 to 1 (100 50 20 20)"),
    "no width": (_labels("0 0.5 0.5 0 0.2\n"), Rule.LABEL_VALUE, "the box has no area (0 x 0.2)"),
    "a negative height": (_labels("0 0.5 0.5 0.2 -0.2\n"), Rule.LABEL_VALUE, "no area"),
    "a box beyond the picture": (_labels("0 0.95 0.5 0.2 0.2\n"), Rule.LABEL_BEYOND, "beyond the picture"),
    "a line twice": (_labels(BOX + BOX), Rule.LABEL_DUPLICATE, "labels/a.txt:2: is the same as line 1"),
    "no report": (lambda folder: (folder / "report.json").unlink(), Rule.UNFINISHED, "the conversion did not end"),
    "a label that was changed": (_labels("1 0.5 0.5 0.2 0.2\n"), Rule.DIGEST, "not those that the conversion wrote"),
    "a card that was changed": (
        _append("CARD.md", "!\n"),
        Rule.DIGEST,
        "CARD.md: is another than the conversion wrote",
    ),
    "a description that is gone": (
        lambda folder: (folder / "croissant.json").unlink(),
        Rule.DIGEST,
        "croissant.json: is missing",
    ),
    "a table that was changed": (_append("images.csv", "\n"), Rule.DIGEST, "report.json: the files are not those"),
    "a report that is none": (
        lambda folder: (folder / "report.json").write_text("{"),
        Rule.DEFINITION,
        "is not a report",
    ),
    "a table that is none": (
        lambda folder: (folder / "images.csv").write_text("a,b\n"),
        Rule.DEFINITION,
        "lacks the columns source_ref",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_found_and_named(dataset: Path, damage: str) -> None:
    """With its place and with words that say what is wrong."""
    change, rule, words = DAMAGES[damage]
    change(dataset)

    validation = check(dataset)

    assert any(words in str(finding) for finding in validation.findings if finding.rule is rule), validation.findings


def test_every_rule_is_shown_by_a_damage() -> None:
    """Otherwise nobody knows that it works."""
    shown = {rule for _, rule, _ in DAMAGES.values()} | {Rule.NOT_PULLED, Rule.SIGNATURE}

    assert shown == set(Rule)


def test_everything_is_told_at_once(dataset: Path) -> None:
    """Errors and warnings stand apart."""
    for damage in ("an unknown class", "a tiny picture", "a picture that no list names", "no report"):
        DAMAGES[damage][0](dataset)

    validation = check(dataset)

    errors = {finding.rule for finding in validation.of(Severity.ERROR)}
    assert errors == {Rule.LABEL_CLASS, Rule.IMAGE_SMALL, Rule.IMAGE_SIZE, Rule.UNFINISHED}
    assert {finding.rule for finding in validation.of(Severity.WARNING)} == {Rule.IMAGE_UNLISTED}
    assert not validation.is_valid


def test_pictures_are_left_alone_on_request(dataset: Path) -> None:
    """Then only labels and lists are checked."""
    picture(dataset, "a.jpg", b"no picture")

    validation = check(dataset, images=False)

    assert (validation.findings, validation.read) == ((), 0)


def test_a_dataset_of_folders_is_understood(tmp_path: Path) -> None:
    """As Ultralytics' own examples are laid out; there is no images.csv and nothing to pull."""
    for split in ("train", "val"):
        picture(tmp_path, f"{split}/x.jpg")
        labels = tmp_path / "labels" / split / "x.txt"
        labels.parent.mkdir(parents=True)
        labels.write_text(BOX)
    (tmp_path / "data.yaml").write_text("path: .\ntrain: images/train\nval: images/val\nnames: [pen]\n")
    (tmp_path / "labels/val/x.txt").unlink()

    validation = check(tmp_path / "data.yaml")

    assert validation.images == 2
    assert rules(validation) == [Rule.LABEL_MISSING]


def test_paths_that_begin_with_two_dots_are_understood(tmp_path: Path) -> None:
    """Exporters write them, and Ultralytics looks beside data.yaml then; so does a byte order mark pass."""
    (tmp_path / "train/images").mkdir(parents=True)
    (tmp_path / "train/labels").mkdir()
    (tmp_path / "train/images/x.jpg").write_bytes(PLAIN)
    (tmp_path / "train/labels/x.txt").write_bytes(b"\xef\xbb\xbf" + BOX.encode())
    (tmp_path / "data.yaml").write_text("train: ../train/images\nval: ../train/images\nnames: [pen]\n")

    validation = check(tmp_path)

    assert (validation.images, validation.boxes) == (1, 1)
    assert rules(validation) == [Rule.TWO_SPLITS]


def test_a_dataset_of_others_without_its_pictures_is_an_error(tmp_path: Path) -> None:
    """Nothing says where they could be pulled from."""
    (tmp_path / "data.yaml").write_text("train: t.txt\nval: t.txt\nnames: [pen]\n")
    (tmp_path / "t.txt").write_text("./images/x.jpg\n")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/x.txt").write_text(BOX)

    validation = check(tmp_path)

    assert rules(validation) == [Rule.TWO_SPLITS, Rule.IMAGE_MISSING]


@pytest.mark.parametrize(
    ("layout", "image_file", "label_file"),
    [
        (OutputFormat.YOLO, "images/a.b.jpg", "labels/a.b.txt"),
        (OutputFormat.YOLO, "images/x/images/a.jpg", "images/x/labels/a.txt"),
        (OutputFormat.YOLO, "my images/a.jpg", "my images/a.txt"),
        (OutputFormat.YOLO, "train/images/a", "train/labels/a.txt"),
        (OutputFormat.DARKNET, "images/a.jpg", "images/a.txt"),
    ],
)
def test_labels_are_looked_for_where_trainers_do(layout: OutputFormat, image_file: str, label_file: str) -> None:
    """Ultralytics replaces the last folder called images; Darknet looks beside the picture."""
    assert label_file_of(image_file, layout) == label_file


def test_a_darknet_dataset_is_understood(tmp_path: Path) -> None:
    """Its labels lie beside the pictures, and it may do without validation."""
    folder = make(tmp_path / "dataset", [Made("a.jpg", "7 0.5 0.5 0.1 0.1\n")], darknet=True)
    (folder / "a.jpg").write_bytes(PLAIN)

    validation = check(folder)

    assert [str(finding) for finding in validation.findings if finding.rule is Rule.LABEL_CLASS] == [
        "a.txt:1: the class 7 is not one of the 2 classes (0 to 1)"
    ]


def test_a_folder_that_is_no_dataset_is_refused(tmp_path: Path) -> None:
    """With what is missing."""
    with pytest.raises(InvalidInput, match=r"holds neither data\.yaml nor obj\.data"):
        check(tmp_path)


def test_a_large_picture_is_no_reason_for_a_warning(dataset: Path) -> None:
    """Pillow would warn of a decompression bomb above 89 megapixels; Ground Truth takes 100."""
    content = io.BytesIO()
    Image.new("1", (10_000, 9_900)).save(content, "PNG")
    picture(dataset, "a.jpg", content.getvalue())

    validation = check(dataset)

    assert rules(validation) == [Rule.IMAGE_SIZE]
