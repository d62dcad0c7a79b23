"""What supervision writes of a dataset, `convert --from` reads as the manifest says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.oracles.agreement import REAL, assert_same_boxes
from tests.oracles.conftest import Made, Reader, labelround

pytestmark = pytest.mark.oracle

ONE_PIXEL = 1.001
FLAT = ["bees-500.manifest", "cat-ground-truth.manifest", "hms-ayo.manifest", "dl-labelling-job-train.manifest"]
"""Those whose pictures lie in one folder, which is all that supervision takes at once."""


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("kind", ["yolo", "voc", "coco"])
def test_datasets_of_supervision_are_read_as_they_are_meant(
    convert_real: Callable[..., Made], reader: Reader, tmp_path: Path, kind: str, name: str
) -> None:
    """Every box of its class, within half a pixel on each side (VOC holds whole ones): one for all four together."""
    made = convert_real(name)
    reader("supervision", f"write-{kind}", made.folder, tmp_path / "old")

    labelround("convert", "--from", kind, tmp_path / "old", "--output", tmp_path / "new", "--images", "copy")

    found = reader("supervision", "yolo", tmp_path / "new")
    assert_same_boxes(found, made.expected(), ONE_PIXEL)
    assert (len(found), sum(map(len, found.values()))) == REAL[name]
