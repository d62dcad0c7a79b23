"""From an observed round to the conversion it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from labelround.dataset.claim import read_claim
from labelround.dataset.convert import ConversionPlan, ManifestSource, Report, convert, read_report
from labelround.dataset.formats import UNFINISHED
from labelround.dataset.report import Origin
from labelround.dataset.scratch import scratch_folder
from labelround.dataset.sharded.finishing import finish
from labelround.dataset.sharded.indexing import index
from labelround.dataset.sharded.writing import write_shard
from labelround.dataset.work import Work
from labelround.decide import ConversionState
from labelround.layout import Layout
from labelround.observe import ObservedConversion, ObservedJob, Snapshot
from labelround.progress import Progress
from labelround.spec.model import LabelingRound
from labelround.storage import Buckets, Folder, Location
from labelround.uri import ObjectURI


@dataclass(frozen=True, slots=True)
class Conversion:
    """Everything that a conversion needs.

    `job_tables` is where the `annot.csv` of each labeling job goes, `shards` how many shards there are when it runs in
    parts.
    """

    plan: ConversionPlan
    output: Folder
    job_tables: Mapping[str, Folder]
    shards: int = 1

    @property
    def round(self) -> str:
        """`namespace/name`, for people."""
        return self.plan.origin.round

    def run(self, buckets: Buckets, progress: Progress | None = None) -> Report:
        """Convert; see `convert` for what it raises."""
        return convert(self.plan, self.output, buckets, progress=progress, job_tables=self.job_tables)

    def index(self, buckets: Buckets, progress: Progress) -> None:
        """The first part: check all input and cut the shards."""
        with self._work(buckets, progress) as work:
            index(work, self.shards)

    def write_shard(self, number: int, buckets: Buckets, progress: Progress) -> None:
        """The second part, of one shard."""
        with self._work(buckets, progress) as work:
            write_shard(work, self.shards, number)

    def finish(self, buckets: Buckets, progress: Progress) -> Report:
        """The last part, once all shards are converted."""
        with self._work(buckets, progress) as work:
            return finish(work, self.shards)

    @contextmanager
    def _work(self, buckets: Buckets, progress: Progress) -> Iterator[Work]:
        with scratch_folder(None) as folder:
            yield Work(self.plan, self.output, buckets, progress, folder, self.job_tables)


def conversion_of(snapshot: Snapshot, buckets: Buckets, shards: int = 1) -> Conversion:
    """The conversion of an observed round."""
    round = snapshot.round
    return Conversion(
        plan=conversion_plan(snapshot, buckets),
        output=output_of(round, buckets),
        job_tables=job_tables(snapshot, buckets),
        shards=shards,
    )


def images_of(snapshot: Snapshot) -> int:
    """How many images are asked for, as far as is known: of an adopted job the counters tell."""
    if snapshot.image_count is not None:
        return snapshot.image_count
    counters = [observed.counters for observed in snapshot.latest]
    return max((one.total_labeled + one.failed_non_retryable_error + one.unlabeled for one in counters), default=0)


def output_of(round: LabelingRound, buckets: Buckets) -> Folder:
    """Where the dataset goes."""
    return Folder(buckets.open(round.bucket), round.output_prefix)


def observed_dataset(round: LabelingRound, buckets: Buckets) -> ObservedConversion:
    """DONE when the completion marker is there under this round's claim and nothing is left to tidy up, else ABSENT.

    A dataset without a single image is FAILED.
    """
    output = output_of(round, buckets)
    claim = read_claim(output)
    complete = claim is not None and claim.owner == round.uid and not output.exists(UNFINISHED)
    report = read_report(output) if complete else None
    if report is None:
        return ObservedConversion()
    if not report.images.labeled + report.images.empty:
        return ObservedConversion(ConversionState.FAILED, report, "no image is labeled; images.csv says why for each")
    return ObservedConversion(ConversionState.DONE, report)


def conversion_plan(snapshot: Snapshot, buckets: Buckets) -> ConversionPlan:
    """What to convert: the output manifests of all jobs, and the input manifests that list every image asked for."""
    round = snapshot.round
    return ConversionPlan(
        sources=tuple(_sources(snapshot, buckets)),
        inputs=tuple(_inputs(snapshot, buckets)),
        labels=round.labels,
        output_format=round.output_format,
        images_prefix=ObjectURI(round.bucket, round.images_prefix),
        split=round.dataset.split,
        images_mode=round.dataset.images,
        check_images=round.dataset.check_images,
        previews=round.dataset.previews,
        owner=round.uid,
        origin=_origin(round),
    )


def _origin(round: LabelingRound) -> Origin:
    """What the dataset's card says of the round. How many workers an adopted job asks is its own affair."""
    job = round.labeling_job
    return Origin(round.full_name, round.dataset.license, 0 if job.adopt else job.workers_per_image)


def job_tables(snapshot: Snapshot, buckets: Buckets) -> dict[str, Folder]:
    """Where each job's `annot.csv` goes. An adopted job's folder is not ours to write."""
    round = snapshot.round
    if round.labeling_job.adopt:
        return {}
    bucket, layout = buckets.open(round.bucket), Layout.of(round)
    names = [observed.planned.name for observed in snapshot.jobs if observed.job]
    return {name: Folder(bucket, layout.job_folder(name)) for name in names}


def output_manifest(observed: ObservedJob, snapshot: Snapshot) -> ObjectURI | None:
    """Where a job's result is: as the service says, or where it usually is. None for an absent job."""
    job = observed.job
    if job is None:
        return None
    usual = Layout.of(snapshot.round).output_manifest_uri(snapshot.round.bucket, job.name)
    return ObjectURI.parse(job.output_manifest_uri or usual)


def _sources(snapshot: Snapshot, buckets: Buckets) -> Iterator[ManifestSource]:
    for observed in snapshot.jobs:
        uri = output_manifest(observed, snapshot)
        if uri is None or observed.job is None:
            continue
        bucket = buckets.open(uri.bucket)
        if not bucket.exists(uri.key):
            continue  # a job that failed before its first label leaves none; its images are unlabeled
        planned = observed.planned
        yield ManifestSource(
            location=Location(bucket, uri.key),
            name=str(uri),
            attribute=planned.label_attribute_name or observed.job.label_attribute_name,
            group=planned.group,
            attempt=planned.attempt,
            job=planned.name,
        )


def _inputs(snapshot: Snapshot, buckets: Buckets) -> Iterator[ManifestSource]:
    """What each job of the first attempt was asked for; an adopted job brought its own manifest.

    Every group has its own source, so that one whose job left no output still counts as asked.
    """
    for observed in snapshot.attempts[0] if snapshot.attempts else ():
        planned = observed.planned
        address = str(ObjectURI(snapshot.round.bucket, planned.manifest_key))
        if planned.adopted:
            address = observed.job.input_manifest_uri if observed.job else ""
        if not address:
            continue
        uri = ObjectURI.parse(address)
        bucket = buckets.open(uri.bucket)
        if bucket.exists(uri.key):
            yield ManifestSource(location=Location(bucket, uri.key), name=address, group=planned.group)
