"""From an observed round to the conversion it needs."""

from __future__ import annotations

from collections.abc import Iterator

from labelround.dataset.convert import ConversionPlan, ManifestSource
from labelround.layout import Layout
from labelround.observe import ObservedJob, Snapshot
from labelround.storage import Buckets, Folder, Location
from labelround.uri import ObjectURI


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
    )


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
