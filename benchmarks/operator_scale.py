"""The operator over many rounds, next to the straight way to write it with kopf.

Real servers: a kube-apiserver with etcd, the labelround server and MinIO, each a process of this machine, so that they
take their part of its processors; their CPU time is told apart.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.scale import subject as subjects
from benchmarks.scale.calls import Calls, Lines
from benchmarks.scale.changing import changing
from benchmarks.scale.measuring import Meter, elapsed, quiet
from benchmarks.scale.result import COLD, IDLE, OPERATOR, RESTART, STEADY, TIMER, Measured, Result, Windows
from benchmarks.scale.stage import OPERATOR_USER, Stage, stage
from benchmarks.scale.subject import Subject
from benchmarks.scale.verdict import problems

POLLS = 2
ONE_IN = 100
AT_MOST_SECONDS = 3600.0
BASELINE_AT_MOST_SECONDS = 900.0
TAKEN_IN_WITHIN_SECONDS = 300.0
LOOK_SECONDS = 5.0
CREATORS = 4
PAGE = 100

Tell = Callable[[str], None]


def measure_operator(rounds: int, windows: Windows, tell: Tell) -> Result:
    """Both programs in every stretch. `tell` gets a line for each."""
    machine = describe_machine()
    with (
        tempfile.TemporaryDirectory(prefix="labelround-bench-", dir="/dev/shm") as folder,
        stage(Path(folder)) as there,
        closing(Calls(Lines(there.audit_log), Lines(there.request_log), OPERATOR_USER)) as calls,
    ):
        run = Run(there, calls, rounds, windows, tell)
        own = [run.cold(), *run.warm(OPERATOR)]
        wrong = list(problems(rounds, own, there.phases(), run.behind))
        for each in wrong:
            tell(f"wrong: {each}")
        return Result(
            rounds=rounds,
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine,
            versions=there.versions(),
            windows=windows,
            created=run.created,
            programs={OPERATOR: own, TIMER: list(run.warm(TIMER))},
            wrong=wrong,
        )


class Run:
    """One run over `rounds` rounds.

    `created` is how many seconds it took to create them; `behind` the rounds that did not take in the latest changes.
    """

    def __init__(self, stage: Stage, calls: Calls, rounds: int, windows: Windows, tell: Tell) -> None:
        self.stage, self.calls, self.rounds, self.windows, self._tell = stage, calls, rounds, windows, tell
        self.created, self.behind = 0.0, list[str]()

    def cold(self) -> Measured:
        """All rounds are created at once while the operator runs; over when each has its labeling job."""
        with self._subject(OPERATOR) as subject:
            meter = self._meter(subject)
            with ThreadPoolExecutor(CREATORS) as creators:
                list(creators.map(self.stage.create, range(self.rounds)))
            self.created = time.monotonic() - meter.started
            self._tell(f"{self.rounds} rounds created in {self.created:.1f} s")
            over = quiet(self.calls, lambda: len(self.calls.created), self.rounds, self.windows.quiet)
            return self._told(OPERATOR, meter.until(COLD, over, AT_MOST_SECONDS))

    def warm(self, name: str) -> Iterator[Measured]:
        """Started over rounds that are being labeled, then while a hundredth changes, then while nothing does."""
        own = name == OPERATOR
        self.calls.watch_again()
        started = time.monotonic()
        with self._subject(name) as subject:
            meter = Meter(self.stage, subject, self.calls, started, fresh=True)
            over = quiet(self.calls, lambda: len(self.calls.described), self.rounds, self.windows.quiet if own else 0)
            yield self._told(name, meter.until(RESTART, over, AT_MOST_SECONDS if own else BASELINE_AT_MOST_SECONDS))
            with changing(self.stage.database, self.windows.poll, ONE_IN):
                yield self._stretch(name, STEADY, self.windows.steady, subject)
            self.behind = self._taken_in()
            yield self._stretch(name, IDLE, self.windows.idle, subject)

    def _taken_in(self) -> list[str]:
        """Wait until the rounds tell of the last changes; those that do not after all."""
        end = time.monotonic() + TAKEN_IN_WITHIN_SECONDS
        while (behind := self.stage.behind()) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
        self._tell(f"{len(behind)} rounds miss changes")
        return behind

    def _stretch(self, program: str, name: str, seconds: float, subject: Subject) -> Measured:
        before = self.calls.labeling["ListLabelingJobs"]
        pages = -(-self.rounds // PAGE)
        polls = lambda: (self.calls.labeling["ListLabelingJobs"] - before) // pages  # noqa: E731
        wanted = POLLS if subject.port else 0
        meter = self._meter(subject)
        return self._told(program, meter.until(name, elapsed(seconds, polls, wanted), AT_MOST_SECONDS))

    def _meter(self, subject: Subject) -> Meter:
        return Meter(self.stage, subject, self.calls)

    def _subject(self, name: str) -> AbstractContextManager[Subject]:
        start = subjects.operator if name == OPERATOR else subjects.kopf_timer
        return start(self.stage, self.windows.poll)

    def _told(self, program: str, measured: Measured) -> Measured:
        took = f"{measured.seconds:.1f} s, {measured.cpu:.1f} CPU s, {measured.peak:.0f} MB at most"
        self._tell(f"{program}, {measured.name}: {took}")
        return measured
