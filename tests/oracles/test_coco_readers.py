"""pycocotools, supervision and datumaro find in COCO datasets what the manifests say, exactly."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.oracles.agreement import REAL, assert_same_boxes, by_stem
from tests.oracles.conftest import Made, Reader

pytestmark = pytest.mark.oracle

EXACTLY = 0.0
SINGLE_PRECISION = 1e-3
"""supervision keeps coordinates as 32-bit numbers, datumaro two decimals of them."""


@pytest.mark.parametrize("name", REAL)
def test_pycocotools_reads_what_manifests_say(convert_real: Callable[..., Made], reader: Reader, name: str) -> None:
    """And finds every box again when it scores them against themselves."""
    made = convert_real(name, "COCO")

    found = reader("pycocotools", made.folder)

    assert_same_boxes(found, made.expected(), EXACTLY)
    assert (len(found), sum(map(len, found.values()))) == REAL[name]


@pytest.mark.parametrize("name", REAL)
def test_supervision_reads_what_manifests_say(convert_real: Callable[..., Made], reader: Reader, name: str) -> None:
    """With the pictures in `images`."""
    made = convert_real(name, "COCO")

    found = reader("supervision", "coco", made.folder)

    assert_same_boxes(found, made.expected(), SINGLE_PRECISION)


def test_datumaro_finds_out_that_the_demo_dataset_is_coco(demo_in: Callable[[str], Made], reader: Reader) -> None:
    """By itself, and reads every box of it."""
    made = demo_in("COCO")

    found = reader("datumaro", "coco", made.folder)

    assert "coco_instances" in found["formats"]
    assert_same_boxes(found["images"], by_stem(made.expected()), SINGLE_PRECISION)
