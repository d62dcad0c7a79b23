"""The workers and what feeds them: nothing is lost, nothing is done twice, and no worker ever ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.controller.memory_cluster import Call
from tests.controller.operated import KEY, NAME, NAMESPACE, Operated

from labelround.cluster.api import ROUNDS, ObjectChanged, RequestRefused
from labelround.controller.keys import RoundKey
from labelround.controller.relisting import Relister
from labelround.controller.workers import needs_a_pass
from labelround.errors import LabelroundError, Unavailable

WAIT_SECONDS = 20


@pytest.fixture
def operated() -> Operated:
    """A cluster with one new round."""
    operated = Operated()
    operated.apply()
    return operated


def until(condition: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    pause = threading.Event()
    return any(condition() or pause.wait(0.02) for _ in range(WAIT_SECONDS * 50))


def failing(times: int, error: Exception) -> Callable[[Call], None]:
    """The first requests for a round fail."""
    left = [times]

    def before(call: Call) -> None:
        if call.verb == "get" and call.resource == ROUNDS and left[0]:
            left[0] -= 1
            raise error

    return before


def counted(operated: Operated, result: str) -> float:
    return operated.registry.get_sample_value("labelround_reconcile_total", {"result": result}) or 0.0


def worked(operated: Operated, condition: Callable[[], bool]) -> bool:
    """Let the workers work until the condition holds."""
    operated.queue.first_retry = 0.01
    operated.workers.start()
    try:
        return until(condition)
    finally:
        operated.queue.close()
        operated.workers.join(WAIT_SECONDS)


def test_a_round_that_is_seen_is_brought_as_far_as_it_goes(operated: Operated) -> None:
    """One event is enough: a pass leads to the next."""
    operated.workers.seen(operated.round())

    assert worked(operated, lambda: operated.status().get("phase") == "Labeling")


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (Unavailable("the API server restarts"), "unavailable"),
        (RequestRefused("GET: 403", 403), "unavailable"),
        (ObjectChanged("409"), "changed"),
        (RuntimeError("a bug"), "error"),
    ],
)
def test_a_pass_that_fails_is_tried_again(operated: Operated, error: Exception, result: str) -> None:
    """Whatever failed: a round is never lost, and its worker goes on."""
    operated.cluster.before = failing(3, error)
    operated.workers.seen(operated.round())

    assert worked(operated, lambda: operated.status().get("phase") == "Labeling")
    assert counted(operated, result) == 3


def test_a_pass_that_meets_a_service_that_is_away_is_counted_so(operated: Operated) -> None:
    """One alert tells an outage from a round that waits for its conversion or for a person."""
    operated.jobs.failure = Unavailable("the labeling API is away")
    operated.workers.seen(operated.round())

    assert worked(operated, lambda: counted(operated, "unavailable") > 0)
    assert counted(operated, "waiting") == 0


def test_a_round_that_is_gone_is_forgotten(operated: Operated) -> None:
    """The event about its deletion may have been lost."""
    operated.workers.seen(operated.round())
    operated.cluster.remove(ROUNDS, NAMESPACE, NAME)

    assert worked(operated, lambda: counted(operated, "gone") == 1)
    assert operated.passes.fleet.snapshot() == {}


def test_a_round_that_was_made_anew_is_not_lost_with_its_predecessor(operated: Operated) -> None:
    """The watch tells of two objects side by side, and may tell of the old one's end last."""
    old = operated.round()
    operated.cluster.remove(ROUNDS, NAMESPACE, NAME)
    operated.apply()
    operated.workers.seen(operated.round())

    operated.workers.seen(old, deleted=True)

    assert worked(operated, lambda: operated.status().get("phase") == "Labeling")


def test_nothing_is_kept_of_a_round_whose_end_is_told_while_a_pass_ends(operated: Operated) -> None:
    """The pass that lets it go reads its last version after the watch has told of its end."""
    operated.step(4)
    operated.delete()

    def tell(call: Call) -> None:
        if call.verb == "patch":
            operated.workers.seen(operated.round(), deleted=True)

    operated.cluster.before = tell
    operated.queue.add(KEY)

    assert worked(operated, lambda: counted(operated, "gone") == 1)
    assert operated.passes.fleet.snapshot() == {}
    assert operated.passes.versions.known() == set()


