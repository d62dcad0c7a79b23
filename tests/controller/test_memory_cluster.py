"""The cluster in memory keeps the API server's rules that others rest on."""

from __future__ import annotations

from typing import Any

import pytest
from tests.controller.memory_cluster import Call, MemoryCluster

from labelround.cluster.api import (
    ACCESS_REVIEWS,
    EVENTS,
    NAMESPACES,
    ROUNDS,
    SECRETS,
    Cluster,
    ObjectAbsent,
    ObjectChanged,
    ObjectTaken,
)
from labelround.errors import Unavailable

ROUND: dict[str, Any] = {"metadata": {"name": "pens", "finalizers": ["a/b"]}, "spec": {"bucket": "pictures"}}


@pytest.fixture
def cluster() -> MemoryCluster:
    """With one round in it."""
    cluster = MemoryCluster()
    cluster.create(ROUNDS, "team-a", ROUND)
    return cluster


def test_it_is_a_cluster(cluster: MemoryCluster) -> None:
    """mypy holds the two together."""
    seen: Cluster = cluster

    assert seen.get(ROUNDS, "team-a", "pens")["metadata"]["namespace"] == "team-a"


def test_a_name_is_taken_once(cluster: MemoryCluster) -> None:
    """In its namespace."""
    cluster.create(ROUNDS, "team-b", ROUND)

    with pytest.raises(ObjectTaken):
        cluster.create(ROUNDS, "team-a", ROUND)


def test_what_is_handed_out_is_a_copy(cluster: MemoryCluster) -> None:
    """A caller's changes stay with the caller."""
    cluster.get(ROUNDS, "team-a", "pens")["spec"]["bucket"] = "other"

    assert cluster.get(ROUNDS, "team-a", "pens")["spec"] == ROUND["spec"]


def test_a_list_spans_all_namespaces_or_one(cluster: MemoryCluster) -> None:
    """Objects of other kinds in these namespaces are not in it."""
    cluster.put(NAMESPACES, None, {"metadata": {"name": "team-a", "labels": {"team": "a"}}})
    cluster.put(NAMESPACES, None, {"metadata": {"name": "team-b"}})
    cluster.create(ROUNDS, "team-b", ROUND)

    everywhere = [each["metadata"]["namespace"] for each in cluster.list(ROUNDS)]
    one = list(cluster.list(ROUNDS, "team-b", metadata_only=True))
    selected = [each["metadata"]["name"] for each in cluster.list(NAMESPACES, selector="team=a")]

    assert everywhere == ["team-a", "team-b"]
    assert one == [{"metadata": cluster.get(ROUNDS, "team-b", "pens")["metadata"]}]
    assert selected == ["team-a"]


def test_the_status_is_patched_through_its_subresource_alone(cluster: MemoryCluster) -> None:
    """And the spec is not."""
    both = {"spec": {"suspend": True}, "status": {"phase": "Pending"}}

    main = cluster.patch(ROUNDS, "team-a", "pens", both)
    status = cluster.patch(ROUNDS, "team-a", "pens", both | {"spec": {"suspend": None}}, subresource="status")

    assert "status" not in main
    assert main["metadata"]["generation"] == 2
    assert status["spec"] == {"bucket": "pictures", "suspend": True}
    assert status["status"] == {"phase": "Pending"}
    assert status["metadata"]["generation"] == 2


def test_an_old_version_is_not_patched(cluster: MemoryCluster) -> None:
    """Whoever reads an object and writes it later learns that it changed in between."""
    old = cluster.get(ROUNDS, "team-a", "pens")["metadata"]["resourceVersion"]
    new = cluster.patch(ROUNDS, "team-a", "pens", {"spec": {"suspend": True}})["metadata"]["resourceVersion"]

    with pytest.raises(ObjectChanged):
        cluster.patch(ROUNDS, "team-a", "pens", {"metadata": {"resourceVersion": old}, "spec": {"suspend": None}})
    patched = cluster.patch(ROUNDS, "team-a", "pens", {"metadata": {"resourceVersion": new}, "spec": {"suspend": None}})

    assert patched["spec"] == ROUND["spec"]


def test_a_patch_that_changes_nothing_makes_no_version(cluster: MemoryCluster) -> None:
    """As the API server has it."""
    before = cluster.get(ROUNDS, "team-a", "pens")

    after = cluster.patch(ROUNDS, "team-a", "pens", {"spec": {"bucket": "pictures", "suspend": None}})

    assert after == before


def test_a_deleted_object_stays_while_it_has_finalizers(cluster: MemoryCluster) -> None:
    """The patch that removes the last one ends it."""
    cluster.delete(ROUNDS, "team-a", "pens")
    marked = cluster.get(ROUNDS, "team-a", "pens")

    cluster.patch(ROUNDS, "team-a", "pens", {"metadata": {"finalizers": None}})

    assert marked["metadata"]["deletionTimestamp"]
    with pytest.raises(ObjectAbsent):
        cluster.get(ROUNDS, "team-a", "pens")


def test_a_uid_keeps_another_object_of_that_name_alive(cluster: MemoryCluster) -> None:
    """Deleting what is absent is fine, too."""
    cluster.create(EVENTS, "team-a", {"metadata": {"name": "e"}})

    cluster.delete(EVENTS, "team-a", "e", uid="another")
    cluster.delete(EVENTS, "team-a", "absent")

    assert cluster.get(EVENTS, "team-a", "e")


def test_requests_are_counted_and_may_be_refused() -> None:
    """Before anything happens."""

    def refuse(call: Call) -> None:
        if call.verb == "create":
            raise Unavailable("too many requests")

    cluster = MemoryCluster(before=refuse)

    with pytest.raises(Unavailable):
        cluster.create(SECRETS, "team-a", {"metadata": {"name": "s"}})

    assert cluster.calls == [Call("create", SECRETS, "team-a", "s")]
    assert cluster.all(SECRETS) == []


def test_access_reviews_are_answered() -> None:
    """All is allowed but what the test forbids."""
    cluster = MemoryCluster(forbidden={("get", "secrets")})

    answers = [
        cluster.create(ACCESS_REVIEWS, None, {"spec": {"resourceAttributes": {"verb": verb, "resource": "secrets"}}})
        for verb in ("get", "list")
    ]

    assert [answer["status"]["allowed"] for answer in answers] == [False, True]
