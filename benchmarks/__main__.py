"""Measure what users wait for, and compare with the straight way to write it.

    python -m benchmarks [LINES]

Prints a page and keeps it in benchmarks/results/latest.md. Ratios are of two programs in one run on one machine; only
they mean something elsewhere.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.conversion import measure_conversion
from benchmarks.machine import describe_machine
from benchmarks.start import measure_start

LINES = 10_000
RESULT = Path(__file__).parent / "results" / "latest.md"


def main(lines: int) -> None:
    """Run all, print the page and keep it."""
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="labelround-bench-") as folder:
        parts = [measure_conversion(lines, Path(folder)), measure_start()]
    head = f"# Benchmarks\n\n`make bench`, {datetime.now(UTC):%Y-%m-%d}. {machine}\n"
    page = "\n".join([head, *parts])
    RESULT.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
