"""Readiness on a real API server: a round that nobody has looked at, and the statuses of every phase."""

from __future__ import annotations

import pytest
from tests.cluster.access import ControlPlane
from tests.round.kstatus import Verdict, verdict
from tests.round.scenes import SCENES
from tests.round.test_readiness import KSTATUS

from labelround.cluster.api import ROUNDS
from labelround.cluster.client import KubernetesCluster
from labelround.conditions import Phase

ROUND = {
    "apiVersion": "labelround.dev/v1alpha1",
    "kind": "LabelingRound",
    "metadata": {"name": "pens-1"},
    "spec": {"bucket": "pens", "imagesPrefix": "a/images/", "labels": ["pen"], "outputFormat": "YOLO"},
}


def test_a_round_that_nobody_has_looked_at_is_in_progress(cluster: KubernetesCluster, namespace: str) -> None:
    """The schema's default stands in for the status until there is one; tools that wait do not go by at once."""
    created = cluster.create(ROUNDS, namespace, ROUND)

    read = cluster.get(ROUNDS, namespace, "pens-1")

    assert created["status"] == read["status"] == {"observedGeneration": -1}
    assert verdict(read) is Verdict.IN_PROGRESS


@pytest.mark.parametrize("phase", Phase, ids=lambda phase: phase.value)
def test_the_api_server_takes_the_status_of_every_phase_as_it_is(
    phase: Phase, cluster: KubernetesCluster, namespace: str
) -> None:
    """Nothing is pruned or refused, and kstatus judges what is shown."""
    stage = SCENES[phase]()
    stage.step()
    status = {**stage.status, "observedGeneration": 1}
    cluster.create(ROUNDS, namespace, ROUND)

    shown = cluster.patch(ROUNDS, namespace, "pens-1", {"status": status}, subresource="status")

    assert shown["status"] == status
    assert verdict(shown) is KSTATUS[phase]


def test_kubectl_waits_for_success(control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str) -> None:
    """It goes by the condition `Succeeded`, and by nothing before."""
    cluster.create(ROUNDS, namespace, ROUND)
    wait = ("wait", "-n", namespace, "--for=condition=Succeeded", "labelinground/pens-1")
    before = control_plane.kubectl(*wait, "--timeout=1s", check=False)
    status = {**SCENES[Phase.SUCCEEDED]().status, "observedGeneration": 1}
    cluster.patch(ROUNDS, namespace, "pens-1", {"status": status}, subresource="status")

    after = control_plane.kubectl(*wait, "--timeout=30s")

    assert "timed out" in before.stderr
    assert "condition met" in after.stdout
