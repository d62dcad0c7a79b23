"""From an observed round to the conversion it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tests.round.world import IMAGES, NAMES, World, all_answers

from labelround.conversion import conversion_plan
from labelround.dataset.convert import convert
from labelround.groundtruth.api import JobStatus, LabelCounters, LabelingJob
from labelround.observe import ObservedJob, Snapshot
from labelround.plan import PlannedJob, plan_round
from labelround.spec.parse import parse_round
from labelround.storage import Folder

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ["pencil", "pen", *(f"other-{index}" for index in range(58))]


def observed(planned: PlannedJob, status: JobStatus) -> ObservedJob:
    job = LabelingJob(planned.name, f"arn:{planned.name}", status, LabelCounters(), NOW, NOW)
    return ObservedJob(planned, job)


def test_an_image_is_not_labeled_when_one_of_its_groups_left_no_output(world: World) -> None:
    """The second group's job failed before it wrote anything: its images failed, and the reason names the group."""
    round = parse_round(world.document(labels=LABELS, dataset={"previews": 0, "checkImages": False}))
    first, second = plan_round(round, len(NAMES)).jobs
    lines = b"".join(b'{"source-ref":"s3://pictures/%s%s"}\n' % (IMAGES.encode(), name.encode()) for name in NAMES)
    world.bucket.write(first.manifest_key, lines)
    labeled = all_answers().replace(b'"truth', b'"' + first.label_attribute_name.encode())
    world.bucket.write(f"pens/ground_truth_annots/{first.name}/manifests/output/output.manifest", labeled)
    jobs = (observed(first, JobStatus.COMPLETED), observed(second, JobStatus.FAILED))
    snapshot = Snapshot(round, image_count=len(NAMES), attempts=(jobs,))

    plan = replace(conversion_plan(snapshot, world.buckets), previews=0)
    report = convert(plan, Folder(world.bucket, round.output_prefix), world.buckets)

    assert report.images.labeled == 0
    assert report.images.failed + report.images.unlabeled == len(NAMES)
    assert report.boxes.dropped == {"failed_image": 4}
