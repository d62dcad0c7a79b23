"""A round in any state at will: its labeling jobs, its conversion, its troubles and its clock are all set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.plan.rounds import make_round

from labelround.conditions import Phase
from labelround.dataset.report import BoxCounts, ImageCounts, Options, Report
from labelround.decide import ConversionState
from labelround.errors import LabelroundError, Unavailable
from labelround.groundtruth.api import JobStatus, LabelCounters, LabelingJob
from labelround.observe import ObservedConversion, Snapshot
from labelround.reconcile import Reconciler, Result
from labelround.request import JobSettings
from labelround.spec.model import LabelingRound
from labelround.storage import Bucket, MemoryBuckets

BUCKET, IMAGES = "pictures", "pens/images/"
START = datetime(2026, 11, 24, 10, tzinfo=UTC)
WORKTEAM = "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/penguins"
CONVERSION_JOB = "pens-1-0f0f0f0f-convert"


def report(labeled: int = 4, empty: int = 1, failed: int = 0, boxes: int = 7) -> Report:
    """What a conversion did."""
    return Report(
        version=1,
        labelround="0",
        owner="u1",
        format="YOLO",
        classes=("pencil", "pen"),
        options=Options("", "Reference", check_images=True, previews=0, split={}),
        jobs=(),
        manifests=(),
        images=ImageCounts(labeled + empty + failed, labeled, empty, failed, 0),
        splits={},
        boxes=BoxCounts(boxes, boxes, {}, {}),
        renamed=0,
        renames=(),
        warnings=(),
        files=(),
        previews=(),
        inputs_digest="0",
        digest="f" * 64,
    )


@dataclass
class Crowd:
    """`LabelingAPI` whose jobs do what they are told. `trouble` is raised by every call, `refusal` by create."""

    jobs: dict[str, LabelingJob] = field(default_factory=dict)
    trouble: LabelroundError | None = None
    refusal: LabelroundError | None = None

    def create(self, request: Mapping[str, Any]) -> str:
        self._meet(self.trouble)
        self._meet(self.refusal)
        name = request["LabelingJobName"]
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:labeling-job/{name}"
        counters, state = LabelCounters(), JobStatus.IN_PROGRESS
        self.jobs[name] = LabelingJob(name, arn, state, counters, START, START, workteam_arn=WORKTEAM, tags=tags)
        return arn

    def describe(self, name: str) -> LabelingJob | None:
        self._meet(self.trouble)
        return self.jobs.get(name)

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        yield from self.jobs.values()

    def stop(self, name: str) -> None:
        self._meet(self.trouble)
        self.change(status=JobStatus.STOPPING)

    def change(self, **fields: Any) -> None:
        """Change every job."""
        self.jobs = {name: replace(job, **fields) for name, job in self.jobs.items()}

    def _meet(self, trouble: LabelroundError | None) -> None:
        if trouble is not None:
            raise trouble


@dataclass
class SetConverter:
    """`Converter` that is as far as it is told to be. `trouble` is raised by observe, `refusal` by start."""

    seen: ObservedConversion = field(default_factory=ObservedConversion)
    trouble: LabelroundError | None = None
    refusal: LabelroundError | None = None

    def observe(self, round: LabelingRound) -> ObservedConversion:
        if self.trouble is not None:
            raise self.trouble
        return self.seen

    def start(self, snapshot: Snapshot) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.seen = ObservedConversion(ConversionState.QUEUED, job=CONVERSION_JOB, shards=1)


@dataclass
class Scene:
    """One round of five pictures, and everything that it meets. Time passes between passes."""

    round: LabelingRound = field(default_factory=lambda: make_round(bucket=BUCKET, imagesPrefix=IMAGES))
    crowd: Crowd = field(default_factory=Crowd)
    converter: SetConverter = field(default_factory=SetConverter)
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    portal: str = ""
    status: Mapping[str, Any] = field(default_factory=dict)
    now: datetime = START

    @property
    def bucket(self) -> Bucket:
        return self.buckets.open(BUCKET)

    @property
    def reconciler(self) -> Reconciler:
        settings = JobSettings("us-east-1", "arn:aws:iam::000000000000:role/labelround", WORKTEAM)
        clock, portal_url = (lambda: self.now), (lambda _arn: self.portal)
        return Reconciler(self.buckets, self.crowd, settings, self.converter, clock, portal_url)

    def step(self, **passed: float) -> Result:
        """One pass, after so much time has passed; its status is recorded."""
        self.now += timedelta(**(passed or {"minutes": 7}))
        result = self.reconciler.reconcile(self.round, self.status)
        self.status = result.status
        return result

    def until(self, phase: Phase) -> Scene:
        """Passes until this phase shows."""
        for _ in range(10):
            if self.step().status["phase"] == phase.value:
                return self
        raise AssertionError(f"{self.status['phase']}, not {phase.value}: {self.status['conditions'][3]}")

    def label(self, labeled: int, failed: int = 0) -> None:
        """So many of the five pictures are done."""
        self.crowd.change(counters=LabelCounters(labeled, labeled, 0, failed, 5 - labeled - failed))

    def convert(self, state: ConversionState, **fields: Any) -> None:
        """The conversion gets this far."""
        known: dict[str, Any] = {"job": CONVERSION_JOB, "shards": 1}
        self.converter.seen = ObservedConversion(state, **known | fields)

    def set(self, **fields: Any) -> None:
        """Change what a spec lets change; its generation counts up."""
        self.round = replace(self.round, **fields, generation=self.round.generation + 1)


def scene(**spec: Any) -> Scene:
    """A new round over five pictures."""
    made = Scene(make_round(bucket=BUCKET, imagesPrefix=IMAGES, **spec))
    for name in "abcde":
        made.bucket.write(f"{IMAGES}{name}.jpg", b"a picture")
    return made


def pending() -> Scene:
    made = scene()
    made.crowd.trouble = Unavailable("unreachable")
    made.bucket.write("pens/.labelround-claim.json", b'{"owner":"u1","name":"pens-1"}\n')
    made.bucket.write("pens/manifest.json", b"{}\n" * 5)
    return made.until(Phase.PENDING)


def preparing() -> Scene:
    made = scene().until(Phase.PREPARING)
    made.crowd.refusal = Unavailable("CreateLabelingJob waits for a quota that frees itself (20 jobs)", "QuotaReached")
    return made


def labeling() -> Scene:
    made = scene().until(Phase.LABELING)
    made.label(3, failed=1)
    return made


def ended() -> Scene:
    made = labeling()
    made.label(5)
    made.crowd.change(status=JobStatus.COMPLETED)
    return made


def queued() -> Scene:
    made = ended().until(Phase.QUEUED)
    made.convert(ConversionState.QUEUED, note="its Job waits in the queue vision")
    return made


def converting() -> Scene:
    made = ended().until(Phase.QUEUED)
    made.convert(ConversionState.RUNNING, note="its pod cannot start (ImagePullBackOff)")
    return made.until(Phase.CONVERTING)


def suspended() -> Scene:
    made = labeling()
    made.set(suspend=True)
    return made.until(Phase.SUSPENDED)


def stalled() -> Scene:
    made = queued()
    made.convert(ConversionState.BLOCKED, failure=f"the Job {CONVERSION_JOB} has failed; delete it")
    return made.until(Phase.STALLED)


def succeeded() -> Scene:
    made = converting()
    made.convert(ConversionState.DONE, report=report(), done=1)
    return made.until(Phase.SUCCEEDED)


def failed() -> Scene:
    made = scene().until(Phase.LABELING)
    made.crowd.change(status=JobStatus.FAILED, failure_reason="ClientError: the role cannot be assumed")
    return made.until(Phase.FAILED)


SCENES: dict[Phase, Callable[[], Scene]] = {
    Phase.PENDING: pending,
    Phase.PREPARING: preparing,
    Phase.LABELING: labeling,
    Phase.QUEUED: queued,
    Phase.CONVERTING: converting,
    Phase.SUSPENDED: suspended,
    Phase.STALLED: stalled,
    Phase.SUCCEEDED: succeeded,
    Phase.FAILED: failed,
}
