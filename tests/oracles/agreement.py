"""What independent readers have to agree with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePosixPath

from tests.oracles.conftest import Corners

HALF_A_PIXEL = 0.5
REAL = {
    # name: (images in the dataset, boxes)
    "bax-bees-validation.manifest": (100, 98),
    "bcbs-logo-labeling.manifest": (470, 492),
    "bees-500.manifest": (500, 1009),
    "bees-sample.manifest": (10, 20),
    "cat-ground-truth.manifest": (4, 4),
    "dl-labelling-job-test.manifest": (3, 10),
    "dl-labelling-job-train.manifest": (14, 54),
    "hms-ayo.manifest": (31, 32),
    "pid-label-job.manifest": (5, 36),
    "zegar-labeling-test.manifest": (32, 54),
}


def assert_same_boxes(
    found: Mapping[str, list[Corners]], expected: Mapping[str, list[Corners]], pixels: float = HALF_A_PIXEL
) -> None:
    """The same images, and for every box one of its own class, with corners no farther than `pixels` in all."""
    assert found.keys() == expected.keys()
    for image, boxes in expected.items():
        left = [(name, corners) for name, *corners in found[image]]
        for name, *corners in boxes:
            near = [one for one in left if one[0] == name and math.dist(one[1], corners) <= pixels]
            assert near, f"{image}: {name} at {corners} is not among {left}"
            left.remove(near[0])
        assert left == [], image


def by_stem(boxes: Mapping[str, list[Corners]]) -> dict[str, list[Corners]]:
    """The boxes by the name of their image without its extension, as some readers call it."""
    return {str(PurePosixPath(image).with_suffix("")): found for image, found in boxes.items()}
