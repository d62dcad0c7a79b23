"""`labelround merge` and `diff` over many small rounds, with shuffled classes and overlapping images."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.peers.scene import BOXES, CAMERAS, HEIGHT, LABELS, WIDTH
from benchmarks.timing import Run, measured
from labelround.dataset.convert import ConversionPlan, ManifestSource, convert
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, LocalBuckets, locate, output_folder
from labelround.uri import ObjectURI

IMAGES = 100
AGAIN = 10
"""So many images of each round were in the one before, too."""
MOST_MEGABYTES = 150.0
PREFIX = ObjectURI("pictures", "set/images/")


class NotAsItShould(Exception):
    """The merged dataset is not what the rounds add up to, or too much memory was needed."""


def measure_merging(rounds: int, folder: Path) -> str:
    """The page. Raises NotAsItShould."""
    datasets = [make_round(number, folder) for number in range(rounds)]
    output = folder / "merged"
    program: list[str | Path] = [sys.executable, "-m", "labelround"]
    merge = [*program, "merge", *datasets[:-1], "--output", output]
    first = measured(merge, {})
    again = measured(merge, {})
    last = measured([*program, "merge", datasets[-1], "--output", output], {})
    diff = measured([*program, "diff", f"{output}@1", output], {})
    index: dict[str, Any] = json.loads((output / "index.json").read_text(encoding="utf-8"))
    newest = index["versions"][-1]
    check(newest, rounds, [first, again, last, diff])
    images = (rounds - 1) * (IMAGES - AGAIN) + AGAIN
    rows = [
        row(f"`merge` of {rounds - 1:,} rounds into version 1", first),
        row("the same again: nothing new", again),
        row(f"`merge` of one round more onto {images:,} images", last),
        row("`diff` of the two versions", diff),
    ]
    return (
        f"{rounds:,} rounds of {IMAGES} images each, {AGAIN} of them in the round before too, and the"
        f" {len(LABELS)} classes in another order in each: {newest['images']:,} images and {newest['boxes']:,} boxes in"
        f" all. On the local disk, the whole process, one run.\n\n"
        "| | Seconds | CPU seconds | Peak memory, MB |\n| --- | ---: | ---: | ---: |\n" + "".join(rows)
    )


def make_round(number: int, folder: Path) -> Path:
    """The dataset of one round."""
    random, place = Random(number), folder / "rounds" / f"{number:05}"  # noqa: S311 reproducible, no secret
    labels = random.sample(LABELS, len(LABELS))
    manifest = folder / "output.manifest"
    start = number * (IMAGES - AGAIN)
    lines = [entry(start + n, random, labels) for n in range(IMAGES)]
    manifest.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    buckets = LocalBuckets()
    plan = ConversionPlan(
        sources=(ManifestSource(locate(str(manifest), buckets), str(manifest)),),
        labels=tuple(labels),
        output_format=OutputFormat.YOLO,
        owner="benchmark",
        images_prefix=PREFIX,
        check_images=False,
    )
    output: Folder = output_folder(str(place), buckets)
    convert(plan, output, buckets)
    shutil.rmtree(place / "labels")  # a merge reads the tables, which hold all digits
    return place


def entry(image: int, random: Random, labels: list[str]) -> dict[str, Any]:
    """One line of an output manifest."""
    annotations = [
        {
            "class_id": random.randrange(len(labels)),
            "left": random.randrange(WIDTH // 2),
            "top": random.randrange(HEIGHT // 2),
            "width": random.randrange(3, WIDTH // 2),
            "height": random.randrange(3, HEIGHT // 2),
        }
        for _ in range(random.choice(BOXES))
    ]
    return {
        "source-ref": f"{PREFIX}camera-{image % CAMERAS:02}/{image:07}.jpg",
        "pens": {"image_size": [{"width": WIDTH, "height": HEIGHT, "depth": 3}], "annotations": annotations},
        "pens-metadata": {
            "class-map": {str(n): label for n, label in enumerate(labels)},
            "type": "groundtruth/object-detection",
            "job-name": "labeling-job/pens",
        },
    }


def check(newest: dict[str, Any], rounds: int, runs: list[Run]) -> None:
    """Whether all images are there, and memory stayed bounded."""
    expected = rounds * (IMAGES - AGAIN) + AGAIN
    if newest["images"] != expected or newest["number"] != 2:
        raise NotAsItShould(f"version {newest['number']} has {newest['images']} images, not {expected}")
    most = max(one.megabytes for one in runs)
    if most > MOST_MEGABYTES:
        raise NotAsItShould(f"{most:.0f} MB of memory were needed, and {MOST_MEGABYTES:.0f} are allowed")


def row(name: str, one: Run) -> str:
    return f"| {name} | {one.seconds:.1f} | {one.cpu:.1f} | {one.megabytes:.0f} |\n"
