"""Rounds that labelround adds up come out as datumaro merges them."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.dataset.manifests import failed, line, manifest
from tests.oracles.conftest import READERS, labelround, python_of, run

pytestmark = pytest.mark.oracle

LABELROUND = (sys.executable, "-m", "labelround")
INCOMPLETE = 5
CLASSES = ["pencil", "pen", "cap", "brush"]
ROUNDS = 3
IMAGES = 60


def make_rounds(folder: Path) -> list[tuple[list[str], Path]]:
    """Three rounds with their classes in another order each, over images that overlap; some fail."""
    random = Random(7)  # noqa: S311 the same rounds each time, no secret
    made: list[tuple[list[str], Path]] = []
    for number in range(ROUNDS):
        labels = random.sample(CLASSES, random.randint(2, len(CLASSES)))
        lines: list[dict[str, Any]] = []
        for image in sorted(random.sample(range(IMAGES), IMAGES // 2)):
            drawn = [(random.choice(labels), *box(random)) for _ in range(random.randrange(4))]
            key = f"{image:03}.jpg"
            lines.append(failed(key) if random.random() < 0.1 else line(key, *drawn, size=(400, 300)))
        path = folder / f"round-{number}.manifest"
        path.write_bytes(manifest(lines))
        made.append((labels, path))
    return made


def box(random: Random) -> tuple[float, float, float, float]:
    """Left, top, width and height, in quarters of a pixel: datumaro rounds to hundredths."""
    left, top, width, height = (random.randrange(200) / 4 for _ in range(4))
    return left, top, width + 1, height + 1


def test_three_rounds_merge_as_datumaro_merges_them(tmp_path: Path) -> None:
    """Classes joined by name in the order in which they come, and of each image the latest boxes, to the digit."""
    rounds = make_rounds(tmp_path)
    for labels, path in rounds:
        listed, output = ",".join(labels), path.with_suffix("")
        ended = run([*LABELROUND, "convert", path, "--labels", listed, "--output", output, "--attribute", "pens"])
        assert ended.returncode == INCOMPLETE, ended.stderr
    arguments = [f"{','.join(labels)}={path}" for labels, path in rounds]

    labelround("merge", *(path.with_suffix("") for _, path in rounds), "--output", tmp_path / "merged")
    ended = run([python_of("datumaro"), READERS / "merge_datumaro.py", *arguments], cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr[-4000:]
    expected = json.loads(ended.stdout.splitlines()[-1])
    (version,) = (path for path in (tmp_path / "merged" / "versions").iterdir() if path.is_dir())
    assert json.loads((version / "report.json").read_bytes())["classes"] == expected["classes"]
    assert boxes_of(version) == {ref: sorted(map(tuple, boxes)) for ref, boxes in expected["images"].items()}
    assert len(expected["images"]) > IMAGES // 2


def boxes_of(version: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The boxes of each image of the dataset by its address, read with csv alone."""
    with (version / "images.csv").open(encoding="utf-8", newline="") as table:
        refs = {row["image"]: row["source_ref"] for row in csv.DictReader(table) if row["label_file"]}
    found: dict[str, list[tuple[Any, ...]]] = {ref: [] for ref in refs.values()}
    with (version / "annot.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            numbers = (float(row[f"box_{name}"]) for name in ("left", "top", "width", "height"))
            found[refs[row["img_file"]]].append((row["category"], *numbers))
    return {ref: sorted(boxes) for ref, boxes in found.items()}
