"""Pages of ListLabelingJobs are read quickly, and as boto3 reads them; answers that are none are waited for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from labelround.errors import Unavailable
from labelround.groundtruth.client import Boto3LabelingAPI, loopback_client

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SUMMARY: dict[str, Any] = {
    "LabelingJobName": "pens-1-0a1b2c3d",
    "LabelingJobArn": "arn:aws:sagemaker:us-east-1:000000000000:labeling-job/pens-1-0a1b2c3d",
    "LabelingJobStatus": "InProgress",
    "LabelCounters": {"TotalLabeled": 3, "HumanLabeled": 3, "Unlabeled": 7},
    "CreationTime": 1700000000.123,
    "LastModifiedTime": 1700000360,
    "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://pictures/pens/manifest.json"}}},
    "WorkteamArn": "arn:aws:sagemaker:us-east-1:000000000000:workteam/private-crowd/labelround",
}


@dataclass(frozen=True)
class Body:
    """The body of an answer, as urllib3 has it."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        yield self.content


def client_of(*answers: bytes, status: int = 200, operation: str = "ListLabelingJobs") -> Any:
    """A boto3 client whose requests get these answers, one after the other."""
    client, waiting = loopback_client("http://127.0.0.1:1"), iter(answers)

    def answer(**_: Any) -> AWSResponse:
        return AWSResponse("http://127.0.0.1:1", status, HTTPHeaders(), Body(next(waiting)))

    client.meta.events.register(f"before-send.sagemaker.{operation}", answer)
    return client


def page_of(*summaries: Any, **more: Any) -> bytes:
    return json.dumps({"LabelingJobSummaryList": summaries, **more}).encode()


def test_a_page_is_read_as_boto3_reads_it() -> None:
    """Name by name, with times that know their zone."""
    page = page_of(SUMMARY, {**SUMMARY, "LabelingJobStatus": "Failed", "FailureReason": "no"}, NextToken="more")
    plain, quick = client_of(page), client_of(page)
    Boto3LabelingAPI(quick)

    answers = [client.list_labeling_jobs() for client in (plain, quick)]

    for answer in answers:
        del answer["ResponseMetadata"]
    assert answers[1] == answers[0]
    assert answers[1]["LabelingJobSummaryList"][0]["CreationTime"].utcoffset() is not None


def test_one_page_leads_to_the_next() -> None:
    """boto3 goes on as long as there is a token."""
    pages = page_of(SUMMARY, NextToken="more"), page_of({**SUMMARY, "LabelingJobName": "pens-2"})

    jobs = Boto3LabelingAPI(client_of(*pages)).list(created_after=START)

    assert [job.name for job in jobs] == ["pens-1-0a1b2c3d", "pens-2"]


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Please sign in</html>",
        b'{"LabelingJobSummaryList": [{"CreationTi',
        b"[]",
        b"{}",
        page_of("pens-1"),
        page_of({**SUMMARY, "CreationTime": "soon"}),
        page_of({**SUMMARY, "CreationTime": 1e300}),
        page_of({name: value for name, value in SUMMARY.items() if name != "LastModifiedTime"}),
    ],
)
def test_an_answer_that_is_none_is_waited_for(answer: bytes) -> None:
    """boto3 reads what is not understood, and it comes out as an answer that was not understood."""
    api = Boto3LabelingAPI(client_of(answer))

    with pytest.raises(Unavailable, match="ListLabelingJobs"):
        list(api.list(created_after=START))


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Please sign in</html>",
        b'{"LabelingJobName": "pens-1-0a1b',
        b"{}",
        json.dumps({**SUMMARY, "HumanTaskConfig": {}}).encode(),
        json.dumps({**SUMMARY, "LabelingJobStatus": "Dreaming"}).encode(),
    ],
)
def test_a_description_that_is_none_is_waited_for(answer: bytes) -> None:
    """The job is neither absent nor in any state for it."""
    api = Boto3LabelingAPI(client_of(answer, operation="DescribeLabelingJob"))

    with pytest.raises(Unavailable, match="DescribeLabelingJob"):
        api.describe("pens-1-0a1b2c3d")


def test_a_refusal_is_told_as_ever() -> None:
    """Only an answer of status 200 holds jobs."""
    refusal = b'{"__type": "ThrottlingException", "Message": "Rate exceeded"}'

    with pytest.raises(Unavailable, match="ThrottlingException: Rate exceeded"):
        list(Boto3LabelingAPI(client_of(refusal, refusal, refusal, status=400)).list(created_after=START))
