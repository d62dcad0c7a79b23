"""Every constraint of botocore's model is enforced: each is broken once, in a request that keeps all others."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import regex  # type: ignore[import-untyped] # an engine of its own, that knows \p{L}
from botocore.loaders import create_loader
from botocore.model import ServiceModel
from tests.server.labeling import Place, post, refused, request, task

VPC = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
TOPIC = "arn:aws:sns:us-east-1:000000000000:topic"
# Holds every member; the rules beyond the shapes, which would refuse some, are asked only afterwards.
FULL = request(
    InputConfig={
        "DataSource": {
            "S3DataSource": {"ManifestS3Uri": "s3://pens/manifest.json"},
            "SnsDataSource": {"SnsTopicArn": TOPIC},
        },
        "DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]},
    },
    OutputConfig={"S3OutputPath": "s3://pens/annots", "KmsKeyId": "key", "SnsTopicArn": TOPIC},
    StoppingConditions={"MaxHumanLabeledObjectCount": 1, "MaxPercentageOfInputDatasetLabeled": 1},
    LabelingJobAlgorithmsConfig={
        "LabelingJobAlgorithmSpecificationArn": "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm",
        "InitialActiveLearningModelArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m",
        "LabelingJobResourceConfig": {"VolumeKmsKeyId": "key", "VpcConfig": VPC},
    },
    HumanTaskConfig=task(
        UiConfig={
            "UiTemplateS3Uri": "s3://pens/t.liquid",
            "HumanTaskUiArn": "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/X",
        },
        TaskKeywords=["pens"],
        TaskAvailabilityLifetimeInSeconds=60,
        MaxConcurrentTaskCount=1,
        PublicWorkforceTaskPrice={"AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}},
    ),
    Tags=[{"Key": "k", "Value": "v"}],
)
REQUESTS = {
    "create_labeling_job": ("CreateLabelingJob", FULL),
    "describe_labeling_job": ("DescribeLabelingJob", {"LabelingJobName": "pens-1"}),
    "stop_labeling_job": ("StopLabelingJob", {"LabelingJobName": "pens-1"}),
    "list_labeling_jobs": (
        "ListLabelingJobs",
        {
            "MaxResults": 1,
            "NextToken": "x",
            "NameContains": "x",
            "SortBy": "Name",
            "SortOrder": "Ascending",
            "StatusEquals": "Failed",
        },
    ),
}
UNLIKELY = ["!", "\n", "", "\u0000", "no"]
ABSENT = object()


@dataclass(frozen=True)
class Breach:
    """A way to break one constraint: the member at `path` becomes `value`, and the answer names `member`."""

    method: str
    path: tuple[Any, ...]
    constraint: str
    value: Any
    member: str

    def __str__(self) -> str:
        return f"{self.method}:{'.'.join(map(str, self.path))}:{self.constraint}"

    def request(self) -> dict[str, Any]:
        broken = copy.deepcopy(REQUESTS[self.method][1])
        place: Any = broken
        for step in self.path[:-1]:
            place = place[step]
        if self.value is ABSENT:
            del place[self.path[-1]]
        else:
            place[self.path[-1]] = self.value
        return broken


@cache
def breaches() -> list[Breach]:
    """One for every constrained member of the four operations."""
    model = ServiceModel(create_loader().load_service_model("sagemaker", "service-2"), "sagemaker")
    return [
        Breach(method, path, constraint, value, member)
        for method, (operation, _) in REQUESTS.items()
        for path, constraint, value, member in _of_structure(model.operation_model(operation).input_shape, (), "")
    ]


def _of_structure(shape: Any, path: tuple[Any, ...], member: str) -> Iterator[tuple[Any, str, Any, str]]:
    for name, inner in shape.members.items():
        named = f"{member}.{name[0].lower()}{name[1:]}".lstrip(".")
        if name in shape.required_members:
            yield (*path, name), "required", ABSENT, named
        yield from _of_value(inner, (*path, name), named)


def _of_value(shape: Any, path: tuple[Any, ...], member: str) -> Iterator[tuple[Any, str, Any, str]]:
    limits = shape.metadata
    if shape.type_name == "structure":
        yield from _of_structure(shape, path, member)
    elif shape.type_name == "list":
        yield from ((path, name, value, member) for name, value in _wrong_lists(shape))
        inside = f"{member}.1.member" if shape.member.type_name == "structure" else member
        yield from _of_value(shape.member, (*path, 0), inside)
    elif shape.type_name == "integer":
        yield from (
            (path, name, limits[name] + step, member) for name, step in (("min", -1), ("max", 1)) if name in limits
        )
    elif shape.type_name == "string":
        yield from ((path, name, value, member) for name, value in _wrong_texts(limits))


def _wrong_lists(shape: Any) -> Iterator[tuple[str, Any]]:
    item = {"Key": "k", "Value": "v"} if shape.member.type_name == "structure" else "x"
    item = shape.member.metadata.get("enum", [item])[0]
    if shape.metadata.get("min"):
        yield "min", []
    if "max" in shape.metadata:
        yield "max", [item] * (shape.metadata["max"] + 1)


def _wrong_texts(limits: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if limits.get("min"):
        yield "min", "x" * (limits["min"] - 1)
    if "max" in limits:
        yield "max", "x" * (limits["max"] + 1)
    if "pattern" in limits:
        fitting = regex.compile(limits["pattern"])
        wrong = [text for text in UNLIKELY if not fitting.fullmatch(text)]
        assert wrong, f"no text breaks {limits['pattern']}"
        yield "pattern", wrong[0]
    if "enum" in limits:
        yield "enum", "Nonsense"


def test_there_is_something_to_walk() -> None:
    """All four operations, all kinds of constraints."""
    kinds = {(breach.method, breach.constraint) for breach in breaches()}

    assert len(breaches()) > 110
    assert {kind for method, kind in kinds if method == "create_labeling_job"} == {
        "required",
        "min",
        "max",
        "pattern",
        "enum",
    }
    assert {method for method, _ in kinds} == set(REQUESTS)


def test_each_broken_constraint_is_refused_by_the_name_of_its_member(place: Place) -> None:
    """A ValidationException in AWS's words."""
    missed = []

    with place.serving() as api:
        for breach in breaches():
            code, message = refused(getattr(api, breach.method), **breach.request())
            if code != "ValidationException" or f"at '{breach.member}' failed to satisfy constraint: " not in message:
                missed.append((str(breach), code, message))

    assert missed == []


