"""`labelround convert` on a synthetic manifest, next to the prototype."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from random import Random

from benchmarks.timing import Run, best, run

LABELS = ("pencil", "pen", "marker", "brush")
REPEATS = 3
MOST_BOXES = 8
SIZE = {"width": 1280, "height": 960, "depth": 3}


def write_manifest(path: Path, lines: int) -> int:
    """A Ground Truth output manifest of that many labeled images; the number of boxes in it."""
    random, boxes = Random(0), 0  # noqa: S311 a reproducible manifest, no secret
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            annotations = _annotations(random)
            boxes += len(annotations)
            line = _line(number, annotations)
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return boxes


def _annotations(random: Random) -> list[dict[str, int]]:
    return [
        {
            "class_id": random.randrange(len(LABELS)), "top": random.randrange(500), "left": random.randrange(700),
            "height": random.randrange(3, 400), "width": random.randrange(3, 500),
        }
        for _ in range(random.randrange(MOST_BOXES + 1))
    ]  # fmt: skip


def _line(number: int, annotations: list[dict[str, int]]) -> dict[str, object]:
    return {
        "source-ref": f"s3://pictures/set/images/camera-{number % 40:02}/{number:06}.jpg",
        "pens": {"image_size": [SIZE], "annotations": annotations},
        "pens-metadata": {
            "objects": [{"confidence": 0} for _ in annotations],
            "class-map": {str(box["class_id"]): LABELS[box["class_id"]] for box in annotations},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-01-01T00:00:00.000000",
            "job-name": "labeling-job/pens",
        },
    }


def measure_conversion(lines: int, folder: Path) -> str:
    """The part of the page about conversion."""
    manifest, target, labels = folder / "output.manifest", folder / "dataset", ",".join(LABELS)
    boxes = write_manifest(manifest, lines)
    commands: dict[str, list[str | Path]] = {
        "prototype": [sys.executable, "-m", "benchmarks.prototype", manifest, labels, target],
        "labelround": [
            sys.executable, "-m", "labelround", "convert", manifest, "--labels", labels, "--output", target,
            "--no-check-images",
        ],
    }  # fmt: skip
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            runs[name].append(run(command))
            shutil.rmtree(target)
    own, plain = best(runs["labelround"]), best(runs["prototype"])
    return (
        f"## Conversion of {lines:,} lines with {boxes:,} boxes\n\n"
        f"Manifest and dataset on the local disk, the whole process, the best of {REPEATS} runs in turn.\n\n"
        "| Program | Seconds | CPU seconds | Peak memory, MB |\n| --- | ---: | ---: | ---: |\n"
        + _row("`labelround convert`", own.seconds, own.cpu, own.megabytes)
        + _row("`benchmarks/prototype.py`", plain.seconds, plain.cpu, plain.megabytes)
        + _row("ratio", own.seconds / plain.seconds, own.cpu / plain.cpu, own.megabytes / plain.megabytes)
        + "\nThe prototype checks nothing, and has no split, tables, report, renames or background images.\n"
    )


def _row(name: str, seconds: float, cpu: float, megabytes: float) -> str:
    return f"| {name} | {seconds:.2f} | {cpu:.2f} | {megabytes:.1f} |\n"
