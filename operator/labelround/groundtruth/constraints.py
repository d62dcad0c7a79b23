"""What CreateLabelingJob takes, field by field, as the service itself checks it.

botocore checks required members and minima alone; everything else would come back from AWS as a ValidationException.
The table is that of botocore's sagemaker model (2017-07-24), patterns included; a test compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from labelround.errors import Problem


@dataclass(frozen=True, slots=True)
class Constraint:
    """One member of a request. Bounds are of a text's length, a number's value or a list's items.

    `pattern` is a Java regular expression over the whole text.
    """

    kind: type
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    pattern: str = ""
    choices: tuple[str, ...] = ()


def _structure(*, required: bool = False) -> Constraint:
    return Constraint(dict, required)


def _text(minimum: int, maximum: int, pattern: str = "", *, required: bool = False) -> Constraint:
    return Constraint(str, required, minimum, maximum, pattern)


def _number(minimum: int, maximum: int | None = None, *, required: bool = False) -> Constraint:
    return Constraint(int, required, minimum, maximum)


def _address(*, required: bool = False) -> Constraint:
    return _text(0, 1024, "(https|s3)://([^/]+)/?(.*)", required=required)


def _arn(service: str, resource: str, maximum: int = 2048, *, minimum: int = 0, required: bool = False) -> Constraint:
    return _text(minimum, maximum, rf"arn:aws[a-z\-]*:{service}:{resource}", required=required)


_LAMBDA = r"[a-z0-9\-]*:[0-9]{12}:function:.*"
_TOPIC = r"[a-z0-9\-]*:[0-9]{12}:[a-zA-Z0-9_.-]+"
_KEY_ID = "[a-zA-Z0-9:/_-]*"
_TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
_VPC_NAME = "[-0-9a-zA-Z]+"
_ALGORITHM = "LabelingJobAlgorithmsConfig"
_TASK = "HumanTaskConfig"
_VPC = f"{_ALGORITHM}.LabelingJobResourceConfig.VpcConfig"

CREATE_LABELING_JOB: Mapping[str, Constraint] = MappingProxyType(
    {
        "LabelingJobName": _text(1, 63, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", required=True),
        "LabelAttributeName": _text(1, 127, "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,126}", required=True),
        "InputConfig": _structure(required=True),
        "InputConfig.DataSource": _structure(required=True),
        "InputConfig.DataSource.S3DataSource": _structure(),
        "InputConfig.DataSource.S3DataSource.ManifestS3Uri": _address(required=True),
        "InputConfig.DataSource.SnsDataSource": _structure(),
        "InputConfig.DataSource.SnsDataSource.SnsTopicArn": _arn("sns", _TOPIC, required=True),
        "InputConfig.DataAttributes": _structure(),
        "InputConfig.DataAttributes.ContentClassifiers": Constraint(list, minimum=0, maximum=256),
        "InputConfig.DataAttributes.ContentClassifiers[]": Constraint(
            str, choices=("FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent")
        ),
        "OutputConfig": _structure(required=True),
        "OutputConfig.S3OutputPath": _address(required=True),
        "OutputConfig.KmsKeyId": _text(0, 2048, _KEY_ID),
        "OutputConfig.SnsTopicArn": _arn("sns", _TOPIC),
        "RoleArn": _arn("iam", r":\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", minimum=20, required=True),
        "LabelCategoryConfigS3Uri": _address(),
        "StoppingConditions": _structure(),
        "StoppingConditions.MaxHumanLabeledObjectCount": _number(1),
        "StoppingConditions.MaxPercentageOfInputDatasetLabeled": _number(1, 100),
        _ALGORITHM: _structure(),
        f"{_ALGORITHM}.LabelingJobAlgorithmSpecificationArn": _text(0, 2048, "arn:.*", required=True),
        f"{_ALGORITHM}.InitialActiveLearningModelArn": _arn("sagemaker", r"[a-z0-9\-]*:[0-9]{12}:model/.*", minimum=20),
        f"{_ALGORITHM}.LabelingJobResourceConfig": _structure(),
        f"{_ALGORITHM}.LabelingJobResourceConfig.VolumeKmsKeyId": _text(0, 2048, _KEY_ID),
        _VPC: _structure(),
        f"{_VPC}.SecurityGroupIds": Constraint(list, required=True, minimum=1, maximum=5),
        f"{_VPC}.SecurityGroupIds[]": _text(0, 32, _VPC_NAME),
        f"{_VPC}.Subnets": Constraint(list, required=True, minimum=1, maximum=16),
        f"{_VPC}.Subnets[]": _text(0, 32, _VPC_NAME),
        _TASK: _structure(required=True),
        f"{_TASK}.WorkteamArn": _arn("sagemaker", r"[a-z0-9\-]*:[0-9]{12}:workteam/.*", 256, required=True),
        f"{_TASK}.UiConfig": _structure(required=True),
        f"{_TASK}.UiConfig.UiTemplateS3Uri": _address(),
        f"{_TASK}.UiConfig.HumanTaskUiArn": _arn("sagemaker", r"[a-z0-9\-]+:[0-9]{12}:human-task-ui/.*", 1024),
        f"{_TASK}.PreHumanTaskLambdaArn": _arn("lambda", _LAMBDA),
        f"{_TASK}.TaskKeywords": Constraint(list, minimum=1, maximum=5),
        f"{_TASK}.TaskKeywords[]": _text(1, 30, "[A-Za-z0-9]+( [A-Za-z0-9]+)*"),
        f"{_TASK}.TaskTitle": _text(1, 128, r"[\t\n\r -\uD7FF\uE000-\uFFFD]*", required=True),
        f"{_TASK}.TaskDescription": _text(1, 255, ".+", required=True),
        f"{_TASK}.NumberOfHumanWorkersPerDataObject": _number(1, 9, required=True),
        f"{_TASK}.TaskTimeLimitInSeconds": _number(30, required=True),
        f"{_TASK}.TaskAvailabilityLifetimeInSeconds": _number(60),
        f"{_TASK}.MaxConcurrentTaskCount": _number(1, 5000),
        f"{_TASK}.AnnotationConsolidationConfig": _structure(),
        f"{_TASK}.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn": _arn(
            "lambda", _LAMBDA, required=True
        ),
        f"{_TASK}.PublicWorkforceTaskPrice": _structure(),
        f"{_TASK}.PublicWorkforceTaskPrice.AmountInUsd": _structure(),
        f"{_TASK}.PublicWorkforceTaskPrice.AmountInUsd.Dollars": _number(0, 2),
        f"{_TASK}.PublicWorkforceTaskPrice.AmountInUsd.Cents": _number(0, 99),
        f"{_TASK}.PublicWorkforceTaskPrice.AmountInUsd.TenthFractionsOfACent": _number(0, 9),
        "Tags": Constraint(list, minimum=0, maximum=50),
        "Tags[]": _structure(),
        "Tags[].Key": _text(1, 128, _TAG, required=True),
        "Tags[].Value": _text(0, 256, _TAG, required=True),
    }
)


def constraint_problems(request: Mapping[str, Any]) -> Iterator[Problem]:
    """Every member of a CreateLabelingJob request that the table refuses, by its path in the request."""
    yield from _members(request, "", "")


def _members(structure: Mapping[str, Any], row: str, path: str) -> Iterator[Problem]:
    """The problems of a structure. `row` is where it stands in the table, `path` where in the request."""
    known = {name for name in CREATE_LABELING_JOB if name.rpartition(".")[0] == row and not name.endswith("[]")}
    for name in sorted(known):
        member = name.rpartition(".")[2]
        if CREATE_LABELING_JOB[name].required and member not in structure:
            yield Problem(_join(path, member), "is missing", "it is required")
    for member, value in structure.items():
        name = _join(row, member)
        if name in known:
            yield from _value(value, name, _join(path, member))
        else:
            yield Problem(_join(path, member), "is not a member of CreateLabelingJob", "remove it")


def _value(value: Any, row: str, path: str) -> Iterator[Problem]:
    constraint = CREATE_LABELING_JOB[row]
    kind: Any = constraint.kind
    if not isinstance(value, kind) or isinstance(value, bool):
        yield Problem(path, f"is of the wrong type, {type(value).__name__}")
        return
    size = value if isinstance(value, int) else len(value)
    if (constraint.minimum is not None and size < constraint.minimum) or (
        constraint.maximum is not None and size > constraint.maximum
    ):
        yield Problem(path, *_range(constraint, size))
    if constraint.pattern and not matches(constraint.pattern, value):
        yield Problem(path, f"{value!r} does not match {constraint.pattern}")
    if constraint.choices and value not in constraint.choices:
        yield Problem(path, f"is {value!r}", f"write {' or '.join(constraint.choices)}")
    if isinstance(value, dict):
        yield from _members(value, row, path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value(item, f"{row}[]", f"{path}[{index}]")


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches a Java regular expression of the service model."""
    if r"\p{" in pattern:
        text = "".join("x" if unicodedata.category(character)[0] in "LZN" else character for character in text)
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Java's `.` stops at five line ends, Python's at one; letters, separators and numbers all stand as `x`."""
    pattern = pattern.replace(r"\p{L}\p{Z}\p{N}", "x")
    return re.compile(re.sub(r"\.(?=[*+])", "[^\n\r\x85\u2028\u2029]", pattern))


def _range(constraint: Constraint, size: int) -> tuple[str, str]:
    units: dict[type, str] = {str: " characters", list: " items"}
    unit = units.get(constraint.kind, "")
    upper = f"at most {constraint.maximum}" if constraint.maximum is not None else ""
    lower = f"at least {constraint.minimum}" if constraint.minimum else ""
    what = f"has {size}{unit}" if unit else f"is {size}"
    return what, f"it takes {' and '.join(filter(None, (lower, upper)))}"


def _join(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member
