"""The pollers of all sessions: there while they are used, and gone with their session afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import CollectorRegistry
from tests.controller.labeling_stub import JobsInMemory, labeling_job
from tests.controller.operated import Operated

from labelround.controller.keys import RoundKey
from labelround.controller.metrics import Metrics
from labelround.controller.pollers import IDLE_POLLS, Pollers
from labelround.controller.sessions import Session, SessionKey
from labelround.groundtruth.api import JobStatus

ONE = RoundKey("default", "one")


@dataclass
class Polling:
    """The pollers, and one session with a running job. `woken` are the rounds that were woken."""

    jobs: JobsInMemory = field(default_factory=JobsInMemory)
    woken: list[RoundKey] = field(default_factory=list)
    session: Session = field(init=False)
    pollers: Pollers = field(init=False)

    def __post_init__(self) -> None:
        self.session = replace(Operated().session, key=SessionKey("main", "team-a"), api=self.jobs)
        self.pollers = Pollers(60.0, self.woken.append, Metrics(CollectorRegistry()))
        self.jobs.add(labeling_job("a"))

    def poll(self, times: int) -> None:
        """What a thread does when the session's turn has come."""
        for _ in range(times):
            self.pollers._poll(self.session.key)


@pytest.fixture
def polling() -> Polling:
    """No poller yet."""
    return Polling()


def test_a_poller_that_nobody_uses_is_dropped(polling: Polling) -> None:
    """Or every namespace that ever had a round would keep a session alive."""
    polling.pollers.of(polling.session)

    polling.poll(IDLE_POLLS)

    assert polling.pollers._pollers == {}
    assert polling.pollers._idle == {}


def test_a_poller_that_a_round_asks_for_stays(polling: Polling) -> None:
    """Its jobs may have ended; what is known of them saves a Describe."""
    first = polling.pollers.of(polling.session)
    polling.poll(IDLE_POLLS - 1)

    again = polling.pollers.of(polling.session)
    polling.poll(IDLE_POLLS - 1)

    assert again is first
    assert polling.pollers.of(polling.session) is first


def test_a_poller_with_a_job_that_is_awaited_stays(polling: Polling) -> None:
    """However long the labeling takes."""
    poller = polling.pollers.of(polling.session)
    poller.view(ONE).describe("a")

    polling.poll(3 * IDLE_POLLS)

    assert polling.pollers.of(polling.session) is poller


def test_a_round_with_a_view_of_a_dropped_poller_is_woken_to_take_another(polling: Polling) -> None:
    """A pass that was slow between the two would wait for a poll that never comes."""
    view = polling.pollers.of(polling.session).view(ONE)
    polling.poll(IDLE_POLLS)

    job = view.describe("a")
    fresh = polling.pollers.of(polling.session)
    fresh.view(ONE).describe("a")
    polling.poll(1)

    assert job is not None
    assert polling.woken == [ONE]
    assert polling.jobs.calls == ["describe a", "describe a", "list"]


def test_a_dropped_poller_leaves_a_round_whose_job_has_ended_alone(polling: Polling) -> None:
    """There is nothing to poll for."""
    view = polling.pollers.of(polling.session).view(ONE)
    polling.poll(IDLE_POLLS)
    polling.jobs.add(labeling_job("a", JobStatus.COMPLETED))

    view.describe("a")

    assert polling.woken == []
