"""The CreateLabelingJob request, judged by botocore's service model."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.plan.rounds import make_round, rounds

from labelround.errors import InvalidInput
from labelround.groundtruth.constraints import CREATE_LABELING_JOB, matches
from labelround.plan import plan_round
from labelround.request import (
    JobSettings,
    label_category_config,
    labeling_job_request,
    ownership_tags,
    request_problems,
)
from labelround.spec.model import LabelingRound
from labelround.spec.names import BUILT_IN_LAMBDA_ACCOUNTS

MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")
INPUT: Any = MODEL.operation_model("CreateLabelingJob").input_shape
SETTINGS = JobSettings(
    region="us-east-1",
    role_arn="arn:aws:iam::123456789012:role/GroundTruth",
    workteam_arn="arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
)


def _request(**fields: Any) -> dict[str, Any]:
    round = make_round(**fields)
    return labeling_job_request(plan_round(round, 3).jobs[0], round, SETTINGS)


def test_the_request_of_a_plain_round_is_complete() -> None:
    """Every parameter that Ground Truth's built-in bounding box task needs, and nothing else."""
    folder = "s3://ground-truth-data/bounding_box"
    job = "pens-1-4d4a966f"

    request = _request()

    assert request == {
        "LabelingJobName": job,
        "LabelAttributeName": job,
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"{folder}/manifest.json"}}},
        "OutputConfig": {"S3OutputPath": f"{folder}/ground_truth_annots/"},
        "RoleArn": "arn:aws:iam::123456789012:role/GroundTruth",
        "LabelCategoryConfigS3Uri": f"{folder}/ground_truth_annots/{job}/annotation-tool/data.json",
        "HumanTaskConfig": {
            "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team",
            "UiConfig": {"UiTemplateS3Uri": f"{folder}/ground_truth_annots/{job}/annotation-tool/template.liquid"},
            "PreHumanTaskLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBox",
            "TaskKeywords": ["image", "bounding box", "object detection"],
            "TaskTitle": "Draw a box around every pencil and pen",
            "TaskDescription": (
                "Draw a tight box around every pencil and pen in the picture. Submit without boxes when there is none."
            ),
            "NumberOfHumanWorkersPerDataObject": 1,
            "TaskTimeLimitInSeconds": 3600,
            "TaskAvailabilityLifetimeInSeconds": 864000,
            "MaxConcurrentTaskCount": 1000,
            "AnnotationConsolidationConfig": {
                "AnnotationConsolidationLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:ACS-BoundingBox"
            },
        },
        "Tags": [
            {"Key": "labelround.dev/cluster", "Value": "local"},
            {"Key": "labelround.dev/managed-by", "Value": "labelround"},
            {"Key": "labelround.dev/name", "Value": "pens-1"},
            {"Key": "labelround.dev/namespace", "Value": "default"},
            {"Key": "labelround.dev/uid", "Value": "u1"},
        ],
    }


def test_what_the_round_states_is_asked_for() -> None:
    """Limits, texts and tags arrive where Ground Truth reads them."""
    request = _request(
        labelingJob={
            "title": "Pens",
            "description": "All pens.",
            "workersPerImage": 3,
            "taskTimeLimitSeconds": 60,
            "taskAvailabilitySeconds": 120,
            "maxConcurrentTasks": 7,
            "maxHumanLabeledObjectCount": 500,
            "maxPercentageOfInputDatasetLabeled": 80,
            "labelAttributeName": "boxes",
            "tags": {"team": "vision"},
        }
    )

    task = request["HumanTaskConfig"]
    assert (task["TaskTitle"], task["TaskDescription"]) == ("Pens", "All pens.")
    assert (task["NumberOfHumanWorkersPerDataObject"], task["TaskTimeLimitInSeconds"]) == (3, 60)
    assert (task["TaskAvailabilityLifetimeInSeconds"], task["MaxConcurrentTaskCount"]) == (120, 7)
    assert request["LabelAttributeName"] == "boxes"
    assert request["StoppingConditions"] == {
        "MaxHumanLabeledObjectCount": 500,
        "MaxPercentageOfInputDatasetLabeled": 80,
    }
    assert {"Key": "team", "Value": "vision"} in request["Tags"]


