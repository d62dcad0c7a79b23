"""The examples are valid, complete and as their generator makes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from PIL import __version__ as pillow_version

from labelround.spec.parse import load_rounds, parse_round

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
PENS = EXAMPLES / "pens"
ROUNDS = sorted(EXAMPLES.glob("*/round.yaml"))
LARGEST_BYTES = 2_500_000
MADE_WITH_PILLOW = "13."


def answers(folder: Path) -> dict[str, tuple[tuple[int, int], list[tuple[int, int, int, int, int]]]]:
    """By path below the images folder: the picture's size and its boxes as class, left, top, width, height."""
    found = {}
    for line in (folder / "answers.manifest").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        name = entry["source-ref"].removeprefix("s3://pens/bounding_box/images/")
        size = entry["pens"]["image_size"][0]
        boxes = [(a["class_id"], a["left"], a["top"], a["width"], a["height"]) for a in entry["pens"]["annotations"]]
        found[name] = ((size["width"], size["height"]), boxes)
    return found


def pictures(folder: Path) -> dict[str, Path]:
    """By path below the folder."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the generator has just filled."""
    folder = tmp_path_factory.mktemp("pens")
    subprocess.run([sys.executable, "-m", "examples.pens.generator", folder], cwd=REPOSITORY, check=True)
    return folder


@pytest.mark.parametrize("file", ROUNDS, ids=lambda file: file.parent.name)
def test_every_example_round_is_valid(file: Path) -> None:
    """No example is refused by the parser."""
    documents = load_rounds(file.read_text(encoding="utf-8"), str(file))

    rounds = [parse_round(document) for document in documents]

    assert len(rounds) == 1


def test_every_example_picture_has_an_answer_and_every_answer_a_picture() -> None:
    """The simulated workers know every picture, in its true size, with boxes inside it."""
    known = answers(PENS)

    shown = pictures(PENS / "pictures")

    assert len(known) >= 12
    assert known.keys() == shown.keys()
    for name, (size, boxes) in known.items():
        with Image.open(shown[name]) as picture:
            assert picture.size == size
        for _, left, top, width, height in boxes:
            assert 0 <= left < left + width <= size[0]
            assert 0 <= top < top + height <= size[1]


def test_the_example_pictures_show_what_is_hard() -> None:
    """A space, a subfolder, a non-ASCII name, names that differ only in their extension, and empty pictures."""
    known = answers(PENS)

    names = set(known)

    assert any(" " in name for name in names)
    assert any("/" in name for name in names)
    assert any(not name.isascii() for name in names)
    assert {"still-life.jpg", "still-life.png"} <= names
    assert sum(not boxes for _, boxes in known.values()) == 2


def test_the_photograph_is_stored_on_its_side() -> None:
    """Its EXIF orientation is kept: the example shows how labelround handles it."""
    with Image.open(PENS / "pictures" / "pens-and-pencils.jpg") as picture:
        orientation = picture.getexif()[0x0112]

    assert orientation == 6


def test_the_examples_stay_small() -> None:
    """A clone should not be made of pictures."""
    sizes = [path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file() and path.suffix != ".pyc"]

    total = sum(sizes)

    assert total < LARGEST_BYTES


def test_the_generator_finds_the_same_boxes(made: Path) -> None:
    """The committed answers are those of the committed generator; another Pillow may round an edge differently."""
    committed = answers(PENS)

    drawn = answers(made)

    assert drawn.keys() == committed.keys()
    for name, (size, boxes) in committed.items():
        assert drawn[name][0] == size
        for box, again in zip(boxes, drawn[name][1], strict=True):
            assert all(abs(a - b) <= 1 for a, b in zip(box, again, strict=True)), name


def test_the_generator_draws_the_same_pictures(made: Path) -> None:
    """The committed pictures are the generator's, to the pixel with the Pillow that made them, else to the eye."""
    committed = pictures(PENS / "pictures")
    del committed["pens-and-pencils.jpg"]

    drawn = pictures(made / "pictures")

    assert drawn.keys() == committed.keys()
    tolerance = 0.5 if pillow_version.startswith(MADE_WITH_PILLOW) else 8.0
    for name, path in committed.items():
        with Image.open(path) as one, Image.open(drawn[name]) as other:
            difference = ImageStat.Stat(ImageChops.difference(one, other))
        assert max(difference.mean) <= tolerance, name
