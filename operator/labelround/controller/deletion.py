"""What happens to the labeling jobs of a round that is deleted.

Neither the policy nor S3 is needed: jobs are found by the names that follow from the round, and stopped only when they
carry its tags. Data is never deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from labelround.groundtruth.api import JobStatus, LabelingAPI, LabelingJob
from labelround.plan import job_name, label_groups
from labelround.request import UID_TAG
from labelround.spec.model import DeletionPolicy

FINALIZER = "labelround.dev/finalizer"


@dataclass(frozen=True, slots=True)
class Remains:
    """What a deleted round may leave running: how its jobs are named, in the order in which they are created.

    `recorded` are those that ran when the status was last written; they decide nothing, and are missed when absent.
    """

    name: str
    uid: str
    groups: int
    attempts: int
    recorded: frozenset[str] = frozenset()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Remains | None:
        """Read from the object as it is, parsed or not; None when its labeling jobs are to be left alone."""
        spec, metadata = body["spec"], body["metadata"]
        orphaned = spec.get("deletionPolicy") == DeletionPolicy.ORPHAN.value
        if orphaned or (spec.get("labelingJob") or {}).get("adopt"):
            return None
        return cls(
            metadata["name"],
            metadata["uid"],
            groups=len(label_groups(spec["labels"])),
            attempts=spec.get("attempts", 1),
            recorded=frozenset(_running(body.get("status") or {})),
        )

    def jobs(self, api: LabelingAPI) -> Iterator[LabelingJob]:
        """The labeling jobs that are there. They are created one after the other: the first absent name ends them."""
        for attempt in range(1, self.attempts + 1):
            found = False
            for job in self._attempt(api, attempt):
                found = True
                yield job
            if not found:
                return

    def _attempt(self, api: LabelingAPI, attempt: int) -> Iterator[LabelingJob]:
        for chunk in count():
            for group in range(self.groups):
                job = api.describe(job_name(self.name, self.uid, attempt, chunk, group))
                if job is None:
                    return
                yield job

    def is_ours(self, job: LabelingJob) -> bool:
        """Whether the job carries the round's uid."""
        return (job.tags or {}).get(UID_TAG) == self.uid


def _running(status: Mapping[str, Any]) -> Iterator[str]:
    for job in status.get("labelingJobs", ()):
        if "status" in job and not JobStatus(job["status"]).is_terminal:
            yield job["name"]


def stop_jobs(remains: Remains, api: LabelingAPI) -> list[str]:
    """Stop every running job of the round; the names of all of its jobs that are there. Raises LabelroundError."""
    ours = [job for job in remains.jobs(api) if remains.is_ours(job)]
    for job in ours:
        if not job.status.is_terminal and job.status is not JobStatus.STOPPING:
            api.stop(job.name)
    return [job.name for job in ours]
