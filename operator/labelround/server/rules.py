"""What Ground Truth asks of a labeling job beyond the shapes of its service model, for image bounding boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from labelround.spec.names import (
    BUILT_IN_LAMBDA_ACCOUNTS,
    PUBLIC_WORKFORCE_CLOSED,
    PUBLIC_WORKTEAM,
    RESERVED_TAG_PREFIX,
    attribute_name_problem,
    bucket_name_problem,
    partition_of,
)
from labelround.storage import key_problem
from labelround.uri import ObjectURI

MAX_TASK_SECONDS = 28_800
MAX_AVAILABILITY_SECONDS = 2_592_000
TASK_TYPE = "BoundingBox"


def violations(request: Mapping[str, Any], region: str) -> list[str]:
    """Everything that a checked CreateLabelingJob request breaks, as sentences that name the member."""
    return [*_naming(request), *_addresses(request), *_task(request["HumanTaskConfig"], region), *_unsupported(request)]


def _naming(request: Mapping[str, Any]) -> Iterator[str]:
    if problem := attribute_name_problem(request["LabelAttributeName"]):
        yield f"LabelAttributeName {problem}"
    keys = [tag["Key"] for tag in request.get("Tags", ())]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"Tags: the key {key!r} is given twice"
    for key in keys:
        if key.lower().startswith(RESERVED_TAG_PREFIX):
            yield f"Tags: the key {key!r} begins with {RESERVED_TAG_PREFIX}, which is reserved for AWS"


def addresses(request: Mapping[str, Any]) -> dict[str, str]:
    """The S3 addresses of a request, by the name of their member."""
    source = request["InputConfig"]["DataSource"].get("S3DataSource", {})
    found = {
        "InputConfig.DataSource.S3DataSource.ManifestS3Uri": source.get("ManifestS3Uri"),
        "OutputConfig.S3OutputPath": request["OutputConfig"]["S3OutputPath"],
        "LabelCategoryConfigS3Uri": request.get("LabelCategoryConfigS3Uri"),
        "HumanTaskConfig.UiConfig.UiTemplateS3Uri": request["HumanTaskConfig"]["UiConfig"].get("UiTemplateS3Uri"),
    }
    return {name: text for name, text in found.items() if text}


def _addresses(request: Mapping[str, Any]) -> Iterator[str]:
    given = addresses(request)
    if "InputConfig.DataSource.S3DataSource.ManifestS3Uri" not in given:
        yield "InputConfig.DataSource.S3DataSource is required: this server has no streaming labeling jobs"
    if "LabelCategoryConfigS3Uri" not in given:
        yield "LabelCategoryConfigS3Uri is required for bounding boxes"
    if "HumanTaskConfig.UiConfig.UiTemplateS3Uri" not in given:
        yield "HumanTaskConfig.UiConfig.UiTemplateS3Uri is required for bounding boxes"
    for name, text in given.items():
        if problem := address_problem(text, is_folder=name == "OutputConfig.S3OutputPath"):
            yield f"{name} {problem}"


def address_problem(text: str, *, is_folder: bool) -> str:
    """Why `text` cannot be the S3 address of an object (or folder), or an empty string."""
    try:
        uri = ObjectURI.parse(text)
    except ValueError as error:
        return str(error)
    if problem := bucket_name_problem(uri.bucket):
        return problem
    key = uri.key.removesuffix("/") if is_folder else uri.key
    if is_folder and not key:
        return ""
    problem = key_problem(key) or ("the key ends in /" if key.endswith("/") else "")
    return f"{text!r} cannot be used: {problem}" if problem else ""


def _task(config: Mapping[str, Any], region: str) -> Iterator[str]:
    if PUBLIC_WORKTEAM in config["WorkteamArn"]:
        yield (
            f"HumanTaskConfig.WorkteamArn names the public workforce, but {PUBLIC_WORKFORCE_CLOSED};"
            " name a private or vendor workteam"
        )
    elif config["WorkteamArn"].split(":")[3] != region:
        yield f"HumanTaskConfig.WorkteamArn must be of the region {region}"
    consolidation = config.get("AnnotationConsolidationConfig", {})
    functions = {
        ("PRE", "HumanTaskConfig.PreHumanTaskLambdaArn"): config.get("PreHumanTaskLambdaArn"),
        (
            "ACS",
            "HumanTaskConfig.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn",
        ): consolidation.get("AnnotationConsolidationLambdaArn"),
    }
    for (kind, name), arn in functions.items():
        if problem := _function_problem(arn, kind, region):
            yield f"{name} {problem}"
    if config["TaskTimeLimitInSeconds"] > MAX_TASK_SECONDS:
        yield f"HumanTaskConfig.TaskTimeLimitInSeconds must be at most {MAX_TASK_SECONDS} for image tasks"
    if config.get("TaskAvailabilityLifetimeInSeconds", 0) > MAX_AVAILABILITY_SECONDS:
        yield f"HumanTaskConfig.TaskAvailabilityLifetimeInSeconds must be at most {MAX_AVAILABILITY_SECONDS}"


def function_arn(kind: str, region: str) -> str:
    """The ARN of a built-in function for bounding boxes; `kind` is PRE or ACS."""
    account = BUILT_IN_LAMBDA_ACCOUNTS[region]
    return f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{kind}-{TASK_TYPE}"


def _function_problem(arn: str | None, kind: str, region: str) -> str:
    """Why the function is not the built-in one of this region."""
    expected = function_arn(kind, region)
    if not arn:
        return f"is required for bounding boxes; it is {expected} in this region"
    if arn == expected:
        return ""
    name = arn.split(":function:", 1)[1]
    built_in = re.fullmatch(r"(PRE|ACS)-(\w+)", name)
    if built_in and built_in[2] != TASK_TYPE:
        return f"is for the task type {built_in[2]}; this server labels {TASK_TYPE} alone"
    if built_in:
        return f"{arn} is not the built-in function of this region; it must be {expected}"
    return f"{arn} is a function of your own, which this server cannot run; it must be {expected}"


def _unsupported(request: Mapping[str, Any]) -> Iterator[str]:
    """What this server would have to ignore silently, and refuses instead."""
    if "SnsDataSource" in request["InputConfig"]["DataSource"]:
        yield "InputConfig.DataSource.SnsDataSource: this server has no streaming labeling jobs"
    if request["OutputConfig"].get("KmsKeyId"):
        yield "OutputConfig.KmsKeyId: this server does not encrypt its output"
    if request["OutputConfig"].get("SnsTopicArn"):
        yield "OutputConfig.SnsTopicArn: this server sends no notifications"
    if "LabelingJobAlgorithmsConfig" in request:
        yield "LabelingJobAlgorithmsConfig: this server has no automated data labeling"
    if request["HumanTaskConfig"]["UiConfig"].get("HumanTaskUiArn"):
        yield "HumanTaskConfig.UiConfig.HumanTaskUiArn is not for bounding boxes; give UiTemplateS3Uri"
    if "PublicWorkforceTaskPrice" in request["HumanTaskConfig"]:
        yield "HumanTaskConfig.PublicWorkforceTaskPrice is for the public workforce alone"
