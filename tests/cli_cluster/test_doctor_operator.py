"""What the doctor finds about the operator: its rights, and whether it is at work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.cli_cluster.installations import installed, lease, watch
from tests.cli_cluster.shown_rounds import NOW, ago
from tests.controller.memory_cluster import MemoryCluster

from labelround.cluster.api import LEASES, Object
from labelround.doctor import Level
from labelround.doctor.leases import Watch, find_operators
from labelround.doctor.rights import SELF_REVIEWS, Right, check_rights, needed_rights, rbac_text

OPERATOR = "system:serviceaccount:labelround-system:labelround-operator"


def test_the_rights_that_are_asked_for_are_those_of_the_file() -> None:
    """Each verb on each resource; the ones of Roles in the operator's own namespace."""
    needed = needed_rights(rbac_text(), operator_namespace="elsewhere")

    assert Right("patch", "labelround.dev", "labelingrounds", "status") in needed.rights
    assert Right("create", "coordination.k8s.io", "leases", namespace="elsewhere") in needed.rights
    assert Right("get", "coordination.k8s.io", "leases", namespace="elsewhere", name="labelround") in needed.rights
    assert needed.service_account == "system:serviceaccount:elsewhere:labelround-operator"


def test_the_rights_of_one_namespace_are_asked_for_there() -> None:
    """An operator without rights on the cluster has no others."""
    needed = needed_rights(rbac_text(), namespace="team-a")

    assert Right("list", "labelround.dev", "labelingrounds", namespace="team-a") in needed.rights
    assert Right("get", "", "namespaces") not in needed.rights


@pytest.mark.parametrize(
    ("user", "level", "fix"),
    [
        (OPERATOR, Level.ERROR, "bind the roles of deploy/rbac.yaml to it"),
        ("ann", Level.WARNING, f"kubectl auth can-i --list --as {OPERATOR}"),
    ],
)
def test_missing_rights_are_named_and_an_error_for_the_operator_alone(user: str, level: Level, fix: str) -> None:
    """A person need not have the operator's rights."""
    cluster = AskedBy(user, forbidden={("create", "jobs"), ("patch", "labelingrounds")})

    finding = check_rights(cluster, needed_rights(rbac_text()))

    assert finding.level is level
    assert finding.message.startswith(f"{user} lacks 3 rights of the operator's")
    assert "patch labelingrounds, patch labelingrounds/status, create jobs" in finding.message
    assert fix in finding.fix


class AskedBy(MemoryCluster):
    """A cluster that knows who asks."""

    def __init__(self, user: str, **more: Any) -> None:
        super().__init__(**more)
        self._user = user

    def create(self, resource: Any, namespace: str | None, body: Any) -> Object:
        if resource == SELF_REVIEWS:
            return {"status": {"userInfo": {"username": self._user}}}
        return super().create(resource, namespace, body)


def test_an_operator_with_a_fresh_lease_is_at_work() -> None:
    """It is told who, and where."""
    operators = find_operators(installed((LEASES, "labelround-system", lease())), "", watch())

    assert operators.running is True
    assert operators.findings[0].message == "pod-1 is at work, from the namespace labelround-system"


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (lease(renewed=ago(minutes=5)), "pod-1 in the namespace labelround-system has not renewed its Lease for 300 s"),
        (lease(holder=""), "the last in the namespace labelround-system gave its Lease back"),
    ],
)
def test_a_forgotten_lease_means_that_no_operator_is_at_work(held: Object, told: str) -> None:
    """An error, since nothing happens to any round."""
    operators = find_operators(installed((LEASES, "labelround-system", held)), "labelround-system", watch())

    assert operators.running is False
    assert operators.findings[0].level is Level.ERROR
    assert told in operators.findings[0].message


def test_a_lease_that_looks_forgotten_is_looked_at_twice() -> None:
    """The operator's clock may be another than this machine's."""
    cluster = installed((LEASES, "labelround-system", lease(renewed=ago(hours=1))))

    def renew(_: float) -> None:
        renewed = (NOW - timedelta(hours=1) + timedelta(seconds=2)).isoformat()
        cluster.patch(LEASES, "labelround-system", "labelround", {"spec": {"renewTime": renewed}})

    operators = find_operators(cluster, "", Watch(lambda: NOW, renew))

    assert operators.running is True


def test_without_a_lease_it_is_not_known_whether_an_operator_runs() -> None:
    """Its settings may do without one."""
    operators = find_operators(installed(), "", watch())

    assert operators.running is None
    assert operators.findings[0].level is Level.WARNING
