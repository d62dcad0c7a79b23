"""Checks a dataset's Croissant description with mlcroissant and reads its records. Runs in mlcroissant's environment.

    python read_mlcroissant.py DATASET

Prints `{"errors": [...], "warnings": [...], "metadata": {...}, "records": {"<record set>": [{...}, ...]}}` as the last
line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mlcroissant


def readable(value: Any) -> Any:
    """A value of a record as JSON has it."""
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if hasattr(value, "item") else value


folder = Path(sys.argv[1])
dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
issues = dataset.metadata.ctx.issues
records = {
    one.id: [{name: readable(value) for name, value in record.items()} for record in dataset.records(one.id)]
    for one in dataset.metadata.record_sets
}
metadata = {"name": dataset.metadata.name, "license": dataset.metadata.license, "version": dataset.metadata.version}
found = {"errors": sorted(issues.errors), "warnings": sorted(issues.warnings)}
sys.stdout.write(json.dumps({**found, "metadata": metadata, "records": records}) + "\n")
