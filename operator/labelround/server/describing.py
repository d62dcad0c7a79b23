"""Jobs as DescribeLabelingJob and ListLabelingJobs answer them. Times are seconds since 1970."""

from __future__ import annotations

from typing import Any

from labelround.server.jobs import DEFAULT_CONCURRENT_TASKS, DEFAULT_TASK_AVAILABILITY_SECONDS, Job

_ECHOED = (
    "LabelAttributeName",
    "InputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "LabelingJobAlgorithmsConfig",
    "Tags",
)


def described(job: Job, *, hide_counters: bool = False, drawn: int = 0) -> dict[str, Any]:
    """The DescribeLabelingJob response; `hide_counters` leaves them 0 while the job runs, `drawn` adds to them."""
    task = {
        "TaskAvailabilityLifetimeInSeconds": DEFAULT_TASK_AVAILABILITY_SECONDS,
        "MaxConcurrentTaskCount": DEFAULT_CONCURRENT_TASKS,
        **job.request["HumanTaskConfig"],
    }
    return {
        **_shared(job, hide_counters=hide_counters, drawn=drawn),
        **{name: job.request[name] for name in _ECHOED if name in job.request},
        "JobReferenceCode": job.reference_code,
        "OutputConfig": {"KmsKeyId": "", **job.request["OutputConfig"]},
        "HumanTaskConfig": task,
        "Tags": job.request.get("Tags", []),
    }


def summarized(job: Job, *, hide_counters: bool = False, drawn: int = 0) -> dict[str, Any]:
    """The job's entry in a ListLabelingJobs response."""
    task = job.request["HumanTaskConfig"]
    return {
        **_shared(job, hide_counters=hide_counters, drawn=drawn),
        "InputConfig": job.request["InputConfig"],
        "WorkteamArn": task["WorkteamArn"],
        "PreHumanTaskLambdaArn": task["PreHumanTaskLambdaArn"],
        "AnnotationConsolidationLambdaArn": task["AnnotationConsolidationConfig"]["AnnotationConsolidationLambdaArn"],
    }


def _shared(job: Job, *, hide_counters: bool, drawn: int) -> dict[str, Any]:
    has_ended = job.status.is_terminal
    shared: dict[str, Any] = {
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        "LabelingJobStatus": job.status.value,
        "LabelCounters": _counters(job, 0 if has_ended else drawn, hidden=hide_counters and not has_ended),
        "CreationTime": job.created / 1000,
        "LastModifiedTime": job.modified / 1000,
    }
    if has_ended and job.failure_reason:
        shared["FailureReason"] = job.failure_reason
    if job.output_uri:
        shared["LabelingJobOutput"] = {"OutputDatasetS3Uri": job.output_uri}
    return shared


def _counters(job: Job, drawn: int, *, hidden: bool) -> dict[str, int]:
    """As at AWS, all counters are 0, the unlabeled ones too, until the first object is finished.

    `drawn` objects have all their answers, which may still be changed; they count as labeled.
    """
    labeled = job.labeled + drawn
    begun = labeled + job.failed > 0 or (job.status.is_terminal and bool(job.output_uri))
    shown = begun and not hidden
    return {
        "TotalLabeled": labeled if shown else 0,
        "HumanLabeled": labeled if shown else 0,
        "MachineLabeled": 0,
        "FailedNonRetryableError": job.failed if shown else 0,
        "Unlabeled": (job.total or 0) - labeled - job.failed if shown else 0,
    }
