"""A dataset of many boxes, made with a seed: some of them are suspicious."""

from __future__ import annotations

import random
from pathlib import Path

from tests.tools.made_datasets import Made, make

NAMES = ("pencil", "pen", "rare")
SIZES = ((640, 480), (1000, 1000), (333, 777))


def boxes_dataset(folder: Path, images: int = 60) -> Path:
    """The dataset in `folder`, with a val of every fifth image and a class that val does not have."""
    random_ = random.Random(7)  # noqa: S311 no secret
    made = []
    for number in range(images):
        rows = [_row(random_, number) for _ in range(random_.randint(0, 6))]
        rows += [rows[0]] if rows and number % 7 == 0 else []
        width, height = SIZES[number % len(SIZES)]
        split = "val" if number % 5 == 4 else "train"
        made.append(Made(f"{number:03}.jpg", "".join(rows), split=split, width=width, height=height))
    return make(folder, made, NAMES)


def _row(random_: random.Random, number: int) -> str:
    class_id = 2 if number == 0 else random_.choice((0, 0, 0, 1))
    width, height = random_.choice(((0.003, 0.4), (0.2, 0.3), (0.97, 0.96), (1.0, 1.0), (0.05, 0.06), (0.4, 0.3)))
    x, y = (random_.uniform(side / 2, 1 - side / 2) for side in (width, height))
    return f"{class_id} {x:.6f} {y:.6f} {width:.6f} {height:.6f}\n"
