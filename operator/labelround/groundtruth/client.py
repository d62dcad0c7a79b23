"""The labeling API over boto3: AWS, or any server that speaks its protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

from labelround.errors import Conflict, InvalidInput, Problem, Unavailable
from labelround.groundtruth.api import JobStatus, LabelCounters, LabelingJob
from labelround.groundtruth.errors import JobAbsent, translate
from labelround.groundtruth.pages import read_pages_quickly

PAGE_SIZE = 100


class Boto3LabelingAPI:
    """`LabelingAPI` over a boto3 SageMaker client, which is passed in."""

    def __init__(self, client: Any) -> None:
        self._client = client
        read_pages_quickly(client)

    def create(self, request: Mapping[str, Any]) -> str:
        with _translated("CreateLabelingJob"):
            arn: str = self._client.create_labeling_job(**request)["LabelingJobArn"]
        return arn

    def describe(self, name: str) -> LabelingJob | None:
        try:
            with _translated("DescribeLabelingJob", about_a_job=True):
                return described(self._client.describe_labeling_job(LabelingJobName=name))
        except JobAbsent:
            return None

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        pages = self._client.get_paginator("list_labeling_jobs").paginate(
            CreationTimeAfter=created_after,
            SortBy="CreationTime",
            SortOrder="Descending",
            PaginationConfig={"PageSize": PAGE_SIZE},
        )
        with _translated("ListLabelingJobs"):
            for page in pages:
                yield from map(listed, page["LabelingJobSummaryList"])

    def stop(self, name: str) -> None:
        try:
            with _translated("StopLabelingJob", about_a_job=True):
                self._client.stop_labeling_job(LabelingJobName=name)
        except (JobAbsent, InvalidInput):
            job = self.describe(name)
            if job is not None and not job.status.is_terminal and job.status is not JobStatus.STOPPING:
                raise


def loopback_client(endpoint_url: str) -> Any:
    """A stock boto3 client for a labelround server on this machine, which asks for no credentials of AWS.

    Raises InvalidInput for an address that is none.
    """
    import boto3
    from botocore.config import Config

    try:
        return boto3.client(
            "sagemaker",
            endpoint_url=endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="loopback",
            aws_secret_access_key="loopback",  # noqa: S106 the server does not look at it
            config=Config(retries={"mode": "standard", "max_attempts": 2}, connect_timeout=5, read_timeout=60),
        )
    except ValueError as error:
        raise InvalidInput([Problem("AWS_ENDPOINT_URL_SAGEMAKER", str(error), "write http://host:port")]) from None


def described(answer: Mapping[str, Any]) -> LabelingJob:
    """A DescribeLabelingJob response as a LabelingJob."""
    return LabelingJob(
        **_shared(answer),
        workteam_arn=answer["HumanTaskConfig"]["WorkteamArn"],
        label_attribute_name=answer.get("LabelAttributeName"),
        output_uri=answer["OutputConfig"]["S3OutputPath"],
        role_arn=answer["RoleArn"],
        label_category_config_uri=answer.get("LabelCategoryConfigS3Uri"),
        tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())},
    )


def listed(summary: Mapping[str, Any]) -> LabelingJob:
    """One LabelingJobSummary of ListLabelingJobs as a LabelingJob."""
    return LabelingJob(**_shared(summary), workteam_arn=summary["WorkteamArn"])


def _shared(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": answer["LabelingJobName"],
        "arn": answer["LabelingJobArn"],
        "status": JobStatus(answer["LabelingJobStatus"]),
        "counters": _counters(answer.get("LabelCounters", {})),
        "created": answer["CreationTime"],
        "modified": answer["LastModifiedTime"],
        "failure_reason": answer.get("FailureReason", ""),
        "output_manifest_uri": answer.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri", ""),
        "input_manifest_uri": (
            answer.get("InputConfig", {}).get("DataSource", {}).get("S3DataSource", {}).get("ManifestS3Uri", "")
        ),
    }


def _counters(counters: Mapping[str, int]) -> LabelCounters:
    return LabelCounters(
        total_labeled=counters.get("TotalLabeled", 0),
        human_labeled=counters.get("HumanLabeled", 0),
        machine_labeled=counters.get("MachineLabeled", 0),
        failed_non_retryable_error=counters.get("FailedNonRetryableError", 0),
        unlabeled=counters.get("Unlabeled", 0),
    )


@contextmanager
def _translated(operation: str, *, about_a_job: bool = False) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        raise translate(
            operation, details.get("Code", ""), details.get("Message", ""), status, about_a_job=about_a_job
        ) from error
    except NoCredentialsError:
        raise Conflict(
            "AccessDenied",
            f"{operation}: no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY",
        ) from None
    except ParamValidationError as error:
        raise InvalidInput([Problem(operation, str(error))]) from error
    except BotoCoreError as error:
        raise Unavailable(f"{operation}: {error}") from error
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:  # boto3 reads without checking
        raise Unavailable(f"{operation}: the service's answer was not understood ({error!r})") from error
