"""What a deleted round leaves running, and what is stopped of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.controller.labeling_stub import JobsInMemory, labeling_job

from labelround.controller.deletion import Remains, stop_jobs
from labelround.groundtruth.api import JobStatus
from labelround.plan import job_name


def body(**spec: Any) -> dict[str, Any]:
    """A round as the Kubernetes API gives it."""
    return {
        "metadata": {"name": "pens-1", "namespace": "default", "uid": "uid-1"},
        "spec": {"labels": ["pen"], "deletionPolicy": "Stop", "attempts": 1, "labelingJob": {}, **spec},
    }


def remains(**spec: Any) -> Remains:
    found = Remains.of(body(**spec))
    assert found is not None
    return found


def name(attempt: int = 1, chunk: int = 0, group: int = 0) -> str:
    return job_name("pens-1", "uid-1", attempt, chunk, group)


def test_running_jobs_of_every_attempt_chunk_and_group_are_stopped() -> None:
    """They are found by name alone: no manifest and no status is read."""
    jobs = JobsInMemory()
    names = [name(1, 0, 0), name(1, 0, 1), name(1, 1, 0), name(1, 1, 1), name(2, 0, 0), name(2, 0, 1)]
    jobs.add(*(labeling_job(each) for each in names))

    stopped = stop_jobs(remains(labels=[f"label-{number}" for number in range(60)], attempts=3), jobs)

    assert stopped == names
    assert all(job.status is JobStatus.STOPPING for job in jobs.jobs.values())


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.STOPPED, JobStatus.STOPPING])
def test_a_job_that_has_ended_or_is_ending_is_left_alone(status: JobStatus) -> None:
    """There is nothing to stop."""
    jobs = JobsInMemory()
    jobs.add(labeling_job(name(), status))

    stop_jobs(remains(), jobs)

    assert jobs.jobs[name()].status is status
    assert jobs.calls == [f"describe {name()}", f"describe {name(chunk=1)}"]


def test_a_job_of_that_name_with_other_tags_is_never_stopped() -> None:
    """It is somebody else's."""
    jobs = JobsInMemory()
    jobs.add(labeling_job(name(), uid="another"))

    assert stop_jobs(remains(), jobs) == []


@pytest.mark.parametrize("spec", [{"deletionPolicy": "Orphan"}, {"labelingJob": {"adopt": "made-by-hand"}}])
def test_an_orphaned_or_adopted_job_goes_on(spec: dict[str, Any]) -> None:
    """The first by the round's own word, the second always."""
    assert Remains.of(body(**spec)) is None


def test_a_round_without_jobs_costs_one_question() -> None:
    """The first absent name ends the search."""
    jobs = JobsInMemory()

    stopped = stop_jobs(remains(attempts=5), jobs)

    assert stopped == []
    assert jobs.calls == [f"describe {name()}"]
