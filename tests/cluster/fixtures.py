"""A control plane for all tests, another one for those that break it, and namespaces."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from tests.cluster.access import CRD_NAME, ControlPlane
from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.programs import NoPrograms, Programs, built, existing_cluster, find_programs, tell_on_stderr
from tests.servers.waiting import until

from labelround.cluster.api import CRDS, NAMESPACES, ROUNDS, ObjectAbsent, Resource
from labelround.cluster.client import KubernetesCluster

SERVICE_ACCOUNTS = Resource("v1", "ServiceAccount", "serviceaccounts")
NewControlPlane = Callable[[], ControlPlane]
Found = TypeVar("Found")


@pytest.fixture(scope="session")
def programs(request: pytest.FixtureRequest) -> Programs:
    """The programs of a control plane. Skips with the way to get them, and fails in CI."""
    with shown(request):
        return or_skip(lambda: find_programs(os.environ, tell_on_stderr))


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """A Kubernetes API with the CustomResourceDefinition, for tests that leave it as it was."""
    existing = existing_cluster(os.environ)
    if existing is None:
        own = OwnControlPlane(request.getfixturevalue("programs"))
        try:
            yield own
        finally:
            own.close()
    else:
        with shown(request):
            kubectl = or_skip(lambda: built("", ["kubectl"], os.environ, tell_on_stderr)) / "kubectl"
        with borrowed(existing, kubectl) as cluster:
            yield cluster


@pytest.fixture
def new_control_plane(request: pytest.FixtureRequest) -> Iterator[NewControlPlane]:
    """Starts control planes of a test's own, which it may break; they end with it."""
    with ExitStack() as started:

        def start() -> ControlPlane:
            own = OwnControlPlane(request.getfixturevalue("programs"))
            started.callback(own.close)
            return own

        yield start


@pytest.fixture
def cluster(control_plane: ControlPlane) -> KubernetesCluster:
    """The control plane through the product's client, as its administrator."""
    return control_plane.cluster()


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A new namespace; it goes with all that is in it."""
    name = f"tests-{uuid4().hex[:12]}"
    with namespace_of(control_plane, name):
        yield name


@contextmanager
def namespace_of(control_plane: ControlPlane, name: str) -> Iterator[None]:
    """A namespace of this name, ready for pods."""
    cluster = control_plane.cluster()
    cluster.create(NAMESPACES, None, {"metadata": {"name": name, "labels": {"labelround.dev/tests": "true"}}})
    until(lambda: _is_there(cluster, SERVICE_ACCOUNTS, name, "default"), f"namespace {name} has a ServiceAccount")
    try:
        yield
    finally:
        cluster.delete(NAMESPACES, None, name)
        release_rounds(cluster, name)


def release_rounds(cluster: KubernetesCluster, namespace: str | None) -> None:
    """Take the finalizers off rounds for which no operator runs any more, so that they can be deleted."""
    try:
        for found in list(cluster.list(ROUNDS, namespace)):
            metadata = found["metadata"]
            if metadata.get("finalizers"):
                _release(cluster, metadata["namespace"], metadata["name"])
    except ObjectAbsent:  # the definition itself is gone
        return


def _release(cluster: KubernetesCluster, namespace: str, name: str) -> None:
    try:
        cluster.patch(ROUNDS, namespace, name, {"metadata": {"finalizers": None}})
    except ObjectAbsent:
        return


@contextmanager
def borrowed(existing: tuple[Path, str], kubectl: Path) -> Iterator[ControlPlane]:
    """A cluster that is there already, given back as it was."""
    with tempfile.TemporaryDirectory(prefix="labelround-cluster-") as folder:
        control_plane = ControlPlane(existing[0], kubectl, Path(folder))
        cluster = control_plane.cluster()
        had_definition = _is_there(cluster, CRDS, None, CRD_NAME)
        control_plane.install_crd()
        try:
            yield control_plane
        finally:
            control_plane.kubectl("delete", "namespace", "--selector=labelround.dev/tests", "--wait", "--timeout=120s")
            if not had_definition:
                control_plane.kubectl("delete", "crd", CRD_NAME)


def _is_there(cluster: KubernetesCluster, resource: Resource, namespace: str | None, name: str) -> bool:
    try:
        cluster.get(resource, namespace, name)
    except ObjectAbsent:
        return False
    return True


@contextmanager
def shown(request: pytest.FixtureRequest) -> Iterator[None]:
    """What is written in here is seen at once: a build takes minutes."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    if capture is None:
        yield
        return
    with capture.global_and_fixture_disabled():
        yield


def or_skip(find: Callable[[], Found]) -> Found:
    """What is found; without it the test skips, and fails in CI."""
    try:
        return find()
    except NoPrograms as none:
        if os.environ.get("CI") == "true":
            pytest.fail(str(none))
        pytest.skip(str(none))
