"""The life of labeling jobs, one step a tick: read the manifest, let workers work, write the output, end.

A job's status turns terminal only after its output is complete; a step that was cut off is done again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import DatabaseError

from labelround.errors import StorageError, StorageFull, Unavailable
from labelround.groundtruth.api import JobStatus
from labelround.server import results
from labelround.server.agenda import Agenda
from labelround.server.answers import Answers
from labelround.server.jobs import Job, milliseconds
from labelround.server.outputs import JobOutput, intermediate_is_due
from labelround.server.settings import ServerSettings
from labelround.server.sources import InvalidInputData, image_size, input_objects
from labelround.server.store import JobStore
from labelround.server.work import Bench, Halt, Step, due, ending_of, next_due, work
from labelround.server.workers import Workforce
from labelround.storage import Buckets

logger = logging.getLogger(__name__)


LONGEST_PAUSE_SECONDS = 30.0
GATHERING_MILLISECONDS = 500


@dataclass(frozen=True, slots=True)
class _Pause:
    """How often in a row a job could not move, and when it is tried again (milliseconds)."""

    failures: int
    until: int


@dataclass(frozen=True, slots=True)
class Engine:
    """Moves the jobs of one store. Without `answers` there are no workers."""

    store: JobStore
    buckets: Buckets
    settings: ServerSettings
    answers: Answers | None = None
    _pauses: dict[int, _Pause] = field(default_factory=dict)
    _agenda: Agenda = field(default_factory=Agenda)

    def tick(self) -> None:
        """Move every job that can move by one step. One that fails to waits, and holds up no other."""
        for job in self._stirring():
            left = self._pauses[job.id].until - self._now if job.id in self._pauses else 0
            if not 0 < left <= 1000 * LONGEST_PAUSE_SECONDS:  # a longer pause is one from before the clock was put back
                self._move(job)

    def look_anew(self) -> None:
        """Another server may have moved jobs meanwhile: look at all of them."""
        self._agenda.known = False

    def _stirring(self) -> list[Job]:
        """The unfinished jobs to look at, oldest first."""
        agenda = self._agenda
        jobs = self.store.stirring(agenda.awake(self._now)) if agenda.known else self.store.unfinished()
        agenda.found(job.id for job in jobs)
        return jobs

    def _move(self, job: Job) -> None:
        try:
            self._advance(job)
        except DatabaseError as error:
            self._wait(job, f"the database cannot be used: {error.orig}")

    def _advance(self, job: Job) -> None:
        """One step. A service that is away and a full disk are waited for; wrong input ends the job."""
        try:
            self._step(job)(job)
        except DatabaseError:
            raise
        except (Unavailable, StorageFull) as error:
            self._wait(job, str(error))
            return
        except InvalidInputData as error:
            self._end(job, JobStatus.FAILED, reason=str(error))
        except StorageError as error:
            self._end(job, JobStatus.FAILED, reason=f"ClientError: {error}"[: results.MAX_REASON_CHARACTERS])
        except Exception as error:
            logger.exception("labeling job could not be moved", extra={"job": job.name})
            self._wait(job, repr(error))
            return
        self._pauses.pop(job.id, None)

    def _step(self, job: Job) -> Callable[[Job], None]:
        """What there is to do for a job that has not ended."""
        if job.ending is not None:
            return self._finish
        if job.total is None:
            return self._begin
        return self._settle_stop if job.status is JobStatus.STOPPING else self._work

    def _begin(self, job: Job) -> None:
        """Read the manifest and start."""
        self.store.begin(job, input_objects(job, self.buckets), self._now)
        logger.info("labeling job started", extra={"job": job.name})

    def _settle_stop(self, job: Job) -> None:
        self.store.gather(job, self.settings.faults, self._now, everything=True)
        self.store.decide(job, JobStatus.STOPPED, self._now)

    def _work(self, job: Job) -> None:
        """Write down what workers finished, and let them go on."""
        self._report(job)
        now = self._now
        if not job.total:
            self.store.decide(job, JobStatus.COMPLETED, now)
        elif now >= job.tasks_expire:
            self._expire(job, now)
        elif self.settings.people:
            self._gather(job, now)
        else:
            self._take_turns(job, now)

    def _take_turns(self, job: Job, now: int) -> None:
        """Let workers do what is due; when nothing is, the job sleeps until something is, or its tasks expire."""
        delay = int(self.settings.delay * 1000)
        budget = due(job, now, delay, self.settings.answers_per_tick) if self.answers else 0
        objects = self.store.open_objects(job, budget) if budget else []
        step = work(job, objects, budget, self._bench(delay), now)
        if step.spent or step.halt is not None:
            self._record(job, step, now)
        elif not budget:
            self._agenda.sleep(
                job.id, min(job.tasks_expire, next_due(job, delay) if self.answers else job.tasks_expire)
            )

    def _gather(self, job: Job, now: int) -> None:
        """Finish what people have answered; when nothing is ready, the job sleeps for a moment."""
        step = self.store.gather(job, self.settings.faults, now)
        if step.halt is Halt.EXPIRE:
            self._expire(job, now)
        elif not step.closed:
            self._agenda.sleep(job.id, min(job.tasks_expire, now + GATHERING_MILLISECONDS))

    def _record(self, job: Job, step: Step, now: int) -> None:
        ending = ending_of(step.halt, job, job.closed + len(step.closed))
        reason = self.settings.faults.failure_reason if ending is JobStatus.FAILED else ""
        stop = step.halt is Halt.STOP
        if self.store.record(job, step, ending, now, stop=stop, reason=reason) and step.halt is Halt.EXPIRE:
            self._expire(job, now)

    def _expire(self, job: Job, now: int) -> None:
        self.store.gather(job, self.settings.faults, now, everything=True)
        self.store.close_all(job, results.failed(job, results.EXPIRED), now)

    def _report(self, job: Job) -> None:
        """Bring the output of workers' answers, and the intermediate output, up to date."""
        is_due = intermediate_is_due(job)
        if not is_due and not self.store.unwritten(job):
            return
        output = JobOutput.open(job, self.store, self.buckets)
        output.write_answers()
        if is_due:
            output.write_intermediate()

    def _finish(self, job: Job) -> None:
        """Complete the output, then give the job its last status."""
        self._report(job)
        output_uri = JobOutput.open(job, self.store, self.buckets).write_manifest()
        self._end(job, job.ending or JobStatus.COMPLETED, reason=job.failure_reason, output_uri=output_uri)

    def _end(self, job: Job, status: JobStatus, *, reason: str = "", output_uri: str = "") -> None:
        self.store.finish(job, status, self._now, reason=reason, output_uri=output_uri)
        logger.info("labeling job ended", extra={"job": job.name, "status": status.value, "reason": reason})

    def _bench(self, delay: int) -> Bench:
        settings = self.settings
        workforce = Workforce(settings.seed, settings.noise, settings.decline_rate)
        return Bench(
            self.answers, workforce, settings.faults, settings.region, delay, lambda ref: image_size(ref, self.buckets)
        )

    def _wait(self, job: Job, reason: str) -> None:
        """Leave the job alone for a while, each time longer."""
        failures = self._pauses[job.id].failures + 1 if job.id in self._pauses else 1
        seconds = min(2.0 ** (failures - 1), LONGEST_PAUSE_SECONDS)
        self._pauses[job.id] = _Pause(failures, self._now + int(1000 * seconds))
        logger.warning("labeling job has to wait: %s", reason, extra={"job": job.name, "seconds": seconds})

    @property
    def _now(self) -> int:
        return milliseconds(self.settings.clock())
