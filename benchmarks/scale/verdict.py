"""Whether all came right. How long it took is no part of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.scale.calls import LEASES
from benchmarks.scale.result import IDLE, Measured

READS = ("get ", "list ", "watch ")
LABELING_READS = ("Describe", "List")
S3_READS = ("get", "head", "list")


def problems(
    rounds: int, stretches: Sequence[Measured], phases: Mapping[str, int], behind: Sequence[str]
) -> Iterator[str]:
    """What did not come right with the operator: a sentence each.

    `phases` are those of the rounds at the end; `behind` the rounds that missed what workers did.
    """
    if phases != {"Labeling": rounds}:
        yield f"{rounds} rounds should be Labeling, and there are {dict(phases)}"
    created = sum(each.labeling.get("CreateLabelingJob", 0) for each in stretches)
    if created != rounds:
        yield f"{rounds} labeling jobs should be created, and there were {created} calls"
    if behind:
        yield f"{len(behind)} rounds do not tell what is labeled: {', '.join(behind[:5])}"
    for each in stretches:
        if not each.done:
            yield f"{each.name}: not over after {each.seconds:.0f} s"
        if each.name == IDLE and (written := writes(each)):
            yield f"{each.name}: nothing should be written, and there was {written}"


def writes(measured: Measured) -> dict[str, int]:
    """The calls that write, those for the Lease left out."""
    calls = [
        (measured.kubernetes, READS),
        (measured.labeling, LABELING_READS),
        (measured.s3, S3_READS),
    ]
    return {
        name: count
        for counts, reads in calls
        for name, count in counts.items()
        if not name.startswith(reads) and not name.endswith(f" {LEASES}")
    }
