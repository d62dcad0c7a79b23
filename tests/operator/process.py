"""`labelround operator` as a process of its own, which tests may kill, and which comes back like a Deployment's pod."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.servers.waiting import until

READY_SECONDS = 60
END_SECONDS = 30
PAUSE_SECONDS = 0.1
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class OperatorProcess:
    """One replica. `port` is where its settings let it serve /readyz and /metrics; its log goes to the file `output`.

    With `supervised` it is started again whenever it ends, until the context ends. With `ready` the context begins when
    it is ready.
    """

    config: Path
    environment: Mapping[str, str]
    port: int
    output: Path
    supervised: bool = False
    ready: bool = True
    starts: int = 0
    codes: list[int] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __enter__(self) -> Self:
        self._start()
        if self.supervised:
            self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
            self._supervisor.start()
        try:
            if self.ready:
                self.wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self.terminate()
        if self.supervised:
            self._supervisor.join(END_SECONDS)

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def restarts(self) -> int:
        return max(0, self.starts - 1)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Returns when /readyz says so. An operator that ends before fails, unless it is supervised."""
        until(self._is_ready, lambda: f"the operator is ready; its log:\n{self.log()[-5000:]}", seconds)

    def kill(self) -> None:
        """SIGKILL; it is gone on return."""
        process = self._running()
        process.kill()
        process.wait()

    def terminate(self) -> int:
        """SIGTERM, and its exit code. One that does not end within half a minute fails."""
        process = self._running()
        process.terminate()
        try:
            return process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"the operator did not end after SIGTERM; its log:\n{self.log()[-5000:]}")

    def wait(self, seconds: float = END_SECONDS) -> int:
        """The exit code of one that ends by itself."""
        return self._running().wait(seconds)

    def restart(self) -> None:
        """Start it again after it has ended; returns when it is ready."""
        self._start()
        self.wait_until_ready()

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of /readyz, /healthz or /metrics."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def metrics(self) -> dict[str, float]:
        """Every sample, by its name and sorted labels: `labelround_rounds{namespace="a",phase="Failed"}`."""
        samples = {}
        for family in text_string_to_metric_families(self.page("/metrics")[1]):
            for sample in family.samples:
                samples[_key(sample.name, sample.labels)] = sample.value
        return samples

    def metric(self, name: str, **labels: str) -> float:
        """The sum over all samples of that name with these labels, whatever others they have."""
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        total = 0.0
        for key, value in self.metrics().items():
            found, _, rest = key.partition("{")
            if found == name and wanted <= set(rest.removesuffix("}").split(",")):
                total += value
        return total

    def memory_mib(self) -> float:
        """The resident memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(resident.split()[1]) / 1024

    def cpu_seconds(self) -> float:
        """What the process has used so far, in user and system mode."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / CLOCK_TICKS

    def log(self) -> str:
        """What it wrote to stderr and stdout, over all starts."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def _start(self) -> None:
        command = [sys.executable, "-m", "labelround", "operator", "--config", str(self.config)]
        with self._lock, self.output.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            self.starts += 1

    def _running(self) -> subprocess.Popen[bytes]:
        with self._lock:
            assert self._process is not None
            return self._process

    def _supervise(self) -> None:
        while not self._over.is_set():
            self.codes.append(self._running().wait())
            with self._lock:
                if not self._over.wait(PAUSE_SECONDS):
                    self._start()

    def _is_ready(self) -> bool:
        if not self.supervised and not self.running:
            pytest.fail(f"the operator has ended; its log:\n{self.log()[-5000:]}")
        try:
            return self.page("/readyz")[0] == 200
        except OSError:
            return False


def _key(name: str, labels: Mapping[str, str]) -> str:
    text = ",".join(f'{label}="{labels[label]}"' for label in sorted(labels))
    return f"{name}{{{text}}}" if text else name
