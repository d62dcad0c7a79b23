"""Adopted jobs: whatever they read and write must lie inside the rule, down to each picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.controller.operated import Operated, StandInSessions
from tests.controller.policies import ACCOUNT, AWS, WORKTEAMS, a_policy, a_round, a_rule

from labelround.controller.adoption import check_adopted
from labelround.controller.rules import Grant
from labelround.errors import Conflict, StorageDenied
from labelround.groundtruth.api import JobStatus, LabelCounters, LabelingJob
from labelround.manifest import manifest_content
from labelround.spec.names import MAX_IMAGES_PER_JOB
from labelround.storage import MemoryBuckets

MANIFEST = "team-a/manifest.json"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
RULE = a_rule()
GRANT = Grant(RULE, AWS, f"{WORKTEAMS}/team-a", "default")
ROUND = a_round(job={"adopt": "yolo-bbox"})


def a_job(**changes: Any) -> LabelingJob:
    """A finished job of the team's own."""
    job = LabelingJob(
        name="yolo-bbox",
        arn="arn:aws:sagemaker:us-east-1:123456789012:labeling-job/yolo-bbox",
        status=JobStatus.COMPLETED,
        counters=LabelCounters(),
        created=WHEN,
        modified=WHEN,
        input_manifest_uri=f"s3://pictures/{MANIFEST}",
        output_uri="s3://pictures/team-a/ground_truth_annots",
        output_manifest_uri="s3://pictures/team-a/ground_truth_annots/yolo-bbox/manifests/output/output.manifest",
        label_category_config_uri="s3://pictures/team-a/labels.json",
        workteam_arn=f"{WORKTEAMS}/team-a-experts",
    )
    return replace(job, **changes)


@pytest.fixture
def buckets() -> MemoryBuckets:
    """With the job's input manifest."""
    buckets = MemoryBuckets()
    content = manifest_content(["team-a/images/1.jpg", "team-a/images/a b#1 100%.jpg"], "pictures")
    buckets.open("pictures").write(MANIFEST, content)
    return buckets


def refusal(job: LabelingJob, buckets: MemoryBuckets) -> str:
    with pytest.raises(Conflict) as caught:
        check_adopted(ROUND, job, GRANT, buckets)
    assert caught.value.reason == "NotAllowed"
    return str(caught.value)


INSIDE: dict[str, dict[str, Any]] = {
    "a finished job": {},
    "a running job, which has no output manifest yet": {"output_manifest_uri": ""},
    "a job without a label category file": {"label_category_config_uri": None},
    "an output folder with a slash at its end": {"output_uri": "s3://pictures/team-a/ground_truth_annots/"},
    "an output folder that is the team's": {"output_uri": "s3://pictures/team-a"},
    "an output in the team's other bucket": {"output_uri": "s3://team-a-pictures"},
}


@pytest.mark.parametrize("changes", INSIDE.values(), ids=INSIDE)
def test_a_job_inside_the_rule_is_adopted(changes: dict[str, Any], buckets: MemoryBuckets) -> None:
    """Nothing is said."""
    check_adopted(ROUND, a_job(**changes), GRANT, buckets)


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "a manifest in another bucket": (
        {"input_manifest_uri": "s3://team-b-pictures/manifest.json"},
        "the input manifest",
    ),
    "a manifest in another folder": ({"input_manifest_uri": "s3://pictures/team-ab/m.json"}, "the input manifest"),
    "a manifest by a way up": ({"input_manifest_uri": "s3://pictures/team-a/../team-b/m.json"}, "the input manifest"),
    "a manifest on the web": ({"input_manifest_uri": "https://example.org/m.json"}, "the input manifest"),
    "a job that is fed by a topic": ({"input_manifest_uri": ""}, "the input manifest"),
    "an output in another folder": ({"output_uri": "s3://pictures/team-b/out"}, "the output folder"),
    "an output folder that begins like the team's": ({"output_uri": "s3://pictures/team-abc"}, "the output folder"),
    "an output in the bucket's root": ({"output_uri": "s3://pictures"}, "the output folder"),
    "no output folder": ({"output_uri": None}, "the output folder"),
    "an output manifest elsewhere": (
        {"output_manifest_uri": "s3://pictures/team-b/output.manifest"},
        "the output manifest",
    ),
    "a label category file elsewhere": (
        {"label_category_config_uri": "s3://pictures/team-b/labels.json"},
        "the label category file",
    ),
    "another team's workteam": ({"workteam_arn": f"{WORKTEAMS}/team-b"}, "the workteam"),
    "a workteam that is named like the team's": (
        {"workteam_arn": "arn:aws:sagemaker:us-east-1:999999999999:workteam/private-crowd/team-a"},
        "the workteam",
    ),
    "no workteam": ({"workteam_arn": ""}, "the workteam"),
    "two at once": (
        {"output_uri": "s3://pictures/team-b", "workteam_arn": f"{WORKTEAMS}/team-b"},
        "the output folder and the workteam",
    ),
}


@pytest.mark.parametrize(("changes", "what"), FOREIGN.values(), ids=FOREIGN)
def test_a_job_that_reaches_outside_is_refused_without_saying_where(changes: dict[str, Any], what: str) -> None:
    """Somebody else's places are not told, and no bucket is opened."""
    told = refusal(a_job(**changes), MemoryBuckets())

    lies = "lie" if " and " in what else "lies"
    assert told == (
        f"spec.labelingJob.adopt: {what} of the labeling job yolo-bbox {lies} outside what the policy allows; adopt"
        " another job, or ask the administrator of the operator"
    )


