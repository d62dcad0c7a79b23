"""The page about writing and listing objects, from figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from benchmarks.store.measuring import Result
from benchmarks.timing import Run

OWN = "labelround"
PREFIX_LIMIT = 3500
"""PUTs a second that S3 takes below one prefix, as its documentation has it."""


def render(result: Result) -> str:
    """The page."""
    each = cpu(result.written[OWN]) / result.objects
    return f"""# Many small objects in S3

`python -m benchmarks store {result.objects} --keys {result.keys}`, {result.head}

Whole processes, start included, against MinIO on the same machine, which takes its part of the cores; medians of
{len(result.written[OWN])} in turn. labelround writes as a conversion does and lists as a round does, through obstore.

## CPU seconds for 1,000 label files written

{written(result)}
A core of this kind would write {1 / each:,.0f} label files a second by this figure, if a store took so many: S3 takes
{PREFIX_LIMIT:,} below one prefix.

## CPU seconds for 100,000 keys listed

{listed(result)}"""


def written(result: Result) -> str:
    """CPU seconds for 1,000 label files, by client."""
    return _table(result.written, result.objects, 1_000)


def listed(result: Result) -> str:
    """CPU seconds for 100,000 keys, by client."""
    return _table(result.listed, result.keys, 100_000)


def cpu(runs: list[Run]) -> float:
    """The median of CPU seconds."""
    return median(run.cpu for run in runs)


def _table(runs: Mapping[str, list[Run]], count: int, per: int) -> str:
    own = cpu(runs[OWN])
    rows = (
        f"| {client} | {cpu(found) * per / count:.2f} | {cpu(found) / own:.1f} x | "
        f"{median(run.seconds for run in found):.1f} | {max(run.megabytes for run in found):.0f} | "
        f"{', '.join(f'{run.cpu:.2f}' for run in found)} |\n"
        for client, found in runs.items()
    )
    head = "| client | CPU seconds | as labelround | seconds in all | memory, MB | CPU seconds of each run |\n"
    return head + "| --- | ---: | ---: | ---: | ---: | --- |\n" + "".join(rows)
