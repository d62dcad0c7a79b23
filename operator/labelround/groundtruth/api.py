"""The labeling API as the core sees it: four calls, and the shapes they return.

Field names and states are Ground Truth's own (botocore's sagemaker model, 2017-07-24). AWS implements the API for its
existing customers and the labelround server for everyone else; both are reached through `groundtruth.client`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class JobStatus(Enum):
    """`LabelingJobStatus`, all six of them."""

    INITIALIZING = "Initializing"
    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"

    @property
    def is_terminal(self) -> bool:
        """Whether the job will never change again."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED}


@dataclass(frozen=True, slots=True)
class LabelCounters:
    """`LabelCounters`: numbers of data objects. A missing one counts as 0; all are 0 for long in a running job."""

    total_labeled: int = 0
    human_labeled: int = 0
    machine_labeled: int = 0
    failed_non_retryable_error: int = 0
    unlabeled: int = 0


@dataclass(frozen=True, slots=True)
class LabelingJob:
    """A labeling job as Describe or List shows it. What List leaves out is None (or empty)."""

    name: str
    arn: str
    status: JobStatus
    counters: LabelCounters
    created: datetime
    modified: datetime
    failure_reason: str = ""
    output_manifest_uri: str = ""
    input_manifest_uri: str = ""
    workteam_arn: str = ""
    label_attribute_name: str | None = None
    output_uri: str | None = None
    role_arn: str | None = None
    label_category_config_uri: str | None = None
    tags: Mapping[str, str] | None = field(default=None)


class LabelingAPI(Protocol):
    """What labelround asks of Ground Truth. Errors are those of `labelround.errors`."""

    def create(self, request: Mapping[str, Any]) -> str:
        """CreateLabelingJob with these parameters; the new job's ARN. Raises NameInUse, Unavailable, InvalidInput."""
        ...

    def describe(self, name: str) -> LabelingJob | None:
        """DescribeLabelingJob; None when there is no such job."""
        ...

    def list(self, *, created_after: datetime) -> Iterator[LabelingJob]:
        """ListLabelingJobs, all pages, newest first."""
        ...

    def stop(self, name: str) -> None:
        """StopLabelingJob; a job that has already ended is fine."""
        ...
