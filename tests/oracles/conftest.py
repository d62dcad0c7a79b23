"""Independent readers in environments of their own, and the datasets that they are given."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[2]
READERS = Path(__file__).parent / "readers"
PENS = REPOSITORY / "examples" / "pens"
INSTALL_SECONDS = 1800
ENVIRONMENTS = {"torchvision": "ultralytics"}
"""Readers in another's environment, which holds them already."""
READ_SECONDS = 300

Corners = tuple[str, float, float, float, float]
Reader = Callable[..., Any]


@dataclass(frozen=True)
class Made:
    """A dataset, and the manifest it was made from."""

    folder: Path
    manifest: Path

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        """images.csv: one row for every image of the manifest."""
        with (self.folder / "images.csv").open(encoding="utf-8", newline="") as table:
            return list(csv.DictReader(table))

    def expected(self) -> dict[str, list[Corners]]:
        """By image in the dataset: class, left, top, right, bottom of the manifest's boxes, read with json alone."""
        names = {row["source_ref"]: row["image"] for row in self.rows if row["split"]}
        entries = map(json.loads, self.manifest.read_text(encoding="utf-8").splitlines())
        return {
            names[entry["source-ref"]].removeprefix("images/"): corners(entry)
            for entry in entries
            if entry["source-ref"] in names
        }


def attribute_of(entry: Mapping[str, Any]) -> str:
    """The label attribute of a line: the one beside its metadata that holds boxes."""
    (name,) = [key for key, value in entry.items() if isinstance(value, dict) and "annotations" in value]
    return name


def corners(entry: Mapping[str, Any]) -> list[Corners]:
    """The boxes of a line, clipped to the image, each once, without those that have no area."""
    attribute = attribute_of(entry)
    names = entry[f"{attribute}-metadata"]["class-map"]
    (size,) = entry[attribute]["image_size"]
    found = []
    for box in entry[attribute]["annotations"]:
        left, top = max(0.0, box["left"]), max(0.0, box["top"])
        right = min(float(size["width"]), box["left"] + box["width"])
        bottom = min(float(size["height"]), box["top"] + box["height"])
        if right > left and bottom > top:
            found.append((names[str(box["class_id"])], left, top, right, bottom))
    return list(dict.fromkeys(found))


def labels_of(manifest: Path) -> list[str]:
    """Every class of a manifest, by class id."""
    found: dict[int, str] = {}
    for entry in map(json.loads, manifest.read_text(encoding="utf-8").splitlines()):
        classes = entry[f"{attribute_of(entry)}-metadata"]["class-map"]
        found |= {int(number): name for number, name in classes.items()}
    return [found[number] for number in sorted(found)]


def labelround(*arguments: str | Path) -> None:
    """Run the command line; it must succeed."""
    ended = subprocess.run([sys.executable, "-m", "labelround", *map(str, arguments)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def paint(manifest: Path, root: Path) -> None:
    """A picture of the right size for every line, in folders that stand for the buckets."""
    painted: dict[tuple[str, int, int], bytes] = {}
    for entry in map(json.loads, manifest.read_text(encoding="utf-8").splitlines()):
        (size,) = entry[attribute_of(entry)]["image_size"]
        path = root / entry["source-ref"].removeprefix("s3://")
        path.parent.mkdir(parents=True, exist_ok=True)
        same = (path.suffix.lower(), size["width"], size["height"])
        if same not in painted:
            form = "PNG" if same[0] == ".png" else "JPEG"
            Image.new("RGB", same[1:], (90, 120, 150)).save(path, form)
            painted[same] = path.read_bytes()
        path.write_bytes(painted[same])


@pytest.fixture(scope="session")
def convert_real(real_manifests: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Made]:
    """Makes, once, the dataset of one of the real manifests in one of the formats, with painted pictures."""
    made: dict[tuple[str, str], Made] = {}

    def convert(name: str, output_format: str = "YOLO") -> Made:
        if (name, output_format) not in made:
            root, manifest = tmp_path_factory.mktemp("real"), real_manifests / name
            paint(manifest, root)
            made[name, output_format] = converted(manifest, root, output_format)
        return made[name, output_format]

    return convert


def converted(manifest: Path, root: Path, output_format: str) -> Made:
    """The dataset of a manifest, with copies of the pictures in the folders below `root`."""
    labels = [word for label in labels_of(manifest) for word in ("--label", label)]
    folder, form = root / f"dataset-{output_format}", ("--format", output_format)
    labelround("convert", manifest, *labels, *form, "--root", root, "--output", folder, "--images", "copy")
    return Made(folder, manifest)


@pytest.fixture(scope="session")
def demo_in(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Made]:
    """Makes the dataset of the example round in one of the formats, from its answers."""

    def convert(output_format: str) -> Made:
        root = tmp_path_factory.mktemp("demo")
        (root / "pens" / "bounding_box").mkdir(parents=True)
        (root / "pens" / "bounding_box" / "images").symlink_to(PENS / "pictures")
        return converted(PENS / "answers.manifest", root, output_format)

    return convert


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The dataset of the example round, run as `make demo` runs it, with its images pulled beside the labels."""
    root, answers = tmp_path_factory.mktemp("demo"), PENS / "answers.manifest"
    (root / "pens" / "bounding_box").mkdir(parents=True)
    (root / "pens" / "bounding_box" / "images").symlink_to(PENS / "pictures")
    labelround("run", "-f", PENS / "round.yaml", "--root", root, "--answers", answers)
    folder = root / "pens" / "bounding_box" / "yolo_annot_files"
    labelround("pull", folder, "--root", root)
    return Made(folder, answers)


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Calls a reader in its own environment, in an empty working directory; the JSON of its last line."""
    pythons: dict[str, str] = {}
    config = tmp_path_factory.mktemp("ultralytics")
    offline = {"YOLO_OFFLINE": "true", "YOLO_CONFIG_DIR": str(config), "YOLO_AUTOINSTALL": "false"}

    def read(name: str, *arguments: str | Path) -> Any:
        if name not in pythons:
            pythons[name] = python_of(ENVIRONMENTS.get(name, name))
        command = [pythons[name], READERS / f"read_{name}.py", *arguments]
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        ended = run(command, cwd=elsewhere, env={**os.environ, **offline}, timeout=READ_SECONDS)
        assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-4000:]
        return json.loads(ended.stdout.splitlines()[-1])

    return read


def python_of(name: str) -> str:
    """The reader's Python, installed at first use. Skips when that cannot be done, and fails in CI."""
    ended = run([REPOSITORY / "scripts" / "oracle.sh", name], timeout=INSTALL_SECONDS)
    if ended.returncode:
        if os.environ.get("CI") == "true":
            pytest.fail(ended.stderr[-2000:])
        pytest.skip(f"the environment of {name} cannot be made: {ended.stderr.strip().splitlines()[-1]}")
    return ended.stdout.strip().splitlines()[-1]


def run(command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, **options)
