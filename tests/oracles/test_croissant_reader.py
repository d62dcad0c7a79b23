"""mlcroissant, the reference library of the Croissant format, takes a dataset's description and reads its records."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.oracles.conftest import PENS, Made, Reader, labelround

from labelround.spec.model import OutputFormat

pytestmark = pytest.mark.oracle

RECOMMENDED = ("citeAs", "datePublished")
"""What only whoever publishes a dataset can say."""


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def as_text(records: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Records with their columns' own names, and values as a table has them."""
    return [
        {name.partition("/")[2]: "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
         for name, value in record.items()}
        for record in records
    ]  # fmt: skip


@pytest.mark.parametrize("output_format", OutputFormat)
def test_the_description_of_a_dataset_is_croissant(tmp_path: Path, reader: Reader, output_format: OutputFormat) -> None:
    """Without an error, with nothing missing but what a publisher adds; its records are the rows of the tables."""
    labelround(
        "convert", PENS / "answers.manifest", "--labels", "pencil,pen", "--no-check-images", "--license", "CC-BY-4.0",
        "--format", output_format.value, "--output", tmp_path / "dataset",
    )  # fmt: skip

    found = reader("mlcroissant", tmp_path / "dataset")

    assert found["errors"] == []
    assert [word for text in found["warnings"] for word in RECOMMENDED if word in text] == list(RECOMMENDED)
    assert len(found["warnings"]) == len(RECOMMENDED)
    assert found["metadata"]["license"] == ["https://spdx.org/licenses/CC-BY-4.0.html"]
    assert [record["classes/name"] for record in found["records"]["classes"]] == ["pencil", "pen"]
    for name, file in (("images", "images.csv"), ("annotations", "annot.csv")):
        assert as_text(found["records"][name]) == table(tmp_path / "dataset" / file)


def test_the_demo_is_described_as_its_round(demo: Made, reader: Reader) -> None:
    """By the round's name; all of its 31 boxes are records."""
    found = reader("mlcroissant", demo.folder)

    assert found["metadata"]["name"] == "pens-1"
    assert len(found["records"]["annotations"]) == 31
    assert found["errors"] == []


def test_classes_in_any_script_are_read_back(convert_real: Callable[[str], Made], reader: Reader) -> None:
    """Those of a real labeling job, in Chinese."""
    made = convert_real("pid-label-job.manifest")

    found = reader("mlcroissant", made.folder)

    names = {record["annotations/category"] for record in found["records"]["annotations"]}
    assert names == {row["category"] for row in table(made.folder / "annot.csv")}
    assert names <= {record["classes/name"] for record in found["records"]["classes"]}
