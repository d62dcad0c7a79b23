"""The page about conversions, from figures alone."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.peers.result import BLOG, DATUMARO, LABEL_STUDIO, LABELROUND, PROTOTYPE, Measured, Result

NAMES = {
    LABELROUND: "`labelround convert`",
    PROTOTYPE: "`benchmarks/prototype.py`",
    BLOG: "the AWS blog's scripts",
    LABEL_STUDIO: "Label Studio's converter",
    DATUMARO: "datumaro, from COCO",
}
PEERS = (BLOG, LABEL_STUDIO, DATUMARO)
HEADER = "| {} | CPU seconds | as labelround | seconds | memory, MB | label files | boxes |\n| --- |" + " ---: |" * 6


def render(result: Result) -> str:
    """The page."""
    rows = "\n".join(_row(one, result) for one in result.measured)
    raw = "\n".join(f"| {NAMES[one.program]} | {_raw(one)} |" for one in result.measured)
    problems = "".join(f"- {problem}\n" for problem in result.wrong())
    return f"""# Conversion of {result.lines:,} lines

`python -m benchmarks conversion {result.lines}`, {result.head}

{result.labeled:,} images are labeled, {result.empty:,} of them as empty, with {result.boxes:,} boxes; the others
failed or were not sent out. The same boxes for all: an output manifest, Label Studio's export, COCO. Whole processes on
the local disk, one after the other in turn; medians, and the most memory.
{problems}
{HEADER.format("program")}
{rows}

A whole dataset has a label file for every labeled image, the empty ones too. The prototype checks nothing, and has no
split, tables, report or renames. Nobody looks at pictures here, since there are none.

## CPU seconds of each run

| program | runs |
| --- | --- |
{raw}
"""


def table(results: Sequence[Result]) -> str:
    """What the documentation shows: the CPU seconds of everyone for each number of lines, as parts of labelround's."""
    head = "| lines | " + " | ".join(NAMES[name] for name in (LABELROUND, PROTOTYPE, *PEERS)) + " |\n"
    return head + "| ---: |" + " ---: |" * (len(PEERS) + 2) + "\n" + "".join(map(_summary, results))


def _summary(result: Result) -> str:
    own = result.of(LABELROUND)
    cells = [f"{result.lines:,}", "–" if own is None else f"{own.cpu:.1f} s, {own.megabytes:.0f} MB"]
    for name in (PROTOTYPE, *PEERS):
        ratio = result.ratio(name)
        cells.append("–" if ratio is None else _times(ratio))
    return f"| {' | '.join(cells)} |\n"


def _times(ratio: float) -> str:
    return f"{ratio:.0f} x" if ratio >= 10 else f"{ratio:.1f} x"


def _row(one: Measured, result: Result) -> str:
    ratio = result.ratio(one.program)
    cells = [
        " ".join(filter(None, [NAMES[one.program], one.version])),
        f"{one.cpu:.2f}",
        "–" if ratio is None else _times(ratio),
        f"{one.seconds:.2f}",
        f"{one.megabytes:.0f}",
        f"{one.files:,}",
        f"{one.boxes:,}",
    ]
    return f"| {' | '.join(cells)} |"


def _raw(one: Measured) -> str:
    return ", ".join(f"{run.cpu:.2f}" for run in one.runs)
