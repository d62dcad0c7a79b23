"""A shell in a namespace of a real API server, and servers that stand for AWS."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli_cluster.shell import Shell
from tests.cluster.access import ControlPlane
from tests.edges.conftest import _s3, _sagemaker_server, aws, moto_url, s3, sagemaker

from labelround.cluster.client import KubernetesCluster

__all__ = ["_s3", "_sagemaker_server", "aws", "moto_url", "s3", "sagemaker"]


@pytest.fixture
def shell(control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str, tmp_path: Path) -> Shell:
    """In a new namespace."""
    return Shell(control_plane, cluster, namespace, tmp_path)
