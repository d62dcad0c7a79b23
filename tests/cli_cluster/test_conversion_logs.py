"""The logs of a conversion's pods: which pods, each line once, and why there may be none."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli_cluster.shown_rounds import NAMESPACE, ago, converting, labeling, round_of, stalled, succeeded
from tests.controller.memory_cluster import MemoryCluster

from labelround.cli.podlogs import Follower, Logs, Written, chosen, conversion_pods, no_log, silence
from labelround.cluster.api import PODS, Object
from labelround.controller.conversion_job import UID_LABEL

LOG = PODS.path(NAMESPACE, "{}", "log")


def pod(name: str, phase: str, minutes: int = 0, uid: str = "uid-of-pens-1", **status: Any) -> Object:
    metadata = {"name": name, "namespace": NAMESPACE, "uid": f"uid-of-{name}", "labels": {UID_LABEL: uid}}
    return {
        "metadata": metadata | {"creationTimestamp": ago(minutes=minutes)},
        "status": {"phase": phase, **status},
    }


def cluster_of(*pods: Object) -> MemoryCluster:
    cluster = MemoryCluster()
    for each in pods:
        cluster.put(PODS, NAMESPACE, each)
    return cluster


def lines(*texts: str) -> str:
    """A log with the time in front of each line, one a second."""
    return "".join(f"2026-11-25T11:00:{second:02}.5Z {text}\n" for second, text in enumerate(texts))


def test_the_pods_of_a_round_are_found_by_its_uid_oldest_first() -> None:
    """A round of the same name before this one had other pods."""
    cluster = cluster_of(pod("b", "Failed", 5), pod("a", "Running", 1), pod("c", "Failed", 9, uid="another"))

    found = conversion_pods(cluster, round_of(converting()))

    assert [each["metadata"]["name"] for each in found] == ["b", "a"]


@pytest.mark.parametrize(
    ("phases", "current", "previous"),
    [
        (["Running"], [0], []),
        (["Failed", "Failed", "Running"], [2], [0, 1]),
        (["Failed", "Failed"], [1], [0]),
        (["Failed", "Succeeded"], [1], [0]),
        (["Running", "Running"], [0, 1], []),
        ([], [], []),
    ],
)
def test_the_pods_at_work_are_shown_and_those_that_failed_before_on_demand(
    phases: list[str], current: list[int], previous: list[int]
) -> None:
    """Of failed ones alone the last is the current."""
    pods = [pod(str(number), phase) for number, phase in enumerate(phases)]

    assert chosen(pods, previous=False) == [pods[index] for index in current]
    assert chosen(pods, previous=True) == [pods[index] for index in previous]


def test_each_line_is_read_once() -> None:
    """The API gives all lines since a second, so some come again."""
    running = pod("a", "Running")
    cluster = cluster_of(running)
    logs = Logs(cluster)
    cluster.pages[LOG.format("a")] = lines("one", "two")
    first = logs.written([running])
    cluster.pages[LOG.format("a")] = lines("one", "two", "three words here", "")

    second = logs.written([running])

    assert first == [Written("a", "Running", ("one", "two"))]
    assert second == [Written("a", "Running", ("three words here", ""))]
    assert logs.written([running]) == []


def test_a_pod_that_is_gone_has_written_nothing_more() -> None:
    """Its log went with it."""
    assert Logs(MemoryCluster()).written([pod("a", "Running")]) == []


def test_following_leaves_out_what_had_failed_before_and_ends_with_the_round() -> None:
    """A pod that replaces a failed one is followed too."""
    status = converting()
    cluster = cluster_of(pod("old", "Failed", 9), pod("a", "Running", 5))
    cluster.pages |= {LOG.format("old"): lines("long ago"), LOG.format("a"): lines("one")}
    follower = Follower(cluster, lambda: round_of(status))
    first = follower.look()
    cluster.put(PODS, NAMESPACE, pod("a", "Failed", 5))
    cluster.put(PODS, NAMESPACE, pod("b", "Succeeded", 1))
    cluster.pages |= {LOG.format("a"): lines("one", "killed"), LOG.format("b"): lines("done")}
    second = follower.look()
    status |= succeeded()

    third = follower.look()

    assert [each.pod for each in first.written] == ["a"]
    assert [each.lines for each in second.written] == [("killed",), ("done",)]
    assert (first.over, second.over, third.over) == (False, False, True)


def test_following_ends_where_a_person_is_needed() -> None:
    """Nothing more is written before somebody acts."""
    cluster = cluster_of(pod("a", "Failed"))

    seen = Follower(cluster, lambda: round_of(stalled("ConversionBlocked", "the pod could not write"))).look()

    assert seen.over


@pytest.mark.parametrize(
    ("status", "previous", "told"),
    [
        ({}, False, "no operator has looked at pens-1 yet"),
        (labeling(), False, "37 of 120 images labeled\nits conversion has not begun"),
        (converting(), False, "kubectl describe job --namespace team-a pens-1-14842a56-convert"),
        (succeeded(), False, "no pod of its conversion is left"),
        (succeeded(), True, "no pod of its conversion has failed before"),
    ],
)  # fmt: skip
def test_without_a_log_the_round_tells_what_it_waits_for(status: Any, previous: bool, told: str) -> None:
    """In each phase another sentence."""
    assert told in no_log(round_of(status), previous=previous)


def test_a_silent_pod_tells_why() -> None:
    """An image that cannot be pulled, or no node with room."""
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    conditions = [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]
    pods = [
        pod("a", "Pending", containerStatuses=[{"state": waiting}]),
        pod("b", "Pending", conditions=conditions),
        pod("c", "Running"),
    ]

    sentences = [silence(each) for each in pods]

    assert sentences == [
        "the pod a (Pending) has written nothing: ImagePullBackOff no such image",
        "the pod b (Pending) has written nothing: 0/3 nodes are available",
        "the pod c (Running) has written nothing",
    ]