def test_an_encrypted_output_names_its_key() -> None:
    """Only when there is one."""
    round = make_round()
    encrypted = JobSettings(SETTINGS.region, SETTINGS.role_arn, SETTINGS.workteam_arn, kms_key_id="alias/labels")

    request = labeling_job_request(plan_round(round, 3).jobs[0], round, encrypted)

    assert request["OutputConfig"]["KmsKeyId"] == "alias/labels"
    assert "KmsKeyId" not in _request()["OutputConfig"]


def test_ownership_tags_tell_two_clusters_apart() -> None:
    """The same namespace and name in another cluster is another round."""
    elsewhere = JobSettings("us-east-1", SETTINGS.role_arn, SETTINGS.workteam_arn, cluster="prod-2")

    tags = ownership_tags(make_round(), elsewhere)

    assert tags["labelround.dev/cluster"] == "prod-2"
    assert tags != ownership_tags(make_round(), SETTINGS)


@pytest.mark.parametrize("region", BUILT_IN_LAMBDA_ACCOUNTS)
def test_the_built_in_functions_are_those_that_botocore_documents(region: str) -> None:
    """The twelve regions' account ids stand in the service model's own text."""
    round = make_round()
    settings = JobSettings(region, SETTINGS.role_arn, SETTINGS.workteam_arn)
    task = labeling_job_request(plan_round(round, 3).jobs[0], round, settings)["HumanTaskConfig"]

    documented = MODEL.shape_for("HumanTaskConfig").members["PreHumanTaskLambdaArn"].documentation
    consolidation = MODEL.shape_for("AnnotationConsolidationConfig").members["AnnotationConsolidationLambdaArn"]

    assert task["PreHumanTaskLambdaArn"] in documented
    assert task["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"] in consolidation.documentation
    regions = re.findall(r"lambda:([a-z0-9-]+):\d{12}:function:PRE-BoundingBox", documented)
    assert set(regions) == set(BUILT_IN_LAMBDA_ACCOUNTS)


@pytest.mark.parametrize("region", ["eu-north-1", "cn-north-1", ""])
def test_a_region_without_the_task_is_refused_with_the_others_listed(region: str) -> None:
    """AWS publishes its functions in twelve regions."""
    round = make_round()

    with pytest.raises(InvalidInput, match=r"no bounding box task .*; use one of ap-northeast-1, .*, us-west-2"):
        labeling_job_request(
            plan_round(round, 3).jobs[0], round, JobSettings(region, SETTINGS.role_arn, SETTINGS.workteam_arn)
        )


def test_a_missing_role_is_refused_before_anything_is_sent() -> None:
    """The settings are judged with the rest."""
    round = make_round()

    with pytest.raises(InvalidInput) as caught:
        labeling_job_request(plan_round(round, 3).jobs[0], round, JobSettings("us-east-1", "", SETTINGS.workteam_arn))

    assert "RoleArn: has 0 characters; it takes at least 20 and at most 2048" in str(caught.value)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(rounds(), st.sampled_from([1, 250_000]), st.integers(1, 3))
def test_every_request_of_every_round_passes_the_service_model(
    round: LabelingRound, image_count: int, attempt: int
) -> None:
    """botocore's own validator, and the patterns, lengths and enums that it leaves to the service."""
    for job in plan_round(round, image_count).jobs_for_attempt(attempt, image_count):
        request = labeling_job_request(job, round, SETTINGS)

        assert ParamValidator().validate(request, INPUT).generate_report() == ""
        assert list(_violations(request, INPUT, "")) == []


def test_the_table_of_constraints_is_the_service_model_s() -> None:
    """Every member, bound, pattern and enum of CreateLabelingJob, and no other."""
    stated = {
        path: (one.required, one.minimum, one.maximum, one.pattern, one.choices)
        for path, one in CREATE_LABELING_JOB.items()
    }

    assert stated == {path: _constraint(shape, required) for path, shape, required in _walk(INPUT, "", required=False)}


