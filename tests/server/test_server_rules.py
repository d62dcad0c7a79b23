"""The rules of Ground Truth that its service model does not hold, and the checks of what a request names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.server.labeling import BUCKET, Place, refused, request, task

LAMBDA = "arn:aws:lambda:us-east-1:432418664414:function:"
CONSOLIDATION = "AnnotationConsolidationLambdaArn"
TEAM = "arn:aws:sagemaker:us-east-1:{account}:workteam/{team}"


def data_source(**source: Any) -> dict[str, Any]:
    return {"InputConfig": {"DataSource": source}}


RULES: dict[str, tuple[dict[str, Any], str]] = {
    "the attribute ends in -metadata": ({"LabelAttributeName": "pens-metadata"}, "LabelAttributeName"),
    "the attribute ends in -ref": ({"LabelAttributeName": "pens-ref"}, "LabelAttributeName"),
    "the attribute is reserved": ({"LabelAttributeName": "source"}, "LabelAttributeName"),
    "a tag is given twice": ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "'a' is given twice"),
    "a tag is reserved": ({"Tags": [{"Key": "AWS:x", "Value": "1"}]}, "reserved"),
    "the public workforce": (
        {"HumanTaskConfig": task(WorkteamArn=TEAM.format(account=394669845002, team="public-crowd/default"))},
        "Mechanical Turk",
    ),
    "a workteam of another region": (
        {"HumanTaskConfig": task(WorkteamArn="arn:aws:sagemaker:eu-west-1:000000000000:workteam/private-crowd/x")},
        "region us-east-1",
    ),
    "a function of another region": (
        {"HumanTaskConfig": task(PreHumanTaskLambdaArn=LAMBDA.replace("us-east-1", "eu-west-1") + "PRE-BoundingBox")},
        f"must be {LAMBDA}PRE-BoundingBox",
    ),
    "a function of another account": (
        {"HumanTaskConfig": task(PreHumanTaskLambdaArn=LAMBDA.replace("4324", "9999") + "PRE-BoundingBox")},
        f"must be {LAMBDA}PRE-BoundingBox",
    ),
    "the functions of another task type": (
        {
            "HumanTaskConfig": task(
                PreHumanTaskLambdaArn=f"{LAMBDA}PRE-SemanticSegmentation",
                AnnotationConsolidationConfig={CONSOLIDATION: f"{LAMBDA}ACS-SemanticSegmentation"},
            )
        },
        "task type SemanticSegmentation",
    ),
    "a consolidation function before the task": (
        {"HumanTaskConfig": task(PreHumanTaskLambdaArn=f"{LAMBDA}ACS-BoundingBox")},
        "PreHumanTaskLambdaArn",
    ),
    "a function of one's own": (
        {"HumanTaskConfig": task(PreHumanTaskLambdaArn=f"{LAMBDA}gt-mine")},
        "a function of your own",
    ),
    "no functions": (
        {
            "HumanTaskConfig": {
                name: value for name, value in task().items() if "Lambda" not in name and "Anno" not in name
            }
        },
        "AnnotationConsolidationLambdaArn is required",
    ),
    "tasks longer than eight hours": ({"HumanTaskConfig": task(TaskTimeLimitInSeconds=28_801)}, "28800"),
    "tasks available longer than 30 days": (
        {"HumanTaskConfig": task(TaskAvailabilityLifetimeInSeconds=2_592_001)},
        "2592000",
    ),
    "streaming": (data_source(SnsDataSource={"SnsTopicArn": "arn:aws:sns:us-east-1:000000000000:t"}), "streaming"),
    "encryption": ({"OutputConfig": {"S3OutputPath": "s3://pens/annots", "KmsKeyId": "key"}}, "encrypt"),
    "notifications": (
        {"OutputConfig": {"S3OutputPath": "s3://pens/a", "SnsTopicArn": "arn:aws:sns:us-east-1:000000000000:t"}},
        "notifications",
    ),
    "automated labeling": (
        {"LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": "arn:aws:sagemaker:x"}},
        "automated data labeling",
    ),
    "a page for another task": (
        {
            "HumanTaskConfig": task(
                UiConfig={"HumanTaskUiArn": "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/PointCloud"}
            )
        },
        "UiTemplateS3Uri is required",
    ),
    "a price": (
        {"HumanTaskConfig": task(PublicWorkforceTaskPrice={"AmountInUsd": {"Cents": 3}})},
        "public workforce alone",
    ),
    "no labels": ({"LabelCategoryConfigS3Uri": None}, "LabelCategoryConfigS3Uri is required"),
    "an address of the web": ({"LabelCategoryConfigS3Uri": "https://pens/data.json"}, "LabelCategoryConfigS3Uri"),
    "a manifest that is not there": (data_source(S3DataSource={"ManifestS3Uri": "s3://pens/no.json"}), "ManifestS3Uri"),
    "a manifest that is a folder": (data_source(S3DataSource={"ManifestS3Uri": "s3://pens/"}), "ManifestS3Uri"),
    "a bucket that is not there": (data_source(S3DataSource={"ManifestS3Uri": "s3://nowhere/x"}), "nowhere"),
    "a bucket that leads out of the root": (data_source(S3DataSource={"ManifestS3Uri": "s3://../x"}), "'..'"),
    "a key that leads out of the bucket": (data_source(S3DataSource={"ManifestS3Uri": "s3://pens/../x"}), "`..`"),
    "a category file that is not there": (
        {"LabelCategoryConfigS3Uri": "s3://pens/no.json"},
        "LabelCategoryConfigS3Uri",
    ),
    "a template that is not there": (
        {"HumanTaskConfig": task(UiConfig={"UiTemplateS3Uri": "s3://pens/no.liquid"})},
        "UiTemplateS3Uri",
    ),
    "an output bucket that is not there": ({"OutputConfig": {"S3OutputPath": "s3://nowhere/x"}}, "S3OutputPath"),
    "an output that leads out of the bucket": ({"OutputConfig": {"S3OutputPath": "s3://pens/a/../.."}}, "S3OutputPath"),
    "an output below a file": ({"OutputConfig": {"S3OutputPath": "s3://pens/manifest.json/x"}}, "is a file"),
}


@pytest.mark.parametrize("case", RULES)
def test_a_request_that_breaks_a_rule_is_refused_and_makes_no_job(place: Place, case: str) -> None:
    """A ValidationException that names what is wrong."""
    changes, told = RULES[case]
    with place.serving() as api:
        code, message = refused(api.create_labeling_job, **{**request(), **changes})
        jobs = api.list_labeling_jobs()["LabelingJobSummaryList"]

    assert code == "ValidationException"
    assert told in message
    assert jobs == []


def test_all_broken_rules_are_told_at_once(place: Place) -> None:
    """Nobody has to ask three times."""
    changes: dict[str, Any] = {"LabelAttributeName": "a-ref", "HumanTaskConfig": task(TaskTimeLimitInSeconds=30_000)}
    with place.serving() as api:
        _, message = refused(api.create_labeling_job, **request(**changes))

    assert "LabelAttributeName" in message
    assert "TaskTimeLimitInSeconds" in message


def test_all_files_that_cannot_be_used_are_told_at_once(place: Place) -> None:
    """Manifest, labels and template."""
    for name in ("manifest.json", "data.json", "template.liquid"):
        place.write(name, b"")
    with place.serving() as api:
        _, message = refused(api.create_labeling_job, **request())

    assert all(name in message for name in ("ManifestS3Uri", "LabelCategoryConfigS3Uri", "UiTemplateS3Uri"))


CATEGORIES = {
    "not JSON": (b"{", "is not JSON"),
    "no labels": (b'{"labels": []}', "labels"),
    "51 labels": (json.dumps({"labels": [{"label": str(n)} for n in range(51)]}).encode(), "51 labels"),
    "a label twice": (b'{"labels": [{"label": "a"}, {"label": "a"}]}', "repeats"),
    "an empty label": (b'{"labels": [{"label": ""}]}', "0 characters"),
    "more than a megabyte": (b" " * (1 << 20) + b"{}", "bytes"),
}


@pytest.mark.parametrize("case", CATEGORIES)
def test_a_wrong_label_category_file_is_refused(place: Place, case: str) -> None:
    """1 to 50 labels, each once."""
    content, told = CATEGORIES[case]
    place.write("data.json", content)
    with place.serving() as api:
        code, message = refused(api.create_labeling_job, **request())

    assert code == "ValidationException"
    assert told in message


def test_fifty_labels_with_a_document_version_are_fine(place: Place) -> None:
    """As Ground Truth's own files have it."""
    labels = [{"label": f"class {number} "} for number in range(50)]
    place.write("data.json", json.dumps({"document-version": "2018-11-28", "labels": labels}).encode())
    with place.serving() as api:
        assert api.create_labeling_job(**request())["LabelingJobArn"]


