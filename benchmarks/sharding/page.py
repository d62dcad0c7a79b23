"""The page about shards, from figures alone."""

from __future__ import annotations

from benchmarks.sharding.result import MEMORY_MB, NUMBERS, Conversion, Result
from benchmarks.timing import Run

STEPS = ("index", "shard", "finish")


def render(result: Result) -> str:
    """The page."""
    whole = next(one.cpu for one in result.conversions if not one.shards)
    rows = "".join(_row(one, result.images, whole) for one in result.conversions)
    memory = "".join(_memory(one) for one in result.conversions)
    numbers = [one.shards for one in result.conversions if one.shards]
    given = "" if numbers == list(NUMBERS) else "".join(f" --shards {number}" for number in numbers)
    found = result.wrong()
    verdict = "".join(f"- {problem}\n" for problem in found) or (
        f"Every dataset has the same {result.files:,} files, byte for byte, the report included; and no process of a"
        f" conversion in shards took more than {MEMORY_MB:.0f} MB.\n"
    )
    return f"""# A round of {result.images:,} images in shards

`python -m benchmarks shards {result.images}{given}`, {result.head}

{result.boxes:,} boxes on small pictures (96 x 72) in MinIO on the same machine, which takes its part of the cores. The
header of every image is read, as by default, and every label file is written. The steps are the processes that the pods
of a conversion run, {result.at_once} shards at once; the time of Kubernetes is not in it.

{verdict}
| shards | seconds | CPU seconds | CPU of the S3 server | CPU milliseconds an image | ratio | images a second |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}
## Seconds and peak memory of each step

Of the shards the slowest and the largest.

| shards | index | shard | finish | index, MB | shard, MB | finish, MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{memory}"""


def _row(one: Conversion, images: int, whole: float) -> str:
    cells = [
        str(one.shards) if one.shards else "single process",
        f"{one.seconds:.1f}",
        f"{one.cpu:.1f}",
        f"{one.server:.1f}",
        f"{one.cpu / images * 1000:.2f}",
        f"{one.cpu / whole:.2f}",
        f"{images / one.seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _memory(one: Conversion) -> str:
    if not one.shards:
        whole = _most(one.processes["whole"])
        return f"| single process | | {whole.seconds:.1f} | | | {whole.megabytes:.0f} | |\n"
    steps = [_most(one.processes[step]) for step in STEPS]
    cells = [str(one.shards), *(f"{run.seconds:.1f}" for run in steps), *(f"{run.megabytes:.0f}" for run in steps)]
    return f"| {' | '.join(cells)} |\n"


def _most(runs: list[Run]) -> Run:
    """The slowest and the largest in one."""
    return Run(max(run.seconds for run in runs), max(run.cpu for run in runs), max(run.megabytes for run in runs))
