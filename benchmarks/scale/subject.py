"""The program that is measured."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.waiting import until

from benchmarks.scale.stage import Stage

STARTS_WITHIN = 120
ENDS_WITHIN = 60


@dataclass(frozen=True)
class Subject:
    """A running one. `port` is where it serves metrics, 0 when it does not; `log` is what it writes."""

    pid: int
    port: int
    log: Path

    def passes(self) -> float:
        """The passes over rounds so far, by its own count; 0 when it does not count."""
        if not self.port:
            return 0.0
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("labelround_reconcile_total{"))

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=10):
                return True
        except OSError:
            return False


@contextmanager
def operator(stage: Stage, poll_seconds: float) -> Iterator[Subject]:
    """`labelround operator`, with the rights and the settings of an installation."""
    port = free_port()
    settings = stage.operator_settings(poll_seconds)
    command: list[str | Path] = [sys.executable, "-m", "labelround", "operator", "--config", settings]
    with _running(command, stage.environment(port), stage.folder / "operator.log", port) as subject:
        until(subject.ready, f"the operator is ready (see {subject.log})", STARTS_WITHIN)
        yield subject


@contextmanager
def kopf_timer(stage: Stage, interval: float) -> Iterator[Subject]:
    """The baseline, with the same rights."""
    own = {"KOPF_TIMER_SECONDS": f"{interval:g}", "AWS_ENDPOINT_URL_SAGEMAKER": stage.labeling_url}
    module = Path(__file__).parents[1] / "kopf_timer.py"
    arguments = ["--standalone", "--all-namespaces", "--quiet"]
    command: list[str | Path] = [sys.executable, "-m", "kopf", "run", *arguments, module]
    with _running(command, stage.environment() | own, stage.folder / "kopf-timer.log", 0) as subject:
        yield subject


@contextmanager
def _running(command: Sequence[str | Path], environment: Mapping[str, str], log: Path, port: int) -> Iterator[Subject]:
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=dict(environment), stdout=output, stderr=output)
    try:
        yield Subject(process.pid, port, log)
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
