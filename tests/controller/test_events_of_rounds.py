"""The Events of a round: what is told, and under which name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.controller.memory_cluster import MemoryCluster

from labelround.cluster.api import EVENTS
from labelround.controller.events import Kind, Transition, event_body, record, transition
from labelround.errors import Unavailable

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
TOLD = Transition(Kind.NORMAL, "Labeling", "waiting for workers")


def status(phase: str, reason: str, message: str = "") -> dict[str, Any]:
    """A status with nothing but what Events look at."""
    return {"phase": phase, "conditions": [{"type": "Succeeded", "reason": reason, "message": message}]}


def body(version: str = "7", name: str = "pens-1") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "default", "uid": "uid-1", "resourceVersion": version}}


def test_a_transition_is_told_with_its_reason_and_sentence() -> None:
    """From one phase to the next."""
    told = transition(
        status("Preparing", "Preparing"), status("Labeling", "Labeling", "waiting for workers"), troubled=False
    )

    assert told == TOLD


def test_a_new_round_begins_with_an_event() -> None:
    """There is no status before the first one."""
    told = transition({}, status("Preparing", "Preparing", "listing"), troubled=False)

    assert told == Transition(Kind.NORMAL, "Preparing", "listing")


def test_progress_alone_is_no_event() -> None:
    """Ten thousand labeled images are not ten thousand Events."""
    before = status("Labeling", "Labeling", "1 of 9 images labeled")

    told = transition(before, status("Labeling", "Labeling", "2 of 9 images labeled"), troubled=False)

    assert told is None


@pytest.mark.parametrize("phase", ["Stalled", "Failed"])
def test_a_round_that_needs_a_person_is_told_as_a_warning(phase: str) -> None:
    """A person should see it in `kubectl describe`."""
    told = transition(status("Labeling", "Labeling"), status(phase, "NameTaken", "rename it"), troubled=False)

    assert told == Transition(Kind.WARNING, "NameTaken", "rename it")


def test_a_cause_that_outlives_a_phase_is_told_once() -> None:
    """A round is resumed while a service is away: nothing is new for whoever reads."""
    before = status("Suspended", "ServiceUnavailable", "S3 is away")

    told = transition(before, status("Preparing", "ServiceUnavailable", "S3 is away"), troubled=True)

    assert told is None


def test_each_distinct_cause_is_one_warning() -> None:
    """The same trouble again is none, another one is."""
    first, second = (status("Labeling", "ServiceUnavailable", cause) for cause in ("S3 is away", "throttled"))

    same = transition(first, first, troubled=True)
    other = transition(first, second, troubled=True)

    assert same is None
    assert other == Transition(Kind.WARNING, "ServiceUnavailable", "throttled")


def test_a_repeated_pass_writes_the_same_event() -> None:
    """A crash between the Event and the status makes the pass come again over the same version of the round."""
    cluster = MemoryCluster()

    record(cluster, body(), TOLD, NOW)
    record(cluster, body(), TOLD, NOW)

    assert len(list(cluster.list(EVENTS, "default"))) == 1


def test_the_same_transition_later_is_another_event() -> None:
    """A round that is suspended twice has two."""
    names = {event_body(body(version), TOLD, NOW)["metadata"]["name"] for version in ("7", "9")}

    assert len(names) == 2


@pytest.mark.parametrize("name", ["a" * 253, ".".join(["a" * 60] * 4), "pens-1"])
def test_the_name_of_an_event_is_one_that_kubernetes_takes(name: str) -> None:
    """At most 253 characters, and none of its parts ends in a dash."""
    made = event_body(body(name=name), TOLD, NOW)["metadata"]["name"]

    assert len(made) <= 253
    assert all(part and part[0] != "-" and part[-1] != "-" for part in made.split("."))


def test_an_event_that_cannot_be_written_holds_up_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """A namespace that is being deleted takes no new Events."""

    class Refusing(MemoryCluster):
        def create(self, *_: Any, **__: Any) -> Any:
            raise Unavailable("no")

    record(Refusing(), body(), TOLD, NOW)

    assert "an Event was not written" in caplog.text
