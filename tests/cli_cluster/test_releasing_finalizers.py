"""Letting go of rounds that no operator lets go."""

from __future__ import annotations

from typing import Any

from tests.cli_cluster.shown_rounds import JOB, NAMESPACE, deleted, document, labeling, round_of, succeeded
from tests.controller.memory_cluster import Call, MemoryCluster

from labelround.cluster.api import ROUNDS, ObjectAbsent
from labelround.controller.deletion import FINALIZER
from labelround.doctor.finalizers import held, release, running_jobs
from labelround.shown import ShownRound

OTHER = "example.org/keep"


def kept(cluster: MemoryCluster, **metadata: Any) -> ShownRound:
    body = document()
    return ShownRound(cluster.put(ROUNDS, NAMESPACE, body | {"metadata": body["metadata"] | metadata}))


def test_the_rounds_that_are_held_are_those_that_are_being_deleted() -> None:
    """Or all with the finalizer, once there is no operator any more."""
    finalizer = {"finalizers": [FINALIZER]}
    rounds = [
        round_of(labeling(), name="going", metadata=deleted()),
        round_of(labeling(), name="staying", metadata=finalizer),
        round_of({}, name="untouched"),
        round_of({}, name="others", metadata=deleted() | {"finalizers": [OTHER]}),
    ]

    assert [round.name for round in held(rounds, everyone=False)] == ["going"]
    assert [round.name for round in held(rounds, everyone=True)] == ["going", "staying"]


def test_a_released_round_that_was_being_deleted_is_gone() -> None:
    """The finalizer was all that kept it."""
    cluster = MemoryCluster()

    release(cluster, kept(cluster, **deleted()))

    assert cluster.all(ROUNDS) == []


def test_the_finalizers_of_others_stay() -> None:
    """Each is taken away by whoever set it."""
    cluster = MemoryCluster()

    release(cluster, kept(cluster, finalizers=[OTHER, FINALIZER]))

    assert cluster.all(ROUNDS)[0]["metadata"]["finalizers"] == [OTHER]


def test_a_round_that_changes_meanwhile_is_read_again() -> None:
    """Another finalizer that came in between is not lost."""
    cluster = MemoryCluster()
    old = kept(cluster, finalizers=[FINALIZER])
    cluster.patch(ROUNDS, NAMESPACE, "pens-1", {"metadata": {"finalizers": [FINALIZER, OTHER]}})

    release(cluster, old)

    assert cluster.all(ROUNDS)[0]["metadata"]["finalizers"] == [OTHER]


def test_a_round_that_is_gone_or_another_by_now_is_left_alone() -> None:
    """Somebody was faster."""
    cluster = MemoryCluster()
    old = kept(cluster, finalizers=[FINALIZER])
    cluster.remove(ROUNDS, NAMESPACE, "pens-1")
    release(cluster, old)
    anew = kept(cluster, finalizers=[FINALIZER])

    release(cluster, old)

    assert anew.uid != old.uid
    assert cluster.all(ROUNDS)[0]["metadata"]["finalizers"] == [FINALIZER]


def test_a_round_that_goes_between_two_reads_is_fine() -> None:
    """It changed, and then it was gone."""
    cluster = MemoryCluster()
    old = kept(cluster, finalizers=[FINALIZER])
    cluster.patch(ROUNDS, NAMESPACE, "pens-1", {"spec": {"suspend": True}})

    def gone(call: Call) -> None:
        if call.verb == "get":
            raise ObjectAbsent("GET /x: not found")

    cluster.before = gone

    release(cluster, old)

    assert [call.verb for call in cluster.calls][-2:] == ["patch", "get"]


def test_the_labeling_jobs_that_nobody_stops_are_named() -> None:
    """Not those that have ended, were never created, or are somebody else's."""
    jobs = [*labeling()["labelingJobs"], {"name": "planned"}, {"name": "over", "arn": "x", "status": "Completed"}]

    assert running_jobs(round_of(labeling() | {"labelingJobs": jobs})) == [JOB]
    assert running_jobs(round_of(labeling(), labelingJob={"adopt": JOB})) == []
    assert running_jobs(round_of({})) == []
    assert running_jobs(round_of(succeeded() | {"labelingJobs": jobs[2:]})) == []
