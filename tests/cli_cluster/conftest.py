"""A shell in a namespace of a real API server."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli_cluster.shell import Shell
from tests.cluster.access import ControlPlane

from labelround.cluster.client import KubernetesCluster


@pytest.fixture
def shell(control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str, tmp_path: Path) -> Shell:
    """In a new namespace."""
    return Shell(control_plane, cluster, namespace, tmp_path)
