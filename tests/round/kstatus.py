"""How kstatus judges an object of a kind that it does not know: its generic rules, in their order.

Flux, Helm 4 and `kpt` judge by them. Its rule for a `Ready` condition is left out: a LabelingRound has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any


class Verdict(Enum):
    """What kstatus may say of an object that exists."""

    TERMINATING = "Terminating"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    CURRENT = "Current"


def verdict(document: Mapping[str, Any]) -> Verdict:
    """The verdict on an object as the API server shows it."""
    metadata, status = document["metadata"], document.get("status", {})
    if metadata.get("deletionTimestamp"):
        return Verdict.TERMINATING
    if "generation" in metadata and status.get("observedGeneration", metadata["generation"]) != metadata["generation"]:
        return Verdict.IN_PROGRESS
    for condition in status.get("conditions", ()):
        if condition["type"] == "Reconciling" and condition["status"] == "True":
            return Verdict.IN_PROGRESS
        if condition["type"] == "Stalled" and condition["status"] == "True":
            return Verdict.FAILED
    return Verdict.CURRENT
