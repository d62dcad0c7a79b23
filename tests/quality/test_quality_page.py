"""The page of `labelround stats --html`."""

from __future__ import annotations

import io
import re
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path
from statistics import mean

import pytest
from click.testing import CliRunner
from PIL import Image
from tests.quality.made_pictures import blots, encoded
from tests.tools.made_datasets import BUCKET, Made, make, put

from labelround.cli.main import cli
from labelround.dataset.quality.page import KINDS
from labelround.dataset.quality.pictures import SHOWN_BOXES, SIDE
from labelround.dataset.quality.suspicion import Suspicion

LABELS = "0 0.5 0.5 1 1\n1 0.5 0.5 0.97 0.96\n1 0.5 0.5 0.2 0.002\n1 0.3 0.3 0.2 0.2\n1 0.3 0.3 0.2 0.19\n"
NASTY = "<script>alert(1)</script>\"'&.jpg"
CLASSES = ('<img src=x onerror="alert(1)">', "pen & pencil")


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(folder: Path, root: Path, *options: str) -> Elements:
    file = root / "new folder" / "page.html"
    result = CliRunner().invoke(cli, ["stats", str(folder), "--root", str(root), "--html", str(file), *options])
    assert result.exit_code == 0, result.output
    parsed = Elements()
    parsed.feed(file.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dataset with each kind of suspicious box and a leak, under names that mean harm."""
    put(tmp_path, NASTY, encoded(blots(1, 1600, 900)))
    put(tmp_path, "val.jpg", encoded(blots(1, 1600, 900)))
    return make(tmp_path / "dataset", [Made(NASTY, LABELS), Made("val.jpg", split="val")], CLASSES)


def test_every_suspicious_box_and_every_leak_is_seen(folder: Path, tmp_path: Path) -> None:
    """A picture for each box, and two for each leak, no larger than the page needs."""
    found = page(folder, tmp_path, "--leaks", "exact")

    pictures = [Image.open(io.BytesIO(b64decode(each["src"].partition(",")[2]))) for each in found.of("img")]
    assert len(pictures) == len(Suspicion) + 2
    assert {max(picture.size) for picture in pictures} == {SIDE}
    assert [title for title in KINDS.values() if f"{title}: 1" not in found.text] == []
    assert "1 of 1 held-out picture (val and test) has a twin in an earlier split (100.0%; 2 pictures compared)." in (
        found.text
    )


def test_a_box_is_drawn_in_the_color_of_its_class(folder: Path, tmp_path: Path) -> None:
    """The box around the whole picture colors its edge, which else is as stored."""
    found = page(folder, tmp_path, "--tiny", "0", "--huge", "1", "--overlap", "1")

    (shown,) = (Image.open(io.BytesIO(b64decode(each["src"].partition(",")[2]))) for each in found.of("img"))
    red, green, blue = (
        mean(band.crop((0, shown.height - 1, shown.width, shown.height)).tobytes()) for band in shown.split()
    )
    assert red > green + 60
    assert red > blue + 60


def test_names_are_text_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    """Neither a picture's nor a class's name becomes an element, and the page forbids scripts and fetching anyway."""
    found = page(folder, tmp_path, "--leaks", "exact")

    assert found.of("script") == []
    assert all(each["src"].startswith("data:image/jpeg;base64,") and "onerror" not in each for each in found.of("img"))
    assert not {"href", "action", "onload"} & {name for _, attributes in found.elements for name in attributes}
    assert (NASTY in found.text, CLASSES[0] in found.text) == (True, True)
    (policy,) = (each["content"] for each in found.of("meta") if "http-equiv" in each)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert re.findall(r"https?:", (tmp_path / "new folder" / "page.html").read_text()) == []


def test_a_picture_that_is_not_at_hand_has_the_reason_in_its_place(folder: Path, tmp_path: Path) -> None:
    """The numbers are there all the same."""
    (tmp_path / BUCKET / NASTY).unlink()

    found = page(folder, tmp_path)

    assert found.of("img") == []
    assert found.text.count("no picture: ") == len(Suspicion)


def test_only_the_first_of_many_are_shown(tmp_path: Path) -> None:
    """The page says of how many."""
    folder = make(tmp_path / "dataset", [Made(f"{number:02}.jpg", "0 0.5 0.5 1 1\n") for number in range(15)])

    found = page(folder, tmp_path)

    assert f"The first {SHOWN_BOXES} of 15." in found.text


def test_a_dataset_without_boxes_has_a_page_too(tmp_path: Path) -> None:
    """With nothing but its counts."""
    found = page(make(tmp_path / "dataset", [Made("a.jpg")]), tmp_path)

    assert "Where the centers" not in found.text
    assert found.of("img") == []
