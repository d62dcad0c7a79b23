"""Ultralytics finds in NDJSON files what the manifests say, and the pictures where it looks for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.oracles.agreement import REAL, assert_same_boxes
from tests.oracles.conftest import Made, Reader, labels_of

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("name", REAL)
def test_ultralytics_reads_what_manifests_say(convert_real: Callable[..., Made], reader: Reader, name: str) -> None:
    """It makes a dataset of its own of the file, in which no label is missing or corrupt, and no picture mended."""
    made = convert_real(name, "NDJSON")

    found = reader("ultralytics", "ndjson", made.folder)

    splits = found["splits"].values()
    assert found["names"] == labels_of(made.manifest)
    assert all((split["missing"], split["corrupt"], split["messages"]) == (0, 0, []) for split in splits)
    assert (sum(split["total"] for split in splits), sum(split["boxes"] for split in splits)) == REAL[name]
    assert_same_boxes(found["boxes"], made.expected())
