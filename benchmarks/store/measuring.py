"""Lets each client write and list in turn, on a real S3 server."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tests.servers.s3 import S3Server, running_minio

from benchmarks.machine import describe_machine
from benchmarks.store.client import CLIENTS, LISTED
from benchmarks.timing import Run, measured

WRITE, LIST = "write", "list"


@dataclass(frozen=True, slots=True)
class Result:
    """One run: the runs of each client that wrote `objects`, and of each that listed `keys`."""

    objects: int
    keys: int
    head: str
    written: dict[str, list[Run]]
    listed: dict[str, list[Run]]


def measure_store(objects: int, keys: int, repeats: int, say: Callable[[str], None]) -> Result:
    """All clients in turn, `repeats` times; every listing is checked."""
    head = f"{datetime.now(UTC):%Y-%m-%d}. {describe_machine()}"
    with tempfile.TemporaryDirectory(prefix="labelround-store-") as home, running_minio(Path(home)) as server:
        written = _runs(server, WRITE, objects, repeats, say)
        say(f"writing {keys:,} keys")
        bucket = server.new_bucket().name
        _run(server, WRITE, LISTED, bucket, keys)
        listed = _runs(server, LIST, keys, repeats, say, bucket)
    return Result(objects, keys, head, written, listed)


def _runs(
    server: S3Server, deed: str, count: int, repeats: int, say: Callable[[str], None], bucket: str = ""
) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {client: [] for client in CLIENTS}
    for _ in range(repeats):
        for client in CLIENTS:
            runs[client].append(_run(server, deed, client, bucket or server.new_bucket().name, count))
            say(f"{client} {deed}s {count:,}: {runs[client][-1].cpu:.2f} CPU seconds")
    return runs


def _run(server: S3Server, deed: str, client: str, bucket: str, count: int) -> Run:
    command = [sys.executable, "-m", "benchmarks.store.client", deed, client, server.url, bucket, str(count)]
    return measured(command, server.environment)


def decode(content: bytes) -> Result:
    """What is in the file."""
    return msgspec.json.decode(content, type=Result)
