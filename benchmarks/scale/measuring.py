"""One stretch of a program's life, and what it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.scale.calls import Calls, s3_calls
from benchmarks.scale.result import Measured
from benchmarks.scale.stage import Stage
from benchmarks.scale.subject import Subject
from benchmarks.scale.usage import cpu_of, cpu_seconds, memory

TURN_SECONDS = 0.5


@dataclass
class Meter:
    """Measures a running program. `started` is when the stretch began, for one that began before the meter."""

    stage: Stage
    subject: Subject
    calls: Calls
    started: float = field(default_factory=time.monotonic)
    fresh: bool = False

    def __post_init__(self) -> None:
        self.calls.update()
        self._passes = 0.0 if self.fresh else self.subject.passes()
        self._cpu = 0.0 if self.fresh else cpu_seconds(self.subject.pid)
        self._servers = cpu_of(self.stage.servers)
        self._kubernetes, self._labeling = self.calls.kubernetes.copy(), self.calls.labeling.copy()
        self._s3 = s3_calls(self.stage.s3.url)

    def until(self, name: str, over: Callable[[], float | None], at_most: float) -> Measured:
        """Measure until `over` tells when it was over (of `time.monotonic`), or so many seconds have passed."""
        end = self.started + at_most
        while (ended := over()) is None and time.monotonic() < end:
            time.sleep(TURN_SECONDS)
            self.calls.update()
        cpu, servers = cpu_seconds(self.subject.pid), cpu_of(self.stage.servers)
        now, peak = memory(self.subject.pid)
        return Measured(
            name=name,
            seconds=(time.monotonic() if ended is None else ended) - self.started,
            cpu=cpu - self._cpu,
            memory=now,
            peak=peak,
            passes=self.subject.passes() - self._passes,
            servers={each: servers[each] - self._servers[each] for each in servers},
            kubernetes=dict(self.calls.kubernetes - self._kubernetes),
            labeling=dict(self.calls.labeling - self._labeling),
            s3=dict(s3_calls(self.stage.s3.url) - self._s3),
            done=ended is not None,
        )


def quiet(calls: Calls, seen: Callable[[], int], wanted: int, seconds: float) -> Callable[[], float | None]:
    """Over when `seen` has reached `wanted` and then nothing was asked of the servers for a while: when that began."""

    def over() -> float | None:
        calm = time.monotonic() - calls.latest >= seconds
        return calls.latest if seen() >= wanted and calm else None

    return over


def elapsed(seconds: float, polls: Callable[[], int], at_least: int) -> Callable[[], float | None]:
    """Over after that time, once there were enough polls."""
    begun = time.monotonic()

    def over() -> float | None:
        now = time.monotonic()
        return now if now - begun >= seconds and polls() >= at_least else None

    return over
