"""The CreateLabelingJob request for a planned job, and the two files it refers to.

The task is Ground Truth's built-in bounding box task: its two Lambda functions belong to AWS and differ by region.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelround.errors import InvalidInput, Problem
from labelround.groundtruth.constraints import constraint_problems
from labelround.layout import Layout
from labelround.plan import PlannedJob
from labelround.spec.model import LabelingRound
from labelround.spec.names import (
    BUILT_IN_LAMBDA_ACCOUNTS,
    OWNERSHIP_TAG_PREFIX,
    PUBLIC_WORKFORCE_CLOSED,
    PUBLIC_WORKTEAM,
    attribute_name_problem,
    partition_of,
)
from labelround.uri import ObjectURI
from labelround.worker_page import task_description, task_title, ui_template

__all__ = [
    "UID_TAG",
    "JobSettings",
    "label_category_config",
    "labeling_job_request",
    "ownership_tags",
    "request_problems",
    "ui_template",
]

UID_TAG = f"{OWNERSHIP_TAG_PREFIX}uid"
TASK_KEYWORDS = ("image", "bounding box", "object detection")
TASK_TIME_LIMIT_MAX_SECONDS = 28_800
TASK_AVAILABILITY_MAX_SECONDS = 2_592_000


@dataclass(frozen=True, slots=True)
class JobSettings:
    """What a request needs besides the round: where it runs, as whom, who labels, and for which cluster."""

    region: str
    role_arn: str
    workteam_arn: str
    kms_key_id: str = ""
    cluster: str = "local"


def labeling_job_request(job: PlannedJob, round: LabelingRound, settings: JobSettings) -> dict[str, Any]:
    """The parameters of CreateLabelingJob for `job`. Raises InvalidInput for what Ground Truth would refuse."""
    layout, stated = Layout.of(round), round.labeling_job
    request: dict[str, Any] = {
        "LabelingJobName": job.name,
        "LabelAttributeName": job.label_attribute_name,
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": _uri(round, job.manifest_key)}}},
        "OutputConfig": {"S3OutputPath": _uri(round, layout.annotations_prefix)},
        "RoleArn": settings.role_arn,
        "LabelCategoryConfigS3Uri": _uri(round, layout.label_category_key(job.name)),
        "HumanTaskConfig": {
            "WorkteamArn": settings.workteam_arn,
            "UiConfig": {"UiTemplateS3Uri": _uri(round, layout.ui_template_key(job.name))},
            "PreHumanTaskLambdaArn": built_in_lambda_arn("PRE", settings.region),
            "TaskKeywords": list(TASK_KEYWORDS),
            "TaskTitle": task_title(round, job.labels),
            "TaskDescription": task_description(round, job.labels),
            "NumberOfHumanWorkersPerDataObject": stated.workers_per_image,
            "TaskTimeLimitInSeconds": stated.task_time_limit_seconds,
            "TaskAvailabilityLifetimeInSeconds": stated.task_availability_seconds,
            "MaxConcurrentTaskCount": stated.max_concurrent_tasks,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": built_in_lambda_arn("ACS", settings.region)
            },
        },
        "Tags": [
            {"Key": key, "Value": value}
            for key, value in sorted({**stated.tags, **ownership_tags(round, settings)}.items())
        ],
    }
    if settings.kms_key_id:
        request["OutputConfig"]["KmsKeyId"] = settings.kms_key_id
    if conditions := _stopping_conditions(round):
        request["StoppingConditions"] = conditions
    if problems := request_problems(request):
        raise InvalidInput(problems)
    return request


def request_problems(request: Mapping[str, Any]) -> list[Problem]:
    """Everything that Ground Truth would refuse in a CreateLabelingJob request for bounding boxes.

    botocore sends wrong names, lengths and values as they are; the service model states most rules and the
    developer guide the others.
    """
    return [*constraint_problems(request), *_documented_problems(request)]


def ownership_tags(round: LabelingRound, settings: JobSettings) -> dict[str, str]:
    """The tags by which a job is known as the round's own. Users cannot set them."""
    tags = {
        "managed-by": "labelround",
        "cluster": settings.cluster,
        "namespace": round.namespace,
        "name": round.name,
        "uid": round.uid,
    }
    return {f"{OWNERSHIP_TAG_PREFIX}{name}": value for name, value in tags.items()}


def label_category_config(labels: Sequence[str]) -> bytes:
    """The label category configuration file: a label's place in it is its class id in the job's output."""
    document = {"document-version": "2018-11-28", "labels": [{"label": label} for label in labels]}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def built_in_lambda_arn(step: str, region: str) -> str:
    """AWS's function before (`PRE`) or after (`ACS`) the bounding box task. Raises InvalidInput for other regions."""
    account = BUILT_IN_LAMBDA_ACCOUNTS.get(region)
    if account is None:
        regions = ", ".join(BUILT_IN_LAMBDA_ACCOUNTS)
        where = f"in {region}" if region else "without a region"
        raise InvalidInput(
            [Problem("--region", f"Ground Truth has no bounding box task {where}", f"use one of {regions}")]
        )
    return f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{step}-BoundingBox"


def _stopping_conditions(round: LabelingRound) -> dict[str, int]:
    limits = {
        "MaxHumanLabeledObjectCount": round.labeling_job.max_human_labeled_object_count,
        "MaxPercentageOfInputDatasetLabeled": round.labeling_job.max_percentage_of_input_dataset_labeled,
    }
    return {name: limit for name, limit in limits.items() if limit is not None}


def _documented_problems(request: Mapping[str, Any]) -> Iterator[Problem]:
    """Rules of the developer guide that the service model does not state."""
    task = _structure(request, "HumanTaskConfig")
    attribute = request.get("LabelAttributeName")
    if isinstance(attribute, str) and (what := attribute_name_problem(attribute)):
        yield Problem("LabelAttributeName", what)
    if not _structure(_structure(request, "InputConfig"), "DataSource"):
        yield Problem("InputConfig.DataSource", "names no source", "give S3DataSource or SnsDataSource")
    if not _structure(task, "UiConfig").get("UiTemplateS3Uri"):
        yield Problem("HumanTaskConfig.UiConfig.UiTemplateS3Uri", "is missing", "bounding boxes need a page")
    if PUBLIC_WORKTEAM in str(task.get("WorkteamArn", "")):
        yield Problem("HumanTaskConfig.WorkteamArn", f"is the public workforce, but {PUBLIC_WORKFORCE_CLOSED}")
    if "PublicWorkforceTaskPrice" in task:
        yield Problem("HumanTaskConfig.PublicWorkforceTaskPrice", "is for the public workforce alone", "leave it out")
    yield from _above(task, "TaskTimeLimitInSeconds", TASK_TIME_LIMIT_MAX_SECONDS)
    yield from _above(task, "TaskAvailabilityLifetimeInSeconds", TASK_AVAILABILITY_MAX_SECONDS)


def _above(task: Mapping[str, Any], member: str, maximum: int) -> Iterator[Problem]:
    value = task.get(member)
    if isinstance(value, int) and value > maximum:
        yield Problem(f"HumanTaskConfig.{member}", f"is {value}", f"it takes at most {maximum} seconds")


def _structure(structure: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = structure.get(member)
    return value if isinstance(value, Mapping) else {}


def _uri(round: LabelingRound, key: str) -> str:
    return str(ObjectURI(round.bucket, key))
