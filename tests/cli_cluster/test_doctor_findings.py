"""What the doctor finds on the whole, and about the rounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.cli_cluster.installations import installed, lease, watch
from tests.cli_cluster.shown_rounds import (
    NAMESPACE,
    NOW,
    ago,
    deleted,
    document,
    labeling,
    round_of,
    stalled,
    succeeded,
)
from tests.controller.memory_cluster import Call, MemoryCluster

from labelround.cluster.api import LEASES, ROUNDS, RequestRefused
from labelround.doctor import Level, Scope, examine
from labelround.doctor.findings import Finding
from labelround.doctor.rounds import check_rounds
from labelround.errors import Unavailable


def refuse(*plurals: str) -> Callable[[Call], None]:
    def check(call: Call) -> None:
        if call.resource.plural in plurals:
            raise RequestRefused(f'GET /x: {call.resource.plural} "x" is forbidden: User "bob" cannot', 403)

    return check


def levels(findings: list[Finding]) -> list[str]:
    return [f"{finding.level.value} {finding.check}" for finding in findings]


def test_an_api_server_that_does_not_answer_is_the_only_finding() -> None:
    """Everything else would say the same again."""
    found = list(examine(MemoryCluster(), Scope(), watch()))

    assert levels(found) == ["error Kubernetes API"]


def test_a_healthy_installation_has_nothing_but_good_findings() -> None:
    """The API, the definition twice, the rights, the operator, the rounds."""
    cluster = installed(
        (LEASES, "labelround-system", lease()), (ROUNDS, NAMESPACE, document() | {"status": labeling()})
    )

    found = list(examine(cluster, Scope(), watch()))

    assert levels(found) == [
        "ok Kubernetes API",
        "ok CustomResourceDefinition",
        "ok CustomResourceDefinition",
        "ok rights",
        "ok operator",
        "ok rounds",
    ]
    assert found[-1].message == "1 round, and none waits for a person"


def test_what_may_not_be_looked_at_is_a_warning_that_says_so() -> None:
    """And hides nothing else."""
    cluster = installed()
    cluster.before = refuse("customresourcedefinitions", "leases", "labelingrounds", "selfsubjectaccessreviews")

    found = list(examine(cluster, Scope(), watch()))

    assert levels(found)[1:] == [
        "warning CustomResourceDefinition",
        "warning rights",
        "warning operator",
        "warning rounds",
    ]
    assert found[1].message == 'the definition was not checked: User "bob" cannot'
    assert found[3].fix == "name the operator's namespace with --operator-namespace"


def test_every_stalled_round_is_a_warning_with_what_to_do() -> None:
    """With its reason and the first line of its message."""
    rounds = [round_of(stalled("NoImages", "no image\nbelow")), round_of(labeling(), name="fine")]

    (finding,) = check_rounds(rounds, NOW, running=True)

    assert finding.level is Level.WARNING
    assert finding.message == "team-a/pens-1 is Stalled, NoImages: no image"
    assert finding.fix.startswith("upload pictures")


def test_many_stalled_rounds_are_counted() -> None:
    """Twenty are told one by one."""
    found = list(check_rounds([round_of(stalled(), name=f"r{number}") for number in range(25)], NOW, running=True))

    assert len(found) == 21
    assert found[-1].message == "and 5 more rounds of 25 Stalled ones"


def test_a_round_that_nobody_looked_at_for_long_is_told() -> None:
    """A new one is given ten minutes."""
    new = round_of({}, name="new", metadata={"creationTimestamp": ago(minutes=9)})

    (finding,) = check_rounds([round_of({}), new], NOW, running=True)

    assert finding.message == "no operator has looked at team-a/pens-1"


@pytest.mark.parametrize(("running", "expected"), [(False, Level.ERROR), (True, Level.WARNING), (None, Level.WARNING)])
def test_a_finalizer_without_an_operator_is_an_error(running: bool | None, expected: Level) -> None:
    """With one at work, or where that is not known, it only takes long."""
    (finding,) = check_rounds([round_of(labeling(), metadata=deleted())], NOW, running=running)

    assert finding.level is expected
    assert "labelround doctor --release-finalizers" in finding.fix


def test_a_round_that_has_just_been_deleted_is_left_to_the_operator() -> None:
    """It stops labeling jobs first."""
    going = round_of(succeeded(), metadata=deleted() | {"deletionTimestamp": ago(minutes=2)})

    (finding,) = check_rounds([going], NOW, running=True)

    assert finding.level is Level.OK


def test_an_api_that_breaks_in_between_is_a_warning() -> None:
    """As for every other check."""
    cluster = installed((LEASES, "labelround-system", lease()))

    def outage(call: Call) -> None:
        if call.resource == ROUNDS:
            raise Unavailable("GET /x: the Kubernetes API does not answer (ReadTimeoutError)")

    cluster.before = outage

    found = list(examine(cluster, Scope(), watch()))

    assert levels(found)[-1] == "warning rounds"
