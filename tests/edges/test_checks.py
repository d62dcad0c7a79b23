"""The checks behind `labelround plan`: what they find, and what they say when they may not look."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelround.checks import CheckClients, CheckSettings, Findings, check_round
from labelround.cors import LABELING_RULE
from labelround.dataset.claim import claim
from labelround.spec.model import Instructions, LabelingJobSpec, LabelingRound
from labelround.spec.parse import parse_round
from labelround.storage import Folder, LocalBuckets, S3Buckets

ROLE = "arn:aws:iam::123456789012:role/GroundTruth"
OWNER = {"labelround.dev/uid": "u1"}
SETTINGS = CheckSettings("us-east-1", ROLE, "labelers", ("pens-1-0a1b2c3d",), OWNER)
PREFIX = "GroundTruth/"


def a_round(**job: Any) -> LabelingRound:
    """A round whose folder the managed policy reaches."""
    document = {
        "apiVersion": "labelround.dev/v1alpha1",
        "kind": "LabelingRound",
        "metadata": {"name": "pens-1"},
        "spec": {
            "bucket": "pictures",
            "imagesPrefix": f"{PREFIX}images/",
            "labels": ["pencil", "pen"],
            "outputFormat": "YOLO",
        },
    }
    return replace(parse_round(document, uid="u1"), labeling_job=LabelingJobSpec(**job))


def a_job(**changes: Any) -> dict[str, Any]:
    """What DescribeLabelingJob answers for a bounding box job in the round's folders."""
    task = {
        "WorkteamArn": "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/labelers",
        "UiConfig": {},
        "TaskTitle": "t",
        "TaskDescription": "d",
        "NumberOfHumanWorkersPerDataObject": 1,
        "TaskTimeLimitInSeconds": 60,
        "PreHumanTaskLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBox",
    }
    return {
        "LabelingJobName": "yolo-bbox",
        "LabelingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:labeling-job/yolo-bbox",
        "LabelingJobStatus": "Completed",
        "LabelCounters": {},
        "CreationTime": 1.0,
        "LastModifiedTime": 1.0,
        "JobReferenceCode": "x",
        "LabelAttributeName": "yolo-bbox",
        "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": f"s3://pictures/{PREFIX}manifest.json"}}},
        "OutputConfig": {"S3OutputPath": f"s3://pictures/{PREFIX}ground_truth_annots"},
        "RoleArn": ROLE,
        "HumanTaskConfig": task,
        **changes,
    }


Check = Callable[..., Findings]


@pytest.fixture
def check(s3: Any, s3_buckets: S3Buckets, sagemaker: Any, sagemaker_client: Any) -> Check:
    """The checks of a round, on an AWS where all is well unless a test changes it."""
    s3.put_object(Bucket="pictures", Key=f"{PREFIX}images/a#1 100%\u200b.jpg", Body=b"x")
    s3.put_bucket_cors(Bucket="pictures", CORSConfiguration={"CORSRules": [LABELING_RULE]})
    sagemaker.add_workteam("labelers")

    def run(round: LabelingRound | None = None, **changes: Any) -> Findings:
        settings = replace(SETTINGS, **changes)
        return check_round(round or a_round(), settings, s3_buckets, CheckClients(s3, sagemaker_client))

    return run


def places(problems: tuple[Any, ...]) -> list[str]:
    return [problem.where for problem in problems]


def only(problems: tuple[Any, ...]) -> str:
    """The text of the one problem."""
    assert len(problems) == 1, problems
    return str(problems[0])


def test_where_all_is_well_nothing_is_found(check: Check) -> None:
    """No error, no warning."""
    assert check() == Findings()


def test_a_missing_bucket_is_the_only_finding_about_it(check: Check) -> None:
    """Everything else about the bucket would say the same."""
    found = check(replace(a_round(), bucket="no-such-bucket"))

    assert only(found.errors).startswith("spec.bucket: ")


def test_a_prefix_without_images_is_an_error(check: Check, s3: Any) -> None:
    """Folder placeholders and texts are no images."""
    s3.delete_object(Bucket="pictures", Key=f"{PREFIX}images/a#1 100%\u200b.jpg")
    s3.put_object(Bucket="pictures", Key=f"{PREFIX}images/", Body=b"")
    s3.put_object(Bucket="pictures", Key=f"{PREFIX}images/notes.txt", Body=b"x")

    found = check()

    assert "labelround push" in only(found.errors)


