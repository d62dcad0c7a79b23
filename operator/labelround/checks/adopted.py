"""Checks of a labeling job that the round adopts: that it is there, draws boxes, and fits the round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelround.aws import translated
from labelround.checks.findings import Findings, asked, error, together, warning
from labelround.groundtruth.api import LabelingJob
from labelround.groundtruth.client import Boto3LabelingAPI
from labelround.labelfile import read_labels
from labelround.layout import Layout
from labelround.spec.model import LabelingRound
from labelround.storage import Buckets
from labelround.uri import ObjectURI

WHERE = "spec.labelingJob.adopt"
BOX_TASKS = frozenset({"BoundingBox", "AdjustmentBoundingBox"})


def check_adopted(round: LabelingRound, buckets: Buckets, client: Any) -> Findings:
    """Everything that can be known about the job. Raises what the service raises."""
    name = round.labeling_job.adopt
    job = Boto3LabelingAPI(client).describe(name)
    if job is None:
        what = f"there is no labeling job named {name} in this account and region"
        return error(WHERE, what, "check the name, the region and the credentials")
    with translated(f"describing the labeling job {name}"):
        answer = client.describe_labeling_job(LabelingJobName=name)
    return together(
        [
            _task(answer),
            _attribute(round, job),
            _place("input manifest", job.input_manifest_uri, round, round.prefix),
            _place("output", job.output_uri or "", round, Layout.of(round).annotations_prefix),
            asked("spec.labels", "whether the labels are the adopted job's", lambda: _labels(round, job, buckets)),
        ]
    )


def _task(answer: Mapping[str, Any]) -> Findings:
    """The task type shows in the name of the built-in Lambda function; a custom one tells nothing."""
    function = str(answer["HumanTaskConfig"].get("PreHumanTaskLambdaArn", "")).rsplit(":", 1)[-1]
    kind, _, task = function.partition("-")
    if kind != "PRE" or task in BOX_TASKS:
        return Findings()
    return error(WHERE, f"the job's task is {task}; only bounding boxes make a dataset", "adopt a bounding box job")


def _attribute(round: LabelingRound, job: LabelingJob) -> Findings:
    stated = round.labeling_job.label_attribute_name
    if not stated or stated == job.label_attribute_name:
        return Findings()
    what = f"is {stated!r}, and the job's is {job.label_attribute_name!r}"
    return error("spec.labelingJob.labelAttributeName", what, "leave it out; the job tells it")


def _place(what: str, address: str, round: LabelingRound, prefix: str) -> Findings:
    """Whether a file of the job lies where the round's own would."""
    try:
        uri = ObjectURI.parse(address)
    except ValueError:
        return Findings() if not address else warning(WHERE, f"the job's {what} is at {address}, not in S3")
    if uri.bucket != round.bucket:
        fix = f"set spec.bucket to {uri.bucket}, if the pictures are there too"
        return error(WHERE, f"the job's {what} is in the bucket {uri.bucket}, and the round's is {round.bucket}", fix)
    if not f"{uri.key}/".startswith(prefix):
        return warning(WHERE, f"the job's {what} is at {uri}, outside the round's folder {prefix}")
    return Findings()


def _labels(round: LabelingRound, job: LabelingJob, buckets: Buckets) -> Findings:
    """Labels that workers could choose and that the round does not list; the conversion would stop at them."""
    if not job.label_category_config_uri:
        return Findings()
    uri = ObjectURI.parse(job.label_category_config_uri)
    known = read_labels(buckets.open(uri.bucket).read(uri.key), str(uri))
    missing = [label for label in known if label not in round.labels]
    if not missing:
        return Findings()
    listed = ", ".join(map(repr, missing))
    return error("spec.labels", f"the adopted job also has the labels {listed}", "add them, at the end of the list")