@pytest.mark.parametrize("again", ["pens-1", "PENS-1", "Pens-1"])
def test_a_used_name_is_spent_whatever_its_case_and_status(place: Place, again: str) -> None:
    """ResourceInUse, with the ARN of the job that has it, also after its end."""
    with place.serving() as api:
        arn = api.create_labeling_job(**request("pens-1"))["LabelingJobArn"]
        running = refused(api.create_labeling_job, **request(again))
        place.finish()
        ended = refused(api.create_labeling_job, **request(again))

    assert running[0] == ended[0] == "ResourceInUse"
    assert arn in running[1]


def test_stock_clients_know_the_errors_by_name(place: Place) -> None:
    """`client.exceptions.ResourceInUse` and `ResourceNotFound`."""
    with place.serving() as api:
        api.create_labeling_job(**request())

        with pytest.raises(api.exceptions.ResourceInUse):
            api.create_labeling_job(**request())
        with pytest.raises(api.exceptions.ResourceNotFound):
            api.describe_labeling_job(LabelingJobName="other")
        with pytest.raises(api.exceptions.ResourceNotFound):
            api.stop_labeling_job(LabelingJobName="other")


def test_an_output_that_leads_out_of_its_bucket_by_a_link_is_refused(place: Place, tmp_path: Path) -> None:
    """A symbolic link in the bucket does not open the rest of the disk."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (place.bucket / "annots").symlink_to(outside)
    with place.serving() as api:
        code, message = refused(api.create_labeling_job, **request())

    assert code == "ValidationException"
    assert "symbolic link" in message


def test_a_link_that_is_made_after_the_request_is_not_followed(place: Place, tmp_path: Path) -> None:
    """The job fails, and nothing is written outside."""
    outside = tmp_path / "outside"
    outside.mkdir()
    with place.serving() as api:
        api.create_labeling_job(**request())
        (place.bucket / "annots").symlink_to(outside)

        place.finish()
        job = api.describe_labeling_job(LabelingJobName="pens-1")

    assert job["LabelingJobStatus"] == "Failed"
    assert "symbolic link" in job["FailureReason"]
    assert list(outside.iterdir()) == []


def test_a_manifest_that_vanishes_fails_the_job(place: Place) -> None:
    """It was there when the job was made."""
    with place.serving() as api:
        api.create_labeling_job(**request())
        (place.bucket / "manifest.json").unlink()

        place.finish()
        job = api.describe_labeling_job(LabelingJobName="pens-1")

    assert job["LabelingJobStatus"] == "Failed"
    assert "manifest.json" in job["FailureReason"]


def test_the_output_may_be_the_root_of_another_bucket(place: Place) -> None:
    """It writes where OutputConfig says."""
    (place.path / "buckets" / "results").mkdir()
    with place.serving() as api:
        api.create_labeling_job(**request(OutputConfig={"S3OutputPath": "s3://results"}))

        place.finish()
        job = api.describe_labeling_job(LabelingJobName="pens-1")

    assert job["LabelingJobOutput"] == {"OutputDatasetS3Uri": "s3://results/pens-1/manifests/output/output.manifest"}
    assert (place.path / "buckets" / "results" / "pens-1" / "manifests" / "output" / "output.manifest").is_file()
    assert not (place.bucket / "annots").exists()
    assert f"s3://{BUCKET}/" in place.file("manifest.json").decode()
