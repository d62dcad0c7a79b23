"""Runs the processes that the pods of a conversion run, as many shards at once as there are cores."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tests.servers.s3 import S3Server, running_minio

from benchmarks.machine import describe_machine
from benchmarks.sharding.result import NUMBERS, Conversion, Result
from benchmarks.sharding.scene import Scene, furnish
from benchmarks.timing import Run, measured

WHOLE, INDEX, SHARD, FINISH = "whole", "index", "shard", "finish"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def measure_shards(images: int, say: Callable[[str], None], numbers: Sequence[int] = NUMBERS) -> Result:
    """Convert the same round in a single process and in so many shards, each time into a folder of its own."""
    at_once = os.cpu_count() or 1
    head = f"{datetime.now(UTC):%Y-%m-%d}. {describe_machine()}"
    with tempfile.TemporaryDirectory(prefix="labelround-shards-") as home, running_minio(Path(home)) as server:
        say(f"uploading {images} pictures")
        scene = furnish(server.new_bucket(), images)
        made: list[Conversion] = []
        expected: dict[str, str | None] = {}
        for shards in (0, *numbers):
            name = f"conversion-{shards}"
            one = _convert(server, scene, name, shards, at_once)
            found = scene.files(name)
            expected = expected or found
            differing = sum(found.get(path) != expected.get(path) for path in found.keys() | expected.keys())
            made.append(replace(one, differing=differing))
            say(f"{shards or 'no'} shards: {one.seconds:.0f} s, {one.cpu:.0f} CPU seconds, {one.peak:.0f} MB at most")
    return Result(images, scene.boxes, len(expected), at_once, head, made)


def _convert(server: S3Server, scene: Scene, name: str, shards: int, at_once: int) -> Conversion:
    address = scene.prepare(name, shards)
    before, start = _server_cpu(), time.perf_counter()
    if not shards:
        processes = {WHOLE: [_step(server, address)]}
    else:
        index = _step(server, address, "--step", INDEX)
        with ThreadPoolExecutor(at_once) as executor:
            numbers = (("--step", SHARD, "--shard", str(number)) for number in range(shards))
            running = [executor.submit(_step, server, address, *arguments) for arguments in numbers]
            converted = [future.result() for future in running]
        processes = {INDEX: [index], SHARD: converted, FINISH: [_step(server, address, "--step", FINISH)]}
    seconds = time.perf_counter() - start
    return Conversion(shards, seconds, _server_cpu() - before, processes)


def _step(server: S3Server, address: str, *arguments: str) -> Run:
    """One process of a conversion."""
    command = [sys.executable, "-m", "labelround", "conversion", address, "--s3-endpoint-url", server.url, *arguments]
    return measured(command, server.environment)


def _server_cpu() -> float:
    """CPU seconds of the S3 server, which is the only child that lives on."""
    total = 0
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    for child in children:
        stat = Path(f"/proc/{child}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        total += int(stat[11]) + int(stat[12])
    return total / CLOCK_TICKS
