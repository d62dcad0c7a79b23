"""One operator lives through outages of everything that it calls; each round that was struck ends right.

Every round is struck twice: from its first moment on, and while people label. The operator is not started again.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.fixtures import namespace_of
from tests.operator.outages import ALWAYS, MORE
from tests.operator.process import OperatorProcess
from tests.operator.strikes import Strike
from tests.operator.verdict import check_ended_right
from tests.operator.world import World
from tests.servers.s3 import S3Server
from tests.servers.waiting import until
from tests.sizes import only_full

pytestmark = pytest.mark.minio
GROWTH_MIB = 25.0
PATIENCE = 120.0


@pytest.fixture(scope="module")
def town(
    control_plane: ControlPlane, minio_server: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A world for all rounds of this module; people take three seconds for the pictures of a round."""
    name, folder = f"tests-{uuid4().hex[:12]}", tmp_path_factory.mktemp("outages")
    with namespace_of(control_plane, name), World(control_plane, name, minio_server, folder, delay=0.6) as world:
        yield world


@pytest.fixture(scope="module")
def survivor(town: World) -> Iterator[OperatorProcess]:
    """One operator for all rounds. At the end it is the same process still, and no larger for what it went through."""
    with town.operator() as operator:
        town.create(town.document("calm", prefix="calm"))
        town.wait_for_phase("calm", "Succeeded")
        before = operator.memory_mib()
        yield operator
        assert operator.page("/healthz") == (200, "ok\n")
        assert operator.memory_mib() - before < GROWTH_MIB
        assert operator.terminate() == 0
        assert operator.starts == 1


@pytest.mark.parametrize(
    "strike",
    [
        *(pytest.param(strike, id=name) for name, strike in ALWAYS.items()),
        *(pytest.param(strike, id=name, marks=only_full) for name, strike in MORE.items()),
    ],
)
def test_a_round_outlives(town: World, survivor: OperatorProcess, strike: Strike) -> None:
    """It waits, tells why where it can, and goes on by itself when the outage is over."""
    name = f"round-{uuid4().hex[:6]}"

    with strike(town, survivor) as felt:
        town.create(town.document(name, prefix=name))
        until(felt, lambda: f"the operator feels the outage; {town.story(name)}", PATIENCE)
    town.wait_for_phase(name, "Labeling", "Converting", "Succeeded", seconds=PATIENCE)
    with strike(town, survivor) as felt:
        until(lambda: felt() or town.status(name).get("phase") == "Succeeded", "the outage is felt again", PATIENCE)

    town.wait_for_phase(name, "Succeeded", "Failed", seconds=PATIENCE)
    check_ended_right(town, name)
