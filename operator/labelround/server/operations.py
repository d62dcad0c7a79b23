"""The operations of the labeling API: a request in, a response out, a Refusal where AWS would refuse."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labelround.errors import Unavailable
from labelround.groundtruth.api import JobStatus
from labelround.server.describing import described, summarized
from labelround.server.jobs import Job, job_arn, milliseconds
from labelround.server.listing import list_query, next_token
from labelround.server.refusal import Refusal, invalid
from labelround.server.rules import violations
from labelround.server.settings import ServerSettings
from labelround.server.shapes import OPERATIONS, checked
from labelround.server.sources import InputCheck
from labelround.server.store import JobStore, NameTaken
from labelround.storage import Buckets

Response = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Operations:
    """Answers requests. Safe in threads."""

    store: JobStore
    buckets: Buckets
    settings: ServerSettings
    _calls: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, operation: str, request: Mapping[str, Any]) -> Response:
        """The response to a request. Raises Refusal."""
        handlers: dict[str, Callable[[Mapping[str, Any]], Response]] = {
            "CreateLabelingJob": self.create,
            "DescribeLabelingJob": self.describe,
            "ListLabelingJobs": self.list,
            "StopLabelingJob": self.stop,
        }
        if operation not in handlers:
            known = ", ".join(OPERATIONS)
            raise Refusal("UnknownOperationException", f"{operation or 'The request'} is not one of {known}")
        every = self.settings.faults.throttle_every
        if every and next(self._calls) % every == 0:
            raise Refusal("ThrottlingException", "Rate exceeded")
        return handlers[operation](checked(operation, request))

    def create(self, request: Mapping[str, Any]) -> Response:
        """CreateLabelingJob."""
        broken = violations(request, self.settings.region)
        if broken:
            raise invalid(*broken)
        name = request["LabelingJobName"]
        if (taken := self.store.find(name)) is not None:
            raise _in_use(taken.arn)
        self._check_limit()
        check = self._check_inputs(request)
        if check.problems:
            raise invalid(*check.problems)
        now = self._now
        settings = self.settings
        job = Job(
            id=0,
            name=name,
            arn=job_arn(name, settings.region, settings.account),
            reference_code=f"{settings.account}{secrets.token_hex(8)}",
            request=request,
            labels=check.labels,
            status=JobStatus.INITIALIZING,
            created=now,
            modified=now,
        )
        try:
            return {"LabelingJobArn": self.store.create(job).arn}
        except NameTaken as error:
            raise _in_use(error.arn) from None

    def describe(self, request: Mapping[str, Any]) -> Response:
        """DescribeLabelingJob."""
        job = self.store.find(request["LabelingJobName"])
        if job is None:
            raise self._absent(request["LabelingJobName"])
        hide = self.settings.faults.zero_counters
        return described(job, hide_counters=hide, drawn=self._drawn([job]).get(job.id, 0))

    def list(self, request: Mapping[str, Any]) -> Response:
        """ListLabelingJobs."""
        faults = self.settings.faults
        if faults.slow_list_seconds:
            self.settings.sleep(faults.slow_list_seconds)
        lag = int(faults.list_lag_seconds * 1000)
        query = list_query(request, self._now - lag if lag else None)
        jobs = self.store.page(query)
        page = jobs[: query.limit]
        drawn, hide = self._drawn(page), faults.zero_counters
        response: Response = {
            "LabelingJobSummaryList": [summarized(job, hide_counters=hide, drawn=drawn.get(job.id, 0)) for job in page]
        }
        if len(jobs) > query.limit:
            response["NextToken"] = next_token(request, query, page[-1])
        return response

    def stop(self, request: Mapping[str, Any]) -> Response:
        """StopLabelingJob. A job that is about to end anyway ends as it would have."""
        job = self.store.stop(request["LabelingJobName"], self._now)
        if job is None:
            raise self._absent(request["LabelingJobName"])
        if job.status.is_terminal:
            raise invalid(f"The request was rejected because the labeling job is in status {job.status.value}")
        return {}

    def _drawn(self, jobs: Sequence[Job]) -> Mapping[int, int]:
        """By people, which is not finished yet."""
        return self.store.drawn(jobs) if self.settings.people else {}

    def _check_limit(self) -> None:
        limit = self.settings.faults.max_running_jobs
        if limit is None:
            return
        running = self.store.count_unfinished()
        if running >= limit:
            raise Refusal(
                "ResourceLimitExceeded",
                f"The account-level service limit 'Number of running labeling jobs' is {limit}, with current"
                f" utilization of {running} and a request delta of 1",
            )

    def _check_inputs(self, request: Mapping[str, Any]) -> InputCheck:
        try:
            return InputCheck(request, self.buckets)
        except Unavailable as error:
            raise Refusal("ServiceUnavailable", f"S3 cannot be reached: {error}", 503) from error

    def _absent(self, name: str) -> Refusal:
        if self.settings.faults.absent_as_validation:
            arn = job_arn(name, self.settings.region, self.settings.account)
            return invalid(f"Requested resource not found: {arn}")
        return Refusal("ResourceNotFound", f"Labeling job {name} was not found in this account and region")

    @property
    def _now(self) -> int:
        return milliseconds(self.settings.clock())


def _in_use(arn: str) -> Refusal:
    return Refusal(
        "ResourceInUse",
        "Labeling job names must be unique within an AWS account and region, and a labeling job with this name"
        f" already exists ({arn})",
    )