def test_a_bucket_in_another_region_is_an_error(check: Check) -> None:
    """Ground Truth works in its own region only."""
    found = check(region="eu-west-1", workteam="arn:aws:sagemaker:eu-west-1:123456789012:workteam/vendor-crowd/x")

    assert only(found.errors) == (
        "spec.bucket: the bucket pictures is in us-east-1, and labeling jobs would run in eu-west-1;"
        " pass --region us-east-1, or use a bucket in eu-west-1"
    )


def test_a_missing_cors_rule_is_an_error_with_the_rule_to_set(check: Check, s3: Any) -> None:
    """The API does not set it, and every task would fail."""
    s3.delete_bucket_cors(Bucket="pictures")

    found = check()

    assert json.dumps({"CORSRules": [LABELING_RULE]}) in only(found.errors)


def test_a_narrower_cors_rule_is_a_warning(check: Check, s3: Any) -> None:
    """It may be just right for a portal that somebody knows."""
    rule = {**LABELING_RULE, "AllowedOrigins": ["https://*.sagemaker.aws"]}
    s3.put_bucket_cors(Bucket="pictures", CORSConfiguration={"CORSRules": [rule]})

    found = check()

    assert found.errors == ()
    assert "may not let the worker portal" in only(found.warnings)


def test_a_kms_key_is_a_hint_for_the_execution_role(check: Check, s3: Any) -> None:
    """The role must be allowed to use it."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket="pictures", ServerSideEncryptionConfiguration=rules)

    found = check()

    assert "kms:Decrypt" in only(found.warnings)


def test_examples_that_are_not_there_are_named_one_by_one(check: Check, s3: Any) -> None:
    """By their place in the instructions."""
    s3.put_object(Bucket="pictures", Key="good one.jpg", Body=b"x")
    instructions = Instructions(good_examples=("good one.jpg", "gone.jpg"), bad_examples=("bad#1.jpg",))

    found = check(a_round(instructions=instructions))

    assert places(found.errors) == [
        "spec.labelingJob.instructions.goodExamples[1]",
        "spec.labelingJob.instructions.badExamples[0]",
    ]


@pytest.mark.parametrize("prefix", ["prefix", "output_prefix"])
def test_a_folder_that_another_round_claimed_is_an_error(check: Check, s3_buckets: S3Buckets, prefix: str) -> None:
    """Two rounds must not write one place; its own claim is fine."""
    round = a_round()
    bucket = s3_buckets.open("pictures")
    claim(Folder(bucket, round.prefix if prefix == "output_prefix" else round.output_prefix), "u1")
    claim(Folder(bucket, getattr(round, prefix)), "u2", "pens-0")

    found = check(round)

    assert "belongs to pens-0" in only(found.errors)


def test_files_that_no_round_wrote_are_a_warning(check: Check, s3: Any) -> None:
    """The blog's own label files, for one."""
    s3.put_object(Bucket="pictures", Key=f"{a_round().output_prefix}old.txt", Body=b"x")

    found = check()

    assert "no round wrote" in only(found.warnings)


def test_a_prefix_that_leaves_no_room_for_the_jobs_files_is_an_error(check: Check) -> None:
    """S3 keys have 1,024 bytes, and a job's files lie deep."""
    found = check(replace(a_round(), prefix=f"GroundTruth/{'d' * 950}/"))

    assert "keys of 1031 bytes" in only(found.errors)


@pytest.mark.parametrize(
    "role", ["", "GroundTruth", "arn:aws:iam::1234:role/x", "arn:aws:iam::123456789012:user/x", ROLE + "x" * 2048]
)
def test_a_role_that_is_no_role_is_an_error(check: Check, role: str) -> None:
    """Missing, a bare name, a short account, a user, too long."""
    found = check(role_arn=role)

    assert places(found.errors) == ["--role-arn"]