def test_a_good_request_has_no_problem() -> None:
    """Neither by the model nor by the developer guide."""
    assert request_problems(_request()) == []


BROKEN: dict[str, tuple[str, Any, str]] = {
    "a name with an underscore": ("LabelingJobName", "a_b", "LabelingJobName: 'a_b' does not match"),
    "a name that is too long": ("LabelingJobName", "a" * 64, "LabelingJobName: has 64 characters; it takes at least 1"),
    "a reserved attribute": ("LabelAttributeName", "x-metadata", "LabelAttributeName: 'x-metadata' ends in -metadata"),
    "an unknown member": ("Name", "x", "Name: is not a member of CreateLabelingJob; remove it"),
    "a number for a text": ("RoleArn", 7, "RoleArn: is of the wrong type, int"),
    "a text for a number": (
        "HumanTaskConfig.TaskTimeLimitInSeconds",
        "60",
        "HumanTaskConfig.TaskTimeLimitInSeconds: is of the wrong type, str",
    ),
    "ten workers": (
        "HumanTaskConfig.NumberOfHumanWorkersPerDataObject",
        10,
        "HumanTaskConfig.NumberOfHumanWorkersPerDataObject: is 10; it takes at least 1 and at most 9",
    ),
    "nine hours for a picture": (
        "HumanTaskConfig.TaskTimeLimitInSeconds",
        32_400,
        "HumanTaskConfig.TaskTimeLimitInSeconds: is 32400; it takes at most 28800 seconds",
    ),
    "a task for 31 days": (
        "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds",
        31 * 86_400,
        "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds: is 2678400; it takes at most 2592000 seconds",
    ),
    "an emoji in the title": ("HumanTaskConfig.TaskTitle", "🖊", "HumanTaskConfig.TaskTitle: '🖊' does not match"),
    "a description of two lines": (
        "HumanTaskConfig.TaskDescription",
        "a\r",
        "HumanTaskConfig.TaskDescription: 'a\\r' does not match .+",
    ),
    "a keyword with a dash": (
        "HumanTaskConfig.TaskKeywords",
        ["a-b"],
        "HumanTaskConfig.TaskKeywords[0]: 'a-b' does not match",
    ),
    "no keywords": (
        "HumanTaskConfig.TaskKeywords",
        [],
        "HumanTaskConfig.TaskKeywords: has 0 items; it takes at least 1 and at most 5",
    ),
    "a tag with a brace": ("Tags", [{"Key": "{", "Value": "é 設"}], "Tags[0].Key: '{' does not match"),
    "a tag without a value": ("Tags", [{"Key": "a"}], "Tags[0].Value: is missing; it is required"),
    "no source": ("InputConfig.DataSource", {}, "InputConfig.DataSource: names no source"),
    "a classifier that does not exist": (
        "InputConfig.DataAttributes",
        {"ContentClassifiers": ["Free"]},
        "InputConfig.DataAttributes.ContentClassifiers[0]: is 'Free'; write FreeOfPersonally",
    ),
    "the public workforce": (
        "HumanTaskConfig.WorkteamArn",
        "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default",
        "HumanTaskConfig.WorkteamArn: is the public workforce",
    ),
    "a price": (
        "HumanTaskConfig.PublicWorkforceTaskPrice",
        {"AmountInUsd": {"Cents": 100}},
        "HumanTaskConfig.PublicWorkforceTaskPrice.AmountInUsd.Cents: is 100; it takes at most 99",
    ),
    "no page": ("HumanTaskConfig.UiConfig", {}, "HumanTaskConfig.UiConfig.UiTemplateS3Uri: is missing"),
}


@pytest.mark.parametrize(("path", "value", "expected"), BROKEN.values(), ids=BROKEN)
def test_a_broken_request_is_refused_with_the_member_s_path(path: str, value: Any, expected: str) -> None:
    """As the service would, but before it is asked."""
    request = _request()
    place: Any = request
    *steps, last = path.split(".")
    for step in steps:
        place = place[step]
    place[last] = value

    problems = [str(problem) for problem in request_problems(request)]

    assert any(problem.startswith(expected) for problem in problems), problems


