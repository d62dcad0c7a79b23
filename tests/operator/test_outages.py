"""One operator lives through outages of everything that it calls; each round that was struck ends right.

Every round is struck twice: from its first moment on, and while people label. The operator is not started again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.fixtures import namespace_of
from tests.operator.faults import Answer, Cut, Delay, Garbage, Moment, Rubbish, on
from tests.operator.process import OperatorProcess
from tests.operator.strikes import Strike, away, black_hole, cut_watch, faulty, hanging, silent_watch
from tests.operator.verdict import check_ended_right
from tests.operator.world import World
from tests.servers.s3 import S3Server
from tests.servers.waiting import until
from tests.sizes import only_full

pytestmark = pytest.mark.minio
GROWTH_MIB = 25.0
PATIENCE = 120.0

ALWAYS: Mapping[str, Strike] = {
    "the Kubernetes API answers 429": faulty("kubernetes", Answer(429)),
    "the Kubernetes API answers 500": faulty("kubernetes", Answer(500)),
    "the Kubernetes API answers 410": faulty("kubernetes", Answer(410)),
    "the Kubernetes API answers 401": faulty("kubernetes", Answer(401)),
    "the Kubernetes API hangs": hanging("kubernetes"),
    "the Kubernetes API is away": away("kubernetes"),
    "the Kubernetes API is behind a black hole": black_hole(),
    "the Kubernetes API does what it is asked and its answers are lost": faulty("kubernetes", Cut(Moment.AFTER)),
    "the watch ends in an ERROR 410": silent_watch(410),
    "the watch ends in an ERROR 500": silent_watch(500),
    "all connections to the Kubernetes API are cut": cut_watch(),
    "the labeling API throttles": faulty("labeling", Answer(429)),
    "the labeling API hangs": hanging("labeling"),
    "the labeling API answers half": faulty("labeling", Garbage(Rubbish.TRUNCATED)),
    "the labeling API answers with a page": faulty("labeling", Garbage(Rubbish.HTML)),
    "the labeling API does what it is asked and its answers are lost": faulty("labeling", Cut(Moment.AFTER)),
    "the object store is away": away("store"),
    "the object store is overloaded": faulty("store", Answer(503)),
}
MORE: Mapping[str, Strike] = {
    "the Kubernetes API answers 403": faulty("kubernetes", Answer(403)),
    "the Kubernetes API answers 503": faulty("kubernetes", Answer(503)),
    "the Kubernetes API answers half": faulty("kubernetes", Garbage(Rubbish.TRUNCATED)),
    "the Kubernetes API answers with a page": faulty("kubernetes", Garbage(Rubbish.HTML)),
    "the Kubernetes API answers in other types": faulty("kubernetes", Garbage(Rubbish.WRONG_TYPES)),
    "connections to the Kubernetes API are cut in the middle": faulty("kubernetes", Cut(Moment.MIDDLE)),
    "the Kubernetes API refuses status writes": faulty(
        "kubernetes", Answer(500), on("patch labelingrounds/status"), felt=1
    ),
    "the labeling API answers 500": faulty("labeling", Answer(500)),
    "the labeling API answers 503": faulty("labeling", Answer(503)),
    "the labeling API denies access": faulty("labeling", Answer(403)),
    "the labeling API answers in other types": faulty("labeling", Garbage(Rubbish.WRONG_TYPES)),
    "connections to the labeling API are cut": faulty("labeling", Cut(Moment.BEFORE)),
    "the labeling API is away": away("labeling"),
    "the labeling API is slow": faulty("labeling", Delay(1.0), felt=2),
    "the object store answers 500": faulty("store", Answer(500)),
    "the object store denies access": faulty("store", Answer(403)),
    "the object store hangs": hanging("store"),
    "the object store does what it is asked and its answers are lost": faulty("store", Cut(Moment.AFTER)),
    "connections to the object store are cut in the middle": faulty("store", Cut(Moment.MIDDLE)),
}


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
