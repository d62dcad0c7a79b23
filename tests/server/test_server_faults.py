"""Faults on demand."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from tests.server.labeling import Place, refused, request

from labelround.errors import InvalidInput
from labelround.server.faults import Faults, meanings, parse_faults

ZERO = dict.fromkeys(("TotalLabeled", "HumanLabeled", "MachineLabeled", "FailedNonRetryableError", "Unlabeled"), 0)


def ended(place: Place, **changes: Any) -> dict[str, Any]:
    """A job at its end."""
    with place.serving() as api:
        api.create_labeling_job(**request(**changes))
        place.finish()
        answer: dict[str, Any] = api.describe_labeling_job(LabelingJobName="pens-1")
    return answer


def test_every_nth_call_is_throttled(place: Place) -> None:
    """Of all operations together, with AWS's words."""
    place.fault(throttle_every=3)
    codes: list[str] = []
    with place.serving() as api:
        for _ in range(3):
            api.list_labeling_jobs()
            codes.append(refused(api.describe_labeling_job, LabelingJobName="pens-1")[0])
            codes.append(": ".join(refused(api.describe_labeling_job, LabelingJobName="pens-1")))

    assert codes == ["ResourceNotFound", "ThrottlingException: Rate exceeded"] * 3


def test_counters_stay_zero_while_the_job_runs(place: Place) -> None:
    """And are right at its end."""
    place.fault(zero_counters=True)
    place.change(delay=10.0)
    with place.serving() as api:
        api.create_labeling_job(**request())
        place.tick()
        place.clock.turn(20)
        place.tick()
        running = api.describe_labeling_job(LabelingJobName="pens-1")
        [summary] = api.list_labeling_jobs()["LabelingJobSummaryList"]
        place.clock.turn(20)

        place.finish()
        job = api.describe_labeling_job(LabelingJobName="pens-1")

    assert running["LabelingJobStatus"] == "InProgress"
    assert running["LabelCounters"] == summary["LabelCounters"] == ZERO
    assert job["LabelCounters"]["TotalLabeled"] == 4


def test_every_nth_image_fails(place: Place) -> None:
    """A completed job with failed lines."""
    place.fault(fail_every=2)

    job = ended(place)

    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"] == {**ZERO, "TotalLabeled": 2, "HumanLabeled": 2, "FailedNonRetryableError": 2}
    assert ["failure-reason" in line["pens-metadata"] for line in place.output()] == [False, True, False, True]


@pytest.mark.parametrize("after", [0, 3])
def test_tasks_expire_after_some_images(place: Place, after: int) -> None:
    """The others fail."""
    place.fault(expire_after=after)

    job = ended(place)

    assert job["LabelingJobStatus"] == "Completed"
    assert job["LabelCounters"]["TotalLabeled"] == after
    assert job["LabelCounters"]["FailedNonRetryableError"] == 4 - after
    assert ["pens" in line for line in place.output()] == [True] * after + [False] * (4 - after)


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"expire_after": 0}, "Completed"), ({"stop_after": 0}, "Stopped"), ({"fail_after": 0}, "Failed")],
)
def test_jobs_without_workers_can_be_ended_too(place: Place, fault: dict[str, int], status: str) -> None:
    """Faults need no answers manifest."""
    place.fault(**fault)
    place.change(answers=None)

    assert ended(place)["LabelingJobStatus"] == status


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_job_stops_by_itself(place: Place, after: int) -> None:
    """With a partial output, unless all was labeled before."""
    place.fault(stop_after=after)

    job = ended(place)

    assert job["LabelingJobStatus"] == ("Stopped" if after < 4 else "Completed")
    assert ["pens" in line for line in place.output()] == [True] * after + [False] * (4 - after)


@pytest.mark.parametrize("after", [0, 2])
def test_a_job_fails_with_a_reason_and_what_it_has(place: Place, after: int) -> None:
    """Failed with some labeled objects, or with none."""
    place.fault(fail_after=after, failure_reason="ClientError: Access denied")

    job = ended(place)

    assert job["LabelingJobStatus"] == "Failed"
    assert job["FailureReason"] == "ClientError: Access denied"
    assert job["LabelCounters"]["TotalLabeled"] == after
    assert ["pens" in line for line in place.output()] == [True] * after + [False] * (4 - after)


def test_a_slow_list_takes_its_time(place: Place) -> None:
    """Only ListLabelingJobs waits."""
    waited: list[float] = []
    place.fault(slow_list_seconds=2.5)
    place.change(sleep=waited.append)
    with place.serving() as api:
        api.create_labeling_job(**request())
        api.list_labeling_jobs()

    assert waited == [2.5]


def test_a_new_job_is_absent_from_the_list_for_a_while(place: Place) -> None:
    """Describe knows it already."""
    place.fault(list_lag_seconds=5.0)
    with place.serving() as api:
        api.create_labeling_job(**request())
        early = api.list_labeling_jobs()["LabelingJobSummaryList"]
        described = api.describe_labeling_job(LabelingJobName="pens-1")["LabelingJobStatus"]
        place.clock.turn(5)

        late = api.list_labeling_jobs()["LabelingJobSummaryList"]

    assert early == []
    assert described == "Initializing"
    assert len(late) == 1


def test_an_unknown_job_may_be_a_validation_exception(place: Place) -> None:
    """The other way in which AWS says it."""
    place.fault(absent_as_validation=True)
    with place.serving() as api:
        answers = [
            refused(call, LabelingJobName="pens-1") for call in (api.describe_labeling_job, api.stop_labeling_job)
        ]

    assert {code for code, _ in answers} == {"ValidationException"}
    assert all("not found" in message for _, message in answers)


def test_running_jobs_are_limited(place: Place) -> None:
    """The limit frees itself when a job ends."""
    place.fault(max_running_jobs=1)
    with place.serving() as api:
        api.create_labeling_job(**request("one"))
        code, message = refused(api.create_labeling_job, **request("two"))
        place.finish()

        api.create_labeling_job(**request("two"))

    assert code == "ResourceLimitExceeded"
    assert "is 1, with current utilization of 1" in message


def test_without_faults_none_is_active() -> None:
    """They are off unless asked for."""
    assert Faults().active() == ()


def test_faults_are_read_from_options() -> None:
    """Numbers, texts, and those that are just on."""
    faults = parse_faults(
        ["throttle-every=3", "zero-counters", "fail-after=0", "failure-reason=a=b", "list-lag-seconds=1.5"]
    )

    assert faults == Faults(
        throttle_every=3, zero_counters=True, fail_after=0, failure_reason="a=b", list_lag_seconds=1.5
    )
    assert len(faults.active()) == 5


def test_wrong_faults_are_told_all_at_once() -> None:
    """With the names of those that exist."""
    texts = [
        "nonsense",
        "throttle-every=x",
        "stop-after=-1",
        "zero-counters=maybe",
        "failure-reason",
        "slow-list-seconds=nan",
    ]

    with pytest.raises(InvalidInput) as caught:
        parse_faults(texts)

    assert len(caught.value.problems) == len(texts)
    assert "throttle-every" in caught.value.problems[0].fix


def test_every_fault_says_what_it_does() -> None:
    """`--list-faults` shows it."""
    assert len(meanings()) == len(dataclasses.fields(Faults))
    assert all(meanings().values())
