"""One ListLabelingJobs poll for all rounds of one account, in place of a Describe for each of them at every turn.

A poller stands in front of the labeling API of one session. A job is described once when it is first met (the list
holds no tags), and once more when the list says that it has ended; in between the list alone tells its state. What the
list does not show, adopted jobs for example, is described, a bounded number at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from labelround.controller.keys import RoundKey
from labelround.errors import LabelroundError, Unavailable
from labelround.groundtruth.api import LabelingAPI, LabelingJob

CLOCK_SKEW = timedelta(minutes=1)
DOUBTS_PER_POLL = 50
MISSES_BEFORE_DOUBT = 2


@dataclass
class _Tracked:
    """A job that rounds wait for. `certain` is False when the next question must go to the service itself."""

    job: LabelingJob
    adopted: bool
    keys: set[RoundKey] = field(default_factory=set)
    certain: bool = True
    misses: int = 0


@dataclass
class JobPoller:
    """The jobs of one session. `wake` is called with a round when one of its jobs has changed."""

    api: LabelingAPI
    wake: Callable[[RoundKey], None]
    _jobs: dict[str, _Tracked] = field(default_factory=dict)
    _names: dict[RoundKey, set[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _dropped: bool = False

    def view(self, key: RoundKey, *, adopted: bool = False) -> LabelingAPI:
        """The labeling API for one round, whose jobs are polled from their first Describe on."""
        return _View(self, key, adopted)

    def forget(self, key: RoundKey) -> None:
        """The round has ended, or is gone: its jobs are polled no longer."""
        with self._lock:
            for name in self._names.pop(key, ()):
                tracked = self._jobs.get(name)
                if tracked is not None:
                    tracked.keys.discard(key)
                    if not tracked.keys:
                        del self._jobs[name]

    def is_idle(self) -> bool:
        """Whether no round waits for a job."""
        with self._lock:
            return not any(self._waiting())

    def drop(self) -> bool:
        """Give up if no round has a job here. One that begins to, with an older view, is woken to take another."""
        with self._lock:
            self._dropped = self._dropped or not self._jobs
            return self._dropped

    def poll(self) -> float:
        """List the jobs once and wake the rounds of those that changed; the CPU seconds it took.

        Raises Unavailable, having woken nobody, when the service throttles or stays away.
        """
        started = time.thread_time()
        with self._lock:
            created = [tracked.job.created for tracked in self._waiting() if not tracked.adopted]
        listed: dict[str, LabelingJob] = {}
        if created:
            try:
                listed = {job.name: job for job in self.api.list(created_after=min(created) - CLOCK_SKEW)}
            except Unavailable:
                raise
            except LabelroundError:
                pass  # not allowed to list, for example: every job is described instead
        for key in self._compare(listed):
            self.wake(key)
        return time.thread_time() - started

    def describe(self, name: str, key: RoundKey, *, adopted: bool) -> LabelingJob | None:
        """What is known of a job, asking the service where the list does not tell."""
        with self._lock:
            known = self._jobs.get(name)
            if known is not None and known.certain and key in known.keys:
                return known.job
        job = self.api.describe(name)
        with self._lock:
            if job is None:
                self._jobs.pop(name, None)
            else:
                tracked = self._jobs.setdefault(name, _Tracked(job, adopted))
                tracked.job, tracked.certain = job, True
                tracked.keys.add(key)
                self._names.setdefault(key, set()).add(name)
            unpolled = self._dropped and job is not None and not job.status.is_terminal
        if unpolled:
            self.wake(key)
        return job

    def doubt(self, name: str) -> None:
        """The next question about the job goes to the service."""
        with self._lock:
            if name in self._jobs:
                self._jobs[name].certain = False

    def _waiting(self) -> Iterator[_Tracked]:
        return (tracked for tracked in self._jobs.values() if not tracked.job.status.is_terminal)

    def _compare(self, listed: Mapping[str, LabelingJob]) -> set[RoundKey]:
        """Take over what the list says; the rounds that have to look again."""
        changed: set[RoundKey] = set()
        missing: list[_Tracked] = []
        with self._lock:
            for tracked in self._waiting():
                job = listed.get(tracked.job.name)
                if job is None:
                    tracked.misses += 1
                    missing.append(tracked)
                    continue
                tracked.misses = 0
                if _differs(tracked.job, job):
                    tracked.job = _merged(tracked.job, job)
                    tracked.certain = not job.status.is_terminal
                    changed |= tracked.keys
            for tracked in _doubtful(missing):
                tracked.misses, tracked.certain = 0, False
                changed |= tracked.keys
        return changed


@dataclass(frozen=True, slots=True)
class _View:
    """`LabelingAPI` for the jobs of one round."""

    poller: JobPoller
    key: RoundKey
    adopted: bool

    def create(self, request: Mapping[str, Any]) -> str:
        return self.poller.api.create(request)

    def describe(self, name: str) -> LabelingJob | None:
        return self.poller.describe(name, self.key, adopted=self.adopted)

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        return self.poller.api.list(created_after=created_after)

    def stop(self, name: str) -> None:
        self.poller.api.stop(name)
        self.poller.doubt(name)


def _doubtful(missing: list[_Tracked]) -> list[_Tracked]:
    """Those to describe now: the longest missing ones, never too many at once."""
    long = [tracked for tracked in missing if tracked.misses >= MISSES_BEFORE_DOUBT]
    return sorted(long, key=lambda tracked: -tracked.misses)[:DOUBTS_PER_POLL]


def _differs(known: LabelingJob, listed: LabelingJob) -> bool:
    return (known.status, known.counters, known.failure_reason) != (
        listed.status,
        listed.counters,
        listed.failure_reason,
    )


def _merged(known: LabelingJob, listed: LabelingJob) -> LabelingJob:
    """The described job with what the list says now."""
    return replace(
        known,
        status=listed.status,
        counters=listed.counters,
        modified=listed.modified,
        failure_reason=listed.failure_reason,
        output_manifest_uri=listed.output_manifest_uri or known.output_manifest_uri,
    )