def test_the_managed_policy_reaches_names_with_its_words_only(check: Check, s3: Any) -> None:
    """`ground-truth` and `ground_truth` are not among them."""
    s3.put_object(Bucket="pictures", Key="ground-truth/images/a.jpg", Body=b"x")
    round = replace(
        a_round(), images_prefix="ground-truth/images/", prefix="ground-truth/", output_prefix="ground-truth/o/"
    )

    found = check(round)

    assert "AmazonSageMakerGroundTruthExecution" in only(found.warnings)


@pytest.mark.parametrize("region", ["", "eu-north-1"])
def test_a_region_without_the_bounding_box_task_is_an_error(check: Check, region: str) -> None:
    """AWS publishes its functions in twelve regions."""
    found = check(region=region)

    assert "--region" in places(found.errors)
    assert "ap-northeast-1" in str(found.errors)


WORKTEAMS = {
    "none": ("", "no workteam is named"),
    "the public workforce": (
        "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default",
        "Mechanical Turk",
    ),
    "no name": ("my_team", "neither a workteam's name nor its ARN"),
    "one that is not there": ("painters", "labelround team create"),
    "one of another region": (
        "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/labelers",
        "the workteam is in eu-west-1",
    ),
    "one of another account": (
        "arn:aws:sagemaker:us-east-1:999999999999:workteam/private-crowd/labelers",
        "has the ARN arn:aws:sagemaker:us-east-1:123456789012",
    ),
}


@pytest.mark.parametrize(("workteam", "text"), WORKTEAMS.values(), ids=WORKTEAMS.keys())
def test_a_workteam_that_cannot_label_is_an_error(check: Check, workteam: str, text: str) -> None:
    """Named where it was named: by the round or by the option."""
    by_option = check(workteam=workteam)
    by_round = check(a_round(workteam=workteam)) if workteam else by_option

    assert any(text in str(problem) for problem in by_option.errors)
    assert {"--workteam"} >= set(places(by_option.errors)) - {"spec.labelingJob.workteam"}
    assert any(text in str(problem) for problem in by_round.errors)


@pytest.mark.parametrize(
    "workteam", ["LABELERS", "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/labelers"]
)
def test_a_workteam_is_found_by_name_and_by_arn(check: Check, workteam: str) -> None:
    """Names are unique without regard to case."""
    assert check(workteam=workteam) == Findings()


def test_a_vendors_workteam_is_not_looked_for(check: Check) -> None:
    """It belongs to another account."""
    assert check(workteam="arn:aws:sagemaker:us-east-1:999999999999:workteam/vendor-crowd/firm") == Findings()


def test_a_job_of_the_same_name_that_is_somebody_elses_is_an_error(check: Check, sagemaker: Any) -> None:
    """A name is spent for good; the round's own job shows by its tags."""
    sagemaker.jobs["pens-1-0a1b2c3d"] = a_job(Tags=[{"Key": "labelround.dev/uid", "Value": "u2"}])
    theirs = check()
    sagemaker.jobs["pens-1-0a1b2c3d"] = a_job(Tags=[{"Key": "labelround.dev/uid", "Value": "u1"}])
    ours = check()

    assert "is not this round's" in only(theirs.errors)
    assert ours == Findings()


def test_over_long_job_names_are_told(check: Check) -> None:
    """The plan cuts names; this is for those it does not make."""
    found = check(job_names=("j" * 64,))

    assert places(found.errors)[0] == "metadata.name"


def test_an_adopted_job_in_the_rounds_folders_is_fine(check: Check, sagemaker: Any) -> None:
    """It needs no role, workteam or images here: it has its own."""
    sagemaker.jobs["yolo-bbox"] = a_job()

    found = check(replace(a_round(adopt="yolo-bbox"), images_prefix=f"{PREFIX}none/"), role_arn="", workteam="")

    assert found == Findings()


ADOPTED: dict[str, tuple[dict[str, Any], str, bool]] = {
    "another task": (
        {
            "HumanTaskConfig": {
                **a_job()["HumanTaskConfig"],
                "PreHumanTaskLambdaArn": "arn:x:function:PRE-ImageMultiClass",
            }
        },
        "the job's task is ImageMultiClass",
        True,
    ),
    "a manifest in another bucket": (
        {"InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://other/m.json"}}}},
        "input manifest is in the bucket other",
        True,
    ),
    "an output in another bucket": (
        {"OutputConfig": {"S3OutputPath": "s3://other/o"}},
        "output is in the bucket other",
        True,
    ),
    "an output in another folder": (
        {"OutputConfig": {"S3OutputPath": "s3://pictures/o"}},
        "outside the round's folder",
        False,
    ),
    "a sibling of the folder": (
        {"OutputConfig": {"S3OutputPath": f"s3://pictures/{PREFIX}ground_truth_annots2"}},
        "outside the round's folder",
        False,
    ),
}


