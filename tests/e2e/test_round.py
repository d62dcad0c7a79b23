"""From `kubectl apply` to a dataset that trains."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.ended import check_ended_right
from tests.e2e.installation import RELEASE, SYSTEM, Installation
from tests.servers.s3 import ENVIRONMENT

LABELROUND = Path(sys.executable).with_name("labelround")


def test_the_release_tests_itself(installation: Installation) -> None:
    """`helm test` runs `labelround doctor` in the cluster, which finds nothing amiss."""
    said = installation.helm.run(
        "test", RELEASE, "-n", SYSTEM, "--logs", "--timeout", "2m", kubeconfig=installation.control_plane.kubeconfig
    ).stdout

    assert re.search(r"^Phase: +Succeeded$", said, re.M), said


def test_a_round_becomes_a_dataset(installation: Installation, tmp_path: Path) -> None:
    """It is labeled in the cluster, converted in a pod, pulled to this machine, and found valid."""
    installation.begin("pens-1")

    check_ended_right(installation, "pens-1")
    with installation.store() as server:
        address = installation.get("pens-1")["status"]["dataset"]["uri"]
        pull = (LABELROUND, "pull", address, tmp_path / "pens", "--s3-endpoint-url", server.url)
        subprocess.run(pull, env=ENVIRONMENT, check=True, timeout=120)
    valid = subprocess.run((LABELROUND, "validate", tmp_path / "pens"), capture_output=True, text=True, timeout=120)

    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert len(list((tmp_path / "pens").rglob("*.txt"))) > 10