LINES: dict[str, tuple[str, str]] = {
    "a picture of another team": (
        '{"source-ref": "s3://pictures/team-b/1.jpg"}',
        "source-ref s3://pictures/team-b/1.jpg",
    ),
    "a picture in another bucket": (
        '{"source-ref": "s3://other/team-a/1.jpg"}',
        "source-ref s3://other/team-a/1.jpg",
    ),
    "a folder that begins like the team's": (
        '{"source-ref": "s3://pictures/team-ab/1.jpg"}',
        "source-ref s3://pictures/team-ab/1.jpg",
    ),
    "a way up": (
        '{"source-ref": "s3://pictures/team-a/../team-b/1.jpg"}',
        "source-ref s3://pictures/team-a/../team-b/1.jpg",
    ),
    "an escape for a letter": (
        '{"source-ref": "s3://pictures/team-\\u0062/1.jpg"}',
        "source-ref s3://pictures/team-b/1.jpg",
    ),
    "a member that stands twice": (
        '{"source-ref": "s3://pictures/team-a/1.jpg", "source-ref": "s3://pictures/team-b/1.jpg"}',
        "source-ref s3://pictures/team-b/1.jpg",
    ),
    "a text": ('{"source": "s3://pictures/team-a/1.jpg"}', "holds text (source), not an image"),
    "a line that is cut off": ("s3://pictures/team-a/1.jpg", "is cut off"),
    "a control character": (
        '{"source-ref": "s3://pictures/team-a/\\u001b[2J.jpg"}',
        "source-ref s3://pictures/team-a/\\x1b[2J.jpg",
    ),
}


@pytest.mark.parametrize(("line", "what"), LINES.values(), ids=LINES)
def test_every_line_of_the_input_manifest_is_checked(line: str, what: str, buckets: MemoryBuckets) -> None:
    """One foreign picture among the team's own is enough."""
    bucket = buckets.open("pictures")
    bucket.write(MANIFEST, b"\n" + bucket.read(MANIFEST) + line.encode())

    told = refusal(a_job(), buckets)

    assert f"shows what the policy does not allow (line 4: {what}" in told


def test_the_first_few_foreign_lines_are_told(buckets: MemoryBuckets) -> None:
    """And no more of the manifest is read."""
    buckets.open("pictures").write(MANIFEST, manifest_content([f"team-b/{n}.jpg" for n in range(9)], "pictures"))

    told = refusal(a_job(), buckets)

    assert told == (
        "spec.labelingJob.adopt: the labeling job yolo-bbox shows what the policy does not allow (line 1: source-ref"
        " s3://pictures/team-b/0.jpg; line 2: source-ref s3://pictures/team-b/1.jpg; line 3: source-ref"
        " s3://pictures/team-b/2.jpg; and more); adopt another job, or ask the administrator of the operator"
    )


def test_a_manifest_that_no_job_would_take_is_not_read_to_its_end(buckets: MemoryBuckets) -> None:
    """Its author may make it as long as he likes; a labeling job takes 100,000 lines."""
    buckets.open("pictures").write(MANIFEST, b"\n" * (MAX_IMAGES_PER_JOB + 1))

    told = refusal(a_job(), buckets)

    assert f"more than {MAX_IMAGES_PER_JOB} lines" in told


def test_without_its_input_manifest_a_job_is_not_adopted() -> None:
    """What it shows can no longer be known."""
    told = refusal(a_job(), MemoryBuckets())

    assert "the input manifest of the labeling job yolo-bbox, s3://pictures/team-a/manifest.json, is gone" in told


def test_a_manifest_that_may_not_be_read_is_another_matter() -> None:
    """The rights are mended, not the round."""

    class Closed(MemoryBuckets):
        def open(self, name: str) -> Any:
            raise StorageDenied(f"s3://{name}/", "access denied")

    with pytest.raises(StorageDenied):
        check_adopted(ROUND, a_job(), GRANT, Closed())


class OwnersAsked:
    """An S3 client that tells whose buckets are looked at; one of them is somebody else's."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def head_bucket(self, *, Bucket: str, ExpectedBucketOwner: str) -> None:  # noqa: N803 boto3's own names
        self.asked.append(f"{Bucket} of {ExpectedBucketOwner}")
        if Bucket == "team-a-pictures":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "HeadBucket")


def test_the_owner_of_every_bucket_of_an_adopted_job_is_asked_for() -> None:
    """The job may be in another bucket of the rule than the round, and somebody else may have its name by now."""
    operated, s3 = Operated(), OwnersAsked()
    operated.session = replace(operated.session, s3=s3)
    gate = operated.passes.gate
    gate.sessions = StandInSessions(operated.session)
    gate.policy = a_policy(a_rule(backend="aws", bucket_owner=ACCOUNT))
    operated.jobs.add(a_job(input_manifest_uri="s3://team-a-pictures/manifest.json"))

    with pytest.raises(Conflict) as caught:
        gate.open(ROUND)

    assert caught.value.reason == "NotAllowed"
    assert s3.asked == [f"pictures of {ACCOUNT}", f"team-a-pictures of {ACCOUNT}"]
    assert operated.buckets.buckets.keys().isdisjoint({"team-a-pictures"})
