"""supervision, datumaro and torchvision find in Pascal VOC datasets what the manifests say, to the pixel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.oracles.agreement import REAL, assert_same_boxes, by_stem
from tests.oracles.conftest import Made, Reader

pytestmark = pytest.mark.oracle


def tolerance(made: Made) -> float:
    """In pixels, of all corners together: none where all are whole, and half a pixel for each where some are not."""
    corners = [corner for boxes in made.expected().values() for box in boxes for corner in box[1:]]
    return 0 if all(corner == round(corner) for corner in corners) else 1


@pytest.mark.parametrize("name", REAL)
def test_supervision_reads_what_manifests_say(convert_real: Callable[..., Made], reader: Reader, name: str) -> None:
    """Every corner where it was drawn, or at the nearest whole pixel."""
    made = convert_real(name, "PascalVOC")

    found = reader("supervision", "voc", made.folder)

    assert_same_boxes(found, made.expected(), tolerance(made))
    assert (len(found), sum(map(len, found.values()))) == REAL[name]


@pytest.mark.parametrize("name", REAL)
def test_datumaro_reads_what_manifests_say(convert_real: Callable[..., Made], reader: Reader, name: str) -> None:
    """Which it takes for VOC by itself; by the labels that labelmap.txt gives."""
    made = convert_real(name, "PascalVOC")

    found = reader("datumaro", "voc_detection", made.folder, "coordinate_mode=voc-one-based")

    assert "voc" in found["formats"]
    assert_same_boxes(found["images"], by_stem(made.expected()), tolerance(made))


@pytest.mark.parametrize("name", ["hms-ayo.manifest", "dl-labelling-job-train.manifest"])
def test_torchvision_reads_what_manifests_say(convert_real: Callable[..., Made], reader: Reader, name: str) -> None:
    """In the one layout that it knows, of JPEG pictures."""
    made = convert_real(name, "PascalVOC")

    found = reader("torchvision", made.folder)

    assert_same_boxes(found, made.expected(), tolerance(made))
