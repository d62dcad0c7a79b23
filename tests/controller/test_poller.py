"""The poller: one list for all rounds, and a Describe only where the list does not tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from tests.controller.labeling_stub import CREATED, JobsInMemory, labeling_job

from labelround.controller.keys import RoundKey
from labelround.controller.poller import CLOCK_SKEW, DOUBTS_PER_POLL, JobPoller
from labelround.errors import Conflict, Unavailable
from labelround.groundtruth.api import JobStatus, LabelCounters

ONE, TWO = RoundKey("default", "one"), RoundKey("default", "two")


@dataclass
class Polled:
    """A poller over jobs in memory; `woken` are the rounds it woke."""

    jobs: JobsInMemory = field(default_factory=JobsInMemory)
    woken: list[RoundKey] = field(default_factory=list)
    poller: JobPoller = field(init=False)

    def __post_init__(self) -> None:
        self.poller = JobPoller(self.jobs, self.woken.append)


@pytest.fixture
def polled() -> Polled:
    """Two rounds with a running job each, described once."""
    polled = Polled()
    polled.jobs.add(labeling_job("a"), labeling_job("b"))
    polled.poller.view(ONE).describe("a")
    polled.poller.view(TWO).describe("b")
    polled.jobs.calls.clear()
    return polled


def test_an_idle_round_costs_no_call_of_its_own(polled: Polled) -> None:
    """However often its pass asks, the list has answered already."""
    polled.poller.poll()
    for _ in range(5):
        polled.poller.view(ONE).describe("a")
        polled.poller.view(TWO).describe("b")

    assert polled.jobs.calls == ["list"]
    assert polled.woken == []


def test_the_round_whose_job_has_moved_is_woken_and_sees_it(polled: Polled) -> None:
    """The counters of the list, with the tags of the Describe."""
    polled.jobs.change("b", counters=LabelCounters(total_labeled=3, unlabeled=2))

    polled.poller.poll()
    seen = polled.poller.view(TWO).describe("b")

    assert polled.woken == [TWO]
    assert seen is not None
    assert seen.counters.total_labeled == 3
    assert seen.tags
    assert seen.label_attribute_name == "b"
    assert polled.jobs.calls == ["list"]


def test_the_end_of_a_job_is_confirmed_by_one_describe(polled: Polled) -> None:
    """What follows cannot be taken back, so the service itself is asked once."""
    polled.jobs.change("a", status=JobStatus.COMPLETED)

    polled.poller.poll()
    polled.poller.view(ONE).describe("a")
    polled.poller.view(ONE).describe("a")
    polled.poller.poll()

    assert polled.woken == [ONE]
    assert polled.jobs.calls == ["list", "describe a", "list"]


def test_no_list_is_asked_for_when_no_job_is_awaited(polled: Polled) -> None:
    """An idle operator makes no call at all."""
    for name in ("a", "b"):
        polled.jobs.change(name, status=JobStatus.STOPPED)
    polled.poller.poll()
    polled.jobs.calls.clear()

    polled.poller.poll()

    assert polled.jobs.calls == []
    assert polled.poller.is_idle()


def test_a_job_that_the_list_does_not_show_is_described_after_a_while(polled: Polled) -> None:
    """A list may lag; absence in one is not taken for the end of a job."""
    polled.jobs.hidden.add("a")

    polled.poller.poll()
    first = list(polled.woken)
    polled.poller.poll()
    polled.poller.view(ONE).describe("a")

    assert first == []
    assert polled.woken == [ONE]
    assert polled.jobs.calls == ["list", "list", "describe a"]


def test_an_adopted_job_does_not_stretch_the_list_over_years(polled: Polled) -> None:
    """It is described instead, since it is older than any round."""
    polled.jobs.add(labeling_job("old"))
    polled.jobs.change("old", created=CREATED - timedelta(days=900))
    polled.poller.view(ONE, adopted=True).describe("old")

    polled.poller.poll()
    polled.poller.poll()

    assert polled.jobs.listed_after == [CREATED - CLOCK_SKEW] * 2
    assert polled.woken == [ONE]


def test_two_rounds_that_adopt_one_job_are_both_woken(polled: Polled) -> None:
    """The job is one, the rounds are two."""
    polled.poller.view(TWO, adopted=True).describe("a")
    polled.jobs.change("a", counters=LabelCounters(total_labeled=1))

    polled.poller.poll()

    assert sorted(polled.woken) == [ONE, TWO]


def test_a_throttled_list_wakes_nobody(polled: Polled) -> None:
    """Thousands of rounds that describe their jobs instead would make it worse."""
    polled.jobs.failure = Unavailable("ListLabelingJobs: ThrottlingException: Rate exceeded")

    with pytest.raises(Unavailable):
        polled.poller.poll()
    seen = polled.poller.view(ONE).describe("a")

    assert seen is not None
    assert polled.woken == []


def test_without_the_right_to_list_a_few_jobs_at_a_time_are_described() -> None:
    """Slower, but it goes on; and never a thousand calls at once."""
    polled = Polled()
    names = [f"job-{number}" for number in range(3 * DOUBTS_PER_POLL)]
    for name in names:
        polled.jobs.add(labeling_job(name))
        polled.poller.view(RoundKey("default", name)).describe(name)
    polled.jobs.failure = Conflict("AccessDenied", "no")

    for _ in range(2):
        polled.poller.poll()
    woken = len(polled.woken)
    for _ in range(8):
        polled.poller.poll()

    assert woken == DOUBTS_PER_POLL
    assert {key.name for key in polled.woken} == set(names)


def test_a_stopped_job_is_described_anew(polled: Polled) -> None:
    """What the list said before the stop no longer holds."""
    polled.poller.view(ONE).stop("a")

    seen = polled.poller.view(ONE).describe("a")

    assert seen is not None
    assert seen.status is JobStatus.STOPPING
    assert polled.jobs.calls == ["stop a", "describe a"]


def test_nothing_is_kept_of_a_round_that_has_ended(polled: Polled) -> None:
    """Neither its jobs nor its name."""
    polled.poller.forget(ONE)
    polled.poller.forget(TWO)

    assert polled.poller.is_idle()
    assert polled.poller.poll() >= 0
    assert polled.jobs.calls == []