def test_an_event_that_tells_nothing_new_is_no_pass(operated: Operated) -> None:
    """A watch that begins anew lists every round again."""
    operated.workers.seen(operated.round())
    key = operated.queue.take()
    operated.queue.done(KEY)

    operated.workers.seen(operated.round())

    assert key == KEY
    assert operated.queue.depth() == 0


def test_the_operators_own_writing_wakes_nobody(operated: Operated) -> None:
    """Every status it writes comes back from the watch."""
    operated.workers.seen(operated.round())
    assert worked(operated, lambda: operated.status().get("phase") == "Labeling")
    passes = counted(operated, "ok")

    operated.workers.seen(operated.round())

    assert counted(operated, "ok") == passes
    assert operated.queue.depth() == 0


def ended(**changes: Any) -> dict[str, Any]:
    """A round that has ended well."""
    conditions = [{"type": "Succeeded", "status": "True"}]
    body: dict[str, Any] = {
        "metadata": {"name": NAME, "namespace": NAMESPACE, "resourceVersion": "7", "generation": 1},
        "spec": {},
        "status": {"observedGeneration": 1, "conditions": conditions},
    }
    for part, values in changes.items():
        body[part] |= values
    return body


ENDED = {
    "one that has ended is left alone": ({}, False),
    "one with our finalizer is not": ({"metadata": {"finalizers": ["labelround.dev/finalizer"]}}, True),
    "one with somebody else's finalizer is": ({"metadata": {"finalizers": ["example.com/backup"]}}, False),
    "one with a time to live is not": ({"spec": {"ttlSecondsAfterFinished": 0}}, True),
    "one whose spec has changed since is not": ({"metadata": {"generation": 2}}, True),
    "one that is active is not": ({"status": {"conditions": []}}, True),
}


@pytest.mark.parametrize(("changes", "needed"), ENDED.values(), ids=ENDED.keys())
def test_ten_thousand_ended_rounds_cost_nothing_at_the_start(changes: dict[str, Any], needed: bool) -> None:
    """Only those with something left to do are looked at."""
    assert needs_a_pass(ended(**changes)) is needed


def test_a_list_finds_what_the_watch_has_lost(operated: Operated) -> None:
    """A new round, a changed one, and one that is gone."""
    relister = Relister(operated.cluster, operated.workers, (), 600.0)
    operated.apply(metadata={"name": "gone"})
    relister.list_once()
    while operated.queue.depth():
        operated.queue.done(operated.queue.take() or KEY)
    operated.apply(metadata={"name": "new"})
    operated.cluster.patch(ROUNDS, NAMESPACE, NAME, {"spec": {"suspend": True}})
    operated.cluster.remove(ROUNDS, NAMESPACE, "gone")

    relister.list_once()
    found = {operated.queue.take() for _ in range(operated.queue.depth())}

    assert found == {RoundKey(NAMESPACE, name) for name in ("new", NAME, "gone")}


def test_a_list_of_unchanged_rounds_is_no_pass(operated: Operated) -> None:
    """Every ten minutes nothing happens, for nothing."""
    relister = Relister(operated.cluster, operated.workers, (), 600.0)
    relister.list_once()
    operated.queue.done(operated.queue.take() or KEY)

    relister.list_once()

    assert operated.queue.depth() == 0


def test_only_the_watched_namespaces_are_listed(operated: Operated) -> None:
    """There may be no right to look elsewhere."""
    operated.apply(namespace="elsewhere")
    relister = Relister(operated.cluster, operated.workers, (NAMESPACE,), 600.0)

    relister.list_once()

    assert {call.namespace for call in operated.cluster.calls if call.verb == "list"} == {NAMESPACE}
    assert set(operated.passes.fleet.snapshot()) == {KEY}


def test_a_list_that_fails_is_tried_again(operated: Operated) -> None:
    """The operator is not ready before the first one."""
    relister = Relister(operated.cluster, operated.workers, (), 600.0)
    error: LabelroundError = Unavailable("away")

    def before(call: Call) -> None:
        if call.verb == "list":
            raise error

    operated.cluster.before = before

    with pytest.raises(Unavailable):
        relister.list_once()

    assert not relister.listed.is_set()