@pytest.mark.parametrize(("changes", "text", "is_error"), ADOPTED.values(), ids=ADOPTED.keys())
def test_an_adopted_job_that_does_not_fit_is_told(
    check: Check, sagemaker: Any, changes: Mapping[str, Any], text: str, is_error: bool
) -> None:
    """Another bucket cannot work; another folder can, and is said."""
    sagemaker.jobs["yolo-bbox"] = a_job(**changes)

    found = check(a_round(adopt="yolo-bbox"))

    assert text in only(found.errors if is_error else found.warnings)
    assert (found.warnings if is_error else found.errors) == ()


def test_an_adopted_job_that_is_not_there_is_an_error(check: Check) -> None:
    """In this account and region."""
    found = check(a_round(adopt="yolo-bbox"))

    assert "no labeling job named yolo-bbox" in only(found.errors)


def test_labels_of_the_adopted_job_that_the_round_lacks_are_named(check: Check, s3: Any, sagemaker: Any) -> None:
    """The conversion would stop at the first box with one."""
    content = json.dumps({"labels": [{"label": "pen"}, {"label": "pen "}, {"label": "cap"}]}).encode()
    s3.put_object(Bucket="pictures", Key="labels.json", Body=content)
    sagemaker.jobs["yolo-bbox"] = a_job(LabelCategoryConfigS3Uri="s3://pictures/labels.json")

    found = check(a_round(adopt="yolo-bbox"))

    assert "'pen ', 'cap'" in only(found.errors)


def test_another_label_attribute_than_the_jobs_is_an_error(check: Check, sagemaker: Any) -> None:
    """The job tells it; nobody needs to."""
    sagemaker.jobs["yolo-bbox"] = a_job()

    found = check(a_round(adopt="yolo-bbox", label_attribute_name="boxes"))

    assert places(found.errors) == ["spec.labelingJob.labelAttributeName"]


@pytest.mark.parametrize(
    "refusal",
    [(400, "AccessDeniedException", "no"), (500, "InternalFailure", ""), (400, "ThrottlingException", "Rate exceeded")],
)
def test_what_the_service_does_not_tell_is_a_warning(
    check: Check, sagemaker: Any, refusal: tuple[int, str, str]
) -> None:
    """Never an exception, and the other findings stand."""
    for operation in ("DescribeLabelingJob", "ListWorkteams"):
        sagemaker.refusals[operation] = refusal

    found = check(role_arn="")

    assert places(found.errors) == ["--role-arn"]
    assert places(found.warnings) == ["metadata.name", "--workteam"]
    assert all("was not checked" in str(warning) for warning in found.warnings)


def test_a_service_that_is_not_there_is_a_warning_too(
    s3: Any, s3_buckets: S3Buckets, check: Check, unreachable: tuple[Any, Any]
) -> None:
    """A port on which nobody listens."""
    found = check_round(a_round(), SETTINGS, s3_buckets, CheckClients(*unreachable))

    assert found.errors == ()
    assert all("not checked" in str(warning) for warning in found.warnings)
    assert len(found.warnings) >= 2


def test_a_local_bucket_asks_nobody(tmp_path: Path) -> None:
    """No CORS, no role, no region: the pictures are files."""
    images = tmp_path / "pictures" / PREFIX / "images"
    images.mkdir(parents=True)
    (images / "a.jpg").write_bytes(b"x")

    found = check_round(a_round(), CheckSettings(on_aws=False), LocalBuckets(tmp_path), CheckClients())

    assert found == Findings()


def test_on_another_s3_store_aws_rules_do_not_apply(check: Check, s3: Any) -> None:
    """A labelround server serves the pictures itself."""
    s3.delete_bucket_cors(Bucket="pictures")

    found = check(on_aws=False, role_arn="", workteam="", region="")

    assert found == Findings()
