"""What is true of a round now, derived from the world at each pass.

The input manifests that are there, the labeling jobs and the completion marker are read; a recorded status is not,
except for the end of a round, which is final.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from labelround.dataset.claim import check_claim
from labelround.dataset.report import Report
from labelround.decide import ConversionState, ConversionStep, JobObservation, Observation
from labelround.errors import Conflict, InvalidManifest, ObjectNotFound, Problem
from labelround.gates import held_back
from labelround.groundtruth.api import LabelCounters, LabelingJob
from labelround.layout import Layout
from labelround.plan import Plan, PlannedJob, plan_round
from labelround.request import UID_TAG
from labelround.spec.model import LabelingRound
from labelround.spec.names import MAX_IMAGES_PER_JOB
from labelround.storage import Bucket, Folder


@dataclass(frozen=True, slots=True)
class ObservedJob:
    """A planned labeling job and what the service says of it; `job` is None while it is absent."""

    planned: PlannedJob
    job: LabelingJob | None

    @property
    def counters(self) -> LabelCounters:
        """The job's counters, all zero while it is absent."""
        return self.job.counters if self.job else LabelCounters()


@dataclass(frozen=True, slots=True)
class ObservedConversion:
    """How far the conversion is; `report` once it is done, `failure` once it has failed or is blocked.

    `job` names what runs it and `done` of its `shards` are finished; `note` says why it waits. `step` is what `job`
    does of a conversion in shards, None when it does all.
    """

    state: ConversionState = ConversionState.ABSENT
    report: Report | None = None
    failure: str = ""
    job: str = ""
    shards: int = 0
    done: int = 0
    note: str = ""
    step: ConversionStep | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one pass knows. `attempts` holds the jobs of each attempt whose manifest is written, first to last.

    `image_count` is the number of images asked for, None while it is unknown.
    """

    round: LabelingRound
    image_count: int | None = None
    attempts: tuple[tuple[ObservedJob, ...], ...] = ()
    conversion: ObservedConversion = ObservedConversion()
    finished: bool = False

    @property
    def jobs(self) -> tuple[ObservedJob, ...]:
        """The jobs of all attempts."""
        return tuple(job for attempt in self.attempts for job in attempt)

    @property
    def latest(self) -> tuple[ObservedJob, ...]:
        """The jobs of the latest attempt."""
        return self.attempts[-1] if self.attempts else ()

    def observation(self) -> Observation:
        """The part that a decision rests on."""
        return Observation(
            finished=self.finished,
            suspended=self.round.suspend,
            stop_labeling=self.round.stop_labeling,
            manifest_written=bool(self.attempts),
            jobs=tuple(_job_observation(job, self.round) for job in self.latest),
            labeled_before=sum(job.counters.total_labeled for attempt in self.attempts[:-1] for job in attempt),
            attempts_left=self.round.attempts - len(self.attempts),
            conversion=self.conversion.state,
            conversion_failure=self.conversion.failure,
            held=held_back(self.round, report) if (report := self.conversion.report) else "",
        )


def _job_observation(observed: ObservedJob, round: LabelingRound) -> JobObservation:
    job, planned = observed.job, observed.planned
    return JobObservation(
        name=planned.name,
        status=job.status if job else None,
        objects=planned.image_count,
        labeled=observed.counters.total_labeled,
        missed=observed.counters.failed_non_retryable_error + observed.counters.unlabeled,
        ours=job is None or (job.tags or {}).get(UID_TAG) == round.uid,
        adopted=planned.adopted,
    )


@dataclass
class ManifestCounter:
    """Counts the images of input manifests. A written manifest never changes, so each is read once.

    One serves all rounds of a process; `forget` the round that has ended or is gone. A round of more than `max_images`
    images is refused: whoever may write to its folder could make it keep a process busy for ever.
    """

    max_images: int | None = None
    _known: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)

    def written(self, bucket: Bucket, plan: Plan, attempt: int) -> int | None:
        """How many images the manifests of `attempt` hold; None while they are not all written.

        Manifests are written last chunk first, so the first one completes the attempt. Raises Conflict (TooManyImages)
        and, for a manifest of more lines than a labeling job takes, InvalidManifest.
        """
        uid, layout = plan.round.uid, plan.layout
        single, several = layout.manifest_key(attempt, 0, 1), layout.manifest_key(attempt, 0, 2)
        keys = dict.fromkeys((single, several))
        first = next((key for key in keys if self._count(uid, bucket, key) is not None), None)
        if first is None:
            return None
        total = self._count(uid, bucket, first) or 0
        chunk = 1
        while first == several and (count := self._count(uid, bucket, layout.manifest_key(attempt, chunk, 2))):
            total += count
            chunk += 1
            self.check(plan.round, total)
        return total

    def check(self, round: LabelingRound, images: int) -> None:
        """Raises Conflict (TooManyImages) when a round has too many."""
        if self.max_images is not None and images > self.max_images:
            raise Conflict(
                "TooManyImages",
                f"spec.imagesPrefix: the round has more than {self.max_images} images, the most that the operator's"
                " settings allow; make several rounds, each over a folder of its own",
            )

    def forget(self, uid: str) -> None:
        """Forget the manifests of the round with this uid."""
        self._known.pop(uid, None)

    def _count(self, uid: str, bucket: Bucket, key: str) -> int | None:
        known = self._known.get(uid, {}).get((bucket.name, key))
        if known is not None:
            return known
        count = 0
        try:
            for part in bucket.chunks(key):
                count += part.count(b"\n")
                if count > MAX_IMAGES_PER_JOB:
                    raise _not_ours(bucket.uri(key))
        except ObjectNotFound:
            return None
        self._known.setdefault(uid, {})[bucket.name, key] = count
        return count


def _not_ours(name: str) -> InvalidManifest:
    what = f"has more than {MAX_IMAGES_PER_JOB} lines, so it is not what the round has written"
    return InvalidManifest([Problem(name, what, "delete it; the round writes it anew")])


def observe(
    round: LabelingRound,
    bucket: Bucket,
    describe: Callable[[str], LabelingJob | None],
    conversion: Callable[[], ObservedConversion],
    counter: ManifestCounter,
    *,
    finished: bool,
) -> Snapshot:
    """Look at the manifests, the labeling jobs and the conversion of a round. Nothing is written.

    Manifests count only under the round's own claim. Raises Conflict when the folder is another round's. While a
    labeling job runs there is no conversion to look at: none begins before all jobs have ended, and an end is final.
    """
    if finished:
        return Snapshot(round, finished=True)
    image_count, attempts = _attempts(round, bucket, describe, counter)
    seen = Snapshot(round, image_count, attempts)
    running = any(observed.job and not observed.job.status.is_terminal for observed in seen.latest)
    return seen if running else replace(seen, conversion=conversion())


def _attempts(
    round: LabelingRound, bucket: Bucket, describe: Callable[[str], LabelingJob | None], counter: ManifestCounter
) -> tuple[int | None, tuple[tuple[ObservedJob, ...], ...]]:
    """How many images are asked for, and the jobs of the attempts whose manifests are written."""
    plan = Plan(round, Layout.of(round), 0)
    if round.labeling_job.adopt:
        return None, (tuple(ObservedJob(job, describe(job.name)) for job in plan.jobs),)
    if check_claim(Folder(bucket, round.prefix), round.uid) is None:
        return None, ()
    attempts: list[tuple[ObservedJob, ...]] = []
    image_count: int | None = None
    for attempt in range(1, round.attempts + 1):
        count = counter.written(bucket, plan, attempt)
        if count is None:
            break
        image_count = count if image_count is None else image_count
        jobs = plan_round(round, image_count).jobs_for_attempt(attempt, count)
        attempts.append(tuple(ObservedJob(job, describe(job.name)) for job in jobs))
    return image_count, tuple(attempts)