def test_each_broken_constraint_breaks_alone(place: Place) -> None:
    """The request that the walk starts from has no other fault."""
    with place.serving() as api:
        code, message = refused(api.create_labeling_job, **FULL)

    assert code == "ValidationException"
    assert "failed to satisfy constraint" not in message


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"LabelingJobName": "no_underscore"},
            "1 validation error detected: Value 'no_underscore' at 'labelingJobName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        (
            {"HumanTaskConfig": task(NumberOfHumanWorkersPerDataObject=99, TaskTimeLimitInSeconds=29)},
            "2 validation errors detected: Value '99' at 'humanTaskConfig.numberOfHumanWorkersPerDataObject' failed to"
            " satisfy constraint: Member must have value less than or equal to 9; Value '29' at"
            " 'humanTaskConfig.taskTimeLimitInSeconds' failed to satisfy constraint: Member must have value greater"
            " than or equal to 30",
        ),
        (
            {"RoleArn": None},
            "1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be"
            " null",
        ),
        (
            {"HumanTaskConfig": task(TaskKeywords=["a", "-"])},
            "1 validation error detected: Value '[a, -]' at 'humanTaskConfig.taskKeywords' failed to satisfy"
            " constraint: Member must satisfy constraint: [Member must have length less than or equal to 30, Member"
            " must have length greater than or equal to 1, Member must satisfy regular expression pattern:"
            " [A-Za-z0-9]+( [A-Za-z0-9]+)*]",
        ),
    ],
)
def test_violations_are_told_in_the_words_of_aws_and_all_at_once(
    place: Place, changes: dict[str, Any], expected: str
) -> None:
    """Scripts that read these messages find what they expect."""
    with place.serving() as api:
        code, message = refused(api.create_labeling_job, **{**request(), **changes})

    assert (code, message) == ("ValidationException", expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"LabelingJobName": 7},
        {"Tags": {"Key": "k"}},
        {"Tags": ["k"]},
        {"OutputConfig": []},
        {"HumanTaskConfig": task(TaskTimeLimitInSeconds="600")},
        {"HumanTaskConfig": task(TaskTimeLimitInSeconds=600.5)},
        {"HumanTaskConfig": task(TaskTimeLimitInSeconds=True)},
        {"HumanTaskConfig": task(TaskTimeLimitInSeconds=2**31)},
        {"HumanTaskConfig": task(TaskKeywords=[None])},
    ],
)
def test_values_of_the_wrong_type_are_serialization_errors(place: Place, changes: dict[str, Any]) -> None:
    """They never reach the constraints."""
    with place.serving():
        answer = post(place.front.endpoint, "CreateLabelingJob", {**request(), **changes})

    assert (answer.status, answer.content["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("tag", ["Ölfarben", "한국어", "١٢٣", "a b", "a:b/c=d+e-f@g_h.i"])
def test_tags_may_hold_letters_digits_and_spaces_of_any_script(place: Place, tag: str) -> None:
    """`\\p{L}`, `\\p{N}` and `\\p{Z}` mean the same as at AWS."""
    with place.serving() as api:
        api.create_labeling_job(**request(Tags=[{"Key": tag, "Value": tag}]))

        assert api.describe_labeling_job(LabelingJobName="pens-1")["Tags"] == [{"Key": tag, "Value": tag}]
