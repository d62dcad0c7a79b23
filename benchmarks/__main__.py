"""Measure what users wait for, and compare with the straight way to write it.

    python -m benchmarks conversion [LINES]
    python -m benchmarks start
    python -m benchmarks operator [ROUNDS]
    python -m benchmarks shards [IMAGES]
    python -m benchmarks store [OBJECTS]
    python -m benchmarks merging [ROUNDS]

All print a page and keep it in benchmarks/results. Ratios are of two programs in one run on one machine; only they
mean something elsewhere.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figures import encode, write
from benchmarks.machine import describe_machine
from benchmarks.merging import measure_merging
from benchmarks.peers import page as peers_page
from benchmarks.peers.measuring import measure_conversion
from benchmarks.scale.page import render
from benchmarks.scale.result import LONG, SHORT, decode
from benchmarks.sharding import result as sharding
from benchmarks.start import measure_start

IMAGES = 20_000
LINES = 10_000
ROUNDS = 1_000
OBJECTS = 10_000
KEYS = 100_000
RESULTS = Path(__file__).parent / "results"


def conversion(lines: int, names: Sequence[str], runs: int, results: Path) -> int:
    """Conversion on this machine: print the page, keep it and all figures beside it; 1 if it did not come right."""
    result = measure_conversion(lines, names, runs, lambda line: print(line, flush=True))
    keep(encode(result), peers_page.render(result), results / f"conversion-{lines}.json")
    return int(bool(result.wrong()))


def start() -> int:
    """The start of the command: print the page and keep it."""
    page = f"# The start of the command\n\n{datetime.now(UTC):%Y-%m-%d}. {describe_machine()}\n\n{measure_start()}"
    write(RESULTS / "start.md", page.encode())
    print(page)
    return 0


def operator(rounds: int, results: Path, *, short: bool) -> int:
    """The operator over many rounds: print the page, keep it and all figures beside it; 1 if it did not come right.

    Without a Kubernetes API server or an S3 server there is nothing to measure, which is a failure in CI alone.
    """
    # These start real servers as the tests do, with what only the tests need.
    import pytest
    from tests.cluster.programs import NoPrograms

    from benchmarks.operator_scale import measure_operator

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all that was started is ended
    try:
        result = measure_operator(rounds, SHORT if short else LONG, lambda line: print(line, flush=True))
    except (NoPrograms, pytest.skip.Exception, pytest.fail.Exception) as missing:
        print(f"nothing was measured: {missing}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    keep(encode(result), render(result), results / f"operator-{rounds}.json")
    return int(bool(result.wrong))


def shards(images: int, numbers: list[int], results: Path) -> int:
    """A large round in shards: print the page, keep it and all figures beside it; 1 if it did not come right."""
    import pytest

    from benchmarks.sharding import page
    from benchmarks.sharding.measuring import measure_shards

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        result = measure_shards(images, lambda line: print(line, flush=True), numbers or sharding.NUMBERS)
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        print(f"nothing was measured: {missing}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    keep(encode(result), page.render(result), results / f"shards-{images}.json")
    return int(bool(result.wrong()))


def store(objects: int, keys: int, runs: int, results: Path) -> int:
    """Many small objects in S3: print the page, keep it and all figures beside it."""
    import pytest

    from benchmarks.store import measuring, page

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        result = measuring.measure_store(objects, keys, runs, lambda line: print(line, flush=True))
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        print(f"nothing was measured: {missing}", file=sys.stderr)
        return int(os.environ.get("CI") == "true")
    keep(encode(result), page.render(result), results / "store.json")
    return 0


def merging(rounds: int, results: Path) -> int:
    """Many rounds that add up: print the page and keep it; an error when they do not, or take too much memory."""
    machine = describe_machine()
    with tempfile.TemporaryDirectory(prefix="labelround-bench-") as folder:
        part = measure_merging(rounds, Path(folder))
    command = f"`python -m benchmarks merging {rounds}`, {datetime.now(UTC):%Y-%m-%d}. {machine}"
    page = f"# Merging rounds\n\n{command}\n\n{part}"
    write(results / "merging.md", page.encode())
    print(page)
    return 0


def keep(figures: bytes, page: str, file: Path) -> None:
    """Write the figures and their page, and print it."""
    write(file, figures)
    write(file.with_suffix(".md"), page.encode())
    print(page)


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, print a page and keep it.")
    commands = parser.add_subparsers(dest="command", metavar="BENCHMARK", required=True)
    lines = commands.add_parser("conversion", help="conversion on this machine, next to other converters")
    lines.add_argument("lines", type=int, nargs="?", default=LINES, help="lines of the manifest (%(default)s)")
    lines.add_argument("--peer", choices=peers_page.PEERS, action="append", help="may be repeated (all)")
    lines.add_argument("--no-peers", action="store_const", const=[], dest="peer", help="only the prototype")
    lines.add_argument("--runs", type=int, default=3, help="of each (%(default)s)")
    lines.add_argument("--results", type=Path, default=RESULTS, help="the folder of the page and the figures")
    commands.add_parser("start", help="how long the command takes to start")
    many = commands.add_parser("operator", help="the operator over many rounds, next to a kopf timer for each round")
    many.add_argument("rounds", type=int, nargs="?", default=ROUNDS, help="how many (%(default)s)")
    many.add_argument("--short", action="store_true", help="poll more often and watch each stretch for a shorter time")
    many.add_argument("--results", type=Path, default=RESULTS, help="the folder of the page and the figures")
    large = commands.add_parser(
        "shards", help="a large round in one process and in 1, 2 and 4 shards, on a real S3 server"
    )
    large.add_argument("images", type=int, nargs="?", default=IMAGES, help="how many (%(default)s)")
    large.add_argument("--shards", type=int, action="append", help="how many; may be repeated (1, 2 and 4)")
    large.add_argument("--results", type=Path, default=RESULTS, help="the folder of the page and the figures")
    small = commands.add_parser("store", help="many small objects, written to a real S3 server and listed")
    small.add_argument("objects", type=int, nargs="?", default=OBJECTS, help="written by each client (%(default)s)")
    small.add_argument("--keys", type=int, default=KEYS, help="listed by each client (%(default)s)")
    small.add_argument("--runs", type=int, default=3, help="of each (%(default)s)")
    small.add_argument("--results", type=Path, default=RESULTS, help="the folder of the page and the figures")
    adding = commands.add_parser("merging", help="rounds of a hundred images that add up to one dataset")
    adding.add_argument("rounds", type=int, nargs="?", default=ROUNDS, help="how many (%(default)s)")
    adding.add_argument("--results", type=Path, default=RESULTS, help="the folder of the page")
    again = commands.add_parser("page", help="write the page of the operator's benchmark anew from its figures")
    again.add_argument("figures", type=Path, help="its .json")
    given = parser.parse_args(arguments)
    match given.command:
        case "conversion":
            named = peers_page.PEERS if given.peer is None else given.peer
            return conversion(given.lines, named, given.runs, given.results)
        case "start":
            return start()
        case "operator":
            return operator(given.rounds, given.results, short=given.short)
        case "shards":
            return shards(given.images, given.shards, given.results)
        case "store":
            return store(given.objects, given.keys, given.runs, given.results)
        case "merging":
            return merging(given.rounds, given.results)
    figures = given.figures.read_bytes()
    keep(figures, render(decode(figures)), given.figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