def test_a_missing_member_is_named() -> None:
    """Required members of the whole request and of its structures."""
    request = _request()
    del request["RoleArn"], request["OutputConfig"]["S3OutputPath"]

    problems = [str(problem) for problem in request_problems(request)]

    assert problems == [
        "RoleArn: is missing; it is required",
        "OutputConfig.S3OutputPath: is missing; it is required",
    ]


JAVA_PATTERNS = {
    "a dot stops at a line feed": (".+", "a\n", False),
    "a dot stops at a carriage return": (".+", "a\rb", False),
    "a dot stops at a next line": (".+", "a\x85", False),
    "a dot stops at a line separator": (".+", "\u2028", False),
    "a dot takes an emoji": (".+", "🖊", True),
    "a dot in a class is a dot": ("[a-z_.-]+", "a.b", True),
    "a dot in a class is nothing else": ("[a-z_.-]+", "a!b", False),
    "a title takes line ends": (r"[\t\n\r -\uD7FF\uE000-\uFFFD]*", "a\r\n\tb", True),
    "a title takes no emoji": (r"[\t\n\r -\uD7FF\uE000-\uFFFD]*", "🖊", False),
    "a tag takes letters of any script": (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "設备 é٣-1", True),
    "a tag takes no mark": (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "e\u0301", False),
    "a tag takes no brace": (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "{", False),
    "the whole text counts": ("[a-z]+", "a\n", False),
}


@pytest.mark.parametrize(("pattern", "text", "expected"), JAVA_PATTERNS.values(), ids=JAVA_PATTERNS)
def test_patterns_are_read_as_java_reads_them(pattern: str, text: str, expected: bool) -> None:
    """Line ends and Unicode classes differ from Python's."""
    assert matches(pattern, text) is expected


def test_the_category_file_lists_the_labels_in_order() -> None:
    """In UTF-8, with the version that AWS asks for; a label's place is its class id."""
    content = label_category_config(["设备 ", 'a "b"'])

    assert content == '{"document-version":"2018-11-28","labels":[{"label":"设备 "},{"label":"a \\"b\\""}]}'.encode()
    assert [entry["label"] for entry in json.loads(content)["labels"]] == ["设备 ", 'a "b"']


def _walk(shape: Any, path: str, *, required: bool) -> Iterator[tuple[str, Any, bool]]:
    if path:
        yield path, shape, required
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from _walk(member, f"{path}.{name}" if path else name, required=name in shape.required_members)
    elif shape.type_name == "list":
        yield from _walk(shape.member, f"{path}[]", required=False)


def _constraint(shape: Any, required: bool) -> tuple[bool, Any, Any, str, tuple[str, ...]]:
    bounds = shape.metadata
    return (
        required,
        bounds.get("min"),
        bounds.get("max"),
        bounds.get("pattern", ""),
        tuple(getattr(shape, "enum", None) or ()),
    )


def _violations(value: Any, shape: Any, path: str) -> Iterator[str]:
    """What the service model refuses in `value`, read from the model itself."""
    bounds = shape.metadata
    size = value if isinstance(value, int) else len(value)
    if shape.type_name != "structure" and not bounds.get("min", size) <= size <= bounds.get("max", size):
        yield f"{path}: size {size}"
    if isinstance(value, str):
        if not _fits(bounds.get("pattern", ".*"), value):
            yield f"{path}: {value!r} against {bounds['pattern']}"
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{path}: {value!r} is not in the enum"
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _violations(member, shape.members[name], f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _violations(item, shape.member, f"{path}[{index}]")


def _fits(pattern: str, text: str) -> bool:
    """Whether the text matches in Java and in Python alike."""
    if "\\p{" in pattern:
        return all(character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN" for character in text)
    return not set("\n\r\x85\u2028\u2029") & set(text) and re.fullmatch(pattern, text) is not None
