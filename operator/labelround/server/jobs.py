"""A labeling job as the server keeps it. Times are milliseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from labelround.groundtruth.api import JobStatus
from labelround.spec.names import partition_of
from labelround.uri import ObjectURI, folder

DEFAULT_TASK_AVAILABILITY_SECONDS = 2_592_000
DEFAULT_CONCURRENT_TASKS = 1000


class ObjectState(Enum):
    """How far one data object has come."""

    OPEN = "open"
    LABELED = "labeled"
    FAILED = "failed"
    KEPT = "kept"  # its input line already had the label, as in a job chained to an earlier one: it is not sent out


@dataclass(frozen=True, slots=True)
class Job:
    """One labeling job.

    `request` is the CreateLabelingJob request, `labels` the classes of its label category file. `total`, `labeled` and
    `failed` count data objects that were to be sent out; `total` is None until the manifest was read. `given` counts
    the answers that workers have given, and `reported` the objects that the last intermediate output held.

    `ending` and `ended` are set when it is decided how the job ends; the status follows when the output is complete.
    """

    id: int
    name: str
    arn: str
    reference_code: str
    request: Mapping[str, Any]
    labels: tuple[str, ...]
    status: JobStatus
    created: int
    modified: int
    started: int = 0
    total: int | None = None
    labeled: int = 0
    failed: int = 0
    given: int = 0
    reported: int = 0
    ending: JobStatus | None = None
    ended: int = 0
    failure_reason: str = ""
    output_uri: str = ""

    @property
    def closed(self) -> int:
        """How many objects are finished, one way or the other."""
        return self.labeled + self.failed

    @property
    def attribute(self) -> str:
        """The label attribute name."""
        return str(self.request["LabelAttributeName"])

    @property
    def manifest(self) -> ObjectURI:
        """The input manifest."""
        return ObjectURI.parse(self.request["InputConfig"]["DataSource"]["S3DataSource"]["ManifestS3Uri"])

    @property
    def output(self) -> ObjectURI:
        """The job's folder below `OutputConfig.S3OutputPath`."""
        return output_folder(self.request)

    @property
    def workers_per_object(self) -> int:
        return int(self.request["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"])

    @property
    def task_seconds(self) -> int:
        """How long a worker has for one object."""
        return int(self.request["HumanTaskConfig"]["TaskTimeLimitInSeconds"])

    @property
    def tasks_expire(self) -> int:
        """When tasks that nobody did expire."""
        seconds = self.request["HumanTaskConfig"].get(
            "TaskAvailabilityLifetimeInSeconds", DEFAULT_TASK_AVAILABILITY_SECONDS
        )
        return self.started + 1000 * int(seconds)


def output_folder(request: Mapping[str, Any]) -> ObjectURI:
    """The folder of the job that a CreateLabelingJob request asks for; its key ends in `/`."""
    path = ObjectURI.parse(request["OutputConfig"]["S3OutputPath"])
    return ObjectURI(path.bucket, f"{folder(path.key)}{request['LabelingJobName']}/")


def job_arn(name: str, region: str, account: str) -> str:
    """The ARN of a job; it holds the name in lower case, since names are unique without regard to case."""
    return f"arn:{partition_of(region)}:sagemaker:{region}:{account}:labeling-job/{name.lower()}"


def milliseconds(moment: datetime) -> int:
    """A moment as the database keeps it."""
    return int(moment.timestamp() * 1000)


def moment_of(time: int) -> datetime:
    """A kept time as a moment, in UTC."""
    return datetime.fromtimestamp(time // 1000, UTC).replace(microsecond=time % 1000 * 1000)
