"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from tests.cluster.fixtures import cluster, control_plane, namespace, new_control_plane, programs
from tests.servers.s3 import minio_server

__all__ = [
    "cluster",
    "control_plane",
    "minio_server",
    "namespace",
    "new_control_plane",
    "programs",
    "real_images",
    "real_manifests",
]

REPOSITORY = Path(__file__).parent.parent

# So that a failure shows what was compared; here, since several folders import them.
pytest.register_assert_rewrite("tests.operator.verdict", "tests.e2e.ended", "tests.oracles.agreement")


def pytest_configure(config: pytest.Config) -> None:
    """What killed conversions leave in the folder for temporary files goes with the tests; `tmp_path`s stay a while."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    folder = tempfile.mkdtemp(prefix="labelround-tests-")
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it, and so would ours


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a control plane needs one."""
    for item in items:
        if {"control_plane", "new_control_plane"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("cluster")


def _outside(variable: str, name: str) -> Path:
    """Material that may not be copied into the project. Absent, a test skips, and fails in CI."""
    folder = Path(os.environ.get(variable, REPOSITORY.parent / "shared" / name))
    if not folder.is_dir():
        reason = f"{folder} is absent; set {variable} to the folder of {name}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def real_manifests() -> Path:
    """The folder of real Ground Truth output manifests."""
    return _outside("LABELROUND_REAL_MANIFESTS", "real-manifests")


@pytest.fixture(scope="session")
def real_images() -> Path:
    """The folder of real photographs."""
    return _outside("LABELROUND_REAL_IMAGES", "images")
