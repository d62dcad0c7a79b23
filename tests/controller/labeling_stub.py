"""A labeling API in memory, for what the operator asks of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from labelround.errors import LabelroundError
from labelround.groundtruth.api import JobStatus, LabelCounters, LabelingJob
from labelround.request import UID_TAG

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def labeling_job(
    name: str, status: JobStatus = JobStatus.IN_PROGRESS, *, uid: str = "uid-1", labeled: int = 0
) -> LabelingJob:
    """A job as Describe shows it."""
    return LabelingJob(
        name=name,
        arn=f"arn:aws:sagemaker:us-east-1:000000000000:labeling-job/{name}",
        status=status,
        counters=LabelCounters(total_labeled=labeled),
        created=CREATED,
        modified=CREATED,
        label_attribute_name=name,
        tags={UID_TAG: uid},
    )


@dataclass
class JobsInMemory:
    """`LabelingAPI` over a dict. `calls` names every call; `failure` is raised by all of them."""

    jobs: dict[str, LabelingJob] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    listed_after: list[datetime] = field(default_factory=list)
    failure: LabelroundError | None = None

    def add(self, *jobs: LabelingJob) -> None:
        self.jobs |= {job.name: job for job in jobs}

    def change(self, name: str, **fields: Any) -> None:
        self.jobs[name] = replace(self.jobs[name], **fields)

    def create(self, request: Mapping[str, Any]) -> str:
        self._called("create")
        tags = {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        self.add(replace(labeling_job(request["LabelingJobName"]), tags=tags))
        return self.jobs[request["LabelingJobName"]].arn

    def describe(self, name: str) -> LabelingJob | None:
        self._called(f"describe {name}")
        return self.jobs.get(name)

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        self._called("list")
        self.listed_after.append(created_after)
        for job in self.jobs.values():
            if job.name not in self.hidden and job.created > created_after:
                yield replace(job, tags=None, label_attribute_name=None)

    def stop(self, name: str) -> None:
        self._called(f"stop {name}")
        self.change(name, status=JobStatus.STOPPING)

    def _called(self, call: str) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure
