"""Where the tests run: a node that this machine starts for them, or a cluster that is there already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.programs import NoPrograms, built, existing_cluster, tell_on_stderr
from tests.servers.s3 import minio_program

REPOSITORY = Path(__file__).parents[2]
NODE = REPOSITORY / "scripts" / "node.sh"
IMAGE = "localhost/labelround:e2e"
MINIO_IMAGE = "localhost/labelround-minio:e2e"
BUILD_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster with nodes that run pods. `restart` kills a program of the node and starts it again, if it can."""

    control_plane: ControlPlane
    restart: Callable[[str], None] | None
    load: Callable[[Path, str], None]


@contextmanager
def some_place(folder: Path) -> Iterator[Place]:
    """The current context of KUBECONFIG, if LABELROUND_TEST_CONTEXTS allows it; else a node of this machine."""
    existing = existing_cluster(os.environ)
    if existing is not None:
        yield existing_place(*existing, folder)
        return
    needs_node()
    script("node.sh", "build")
    kubeconfig = Path(script("node.sh", "up"))
    try:
        control_plane = ControlPlane(kubeconfig, kubectl(), folder)
        yield Place(
            control_plane,
            lambda program: _discard(script("node.sh", "restart", program)),
            lambda archive, name: _discard(script("node.sh", "load", archive, name)),
        )
    finally:
        script("node.sh", "down")


def existing_place(kubeconfig: Path, context: str, folder: Path) -> Place:
    """A kind cluster takes archives; any other needs LABELROUND_E2E_LOAD, a command that gets an archive and a name."""
    command = os.environ.get("LABELROUND_E2E_LOAD", "").split()

    def load(archive: Path, name: str) -> None:
        if command:
            subprocess.run([*command, archive, name], check=True, timeout=BUILD_SECONDS)
        elif context.startswith("kind-"):
            kind: list[str | Path] = ["kind", "load", "image-archive", archive, "--name", context.removeprefix("kind-")]
            subprocess.run(kind, check=True, timeout=BUILD_SECONDS)
        else:
            pytest.fail("set LABELROUND_E2E_LOAD to a command that gets an image archive and its name to the nodes")

    return Place(ControlPlane(kubeconfig, kubectl(), folder), None, load)


def needs_node() -> None:
    """Skips, with the reason, where no node can be started."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("apt-get") is None:
        pytest.skip("a node needs root on Debian; or name a context of KUBECONFIG in LABELROUND_TEST_CONTEXTS")


def kubectl() -> Path:
    try:
        return built("", ["kubectl"], os.environ, tell_on_stderr) / "kubectl"
    except NoPrograms as none:
        pytest.fail(str(none))


def build_images(folder: Path) -> dict[str, Path]:
    """The archives of the image under test and of the S3 server, by the names that the cluster knows them by."""
    archives = {IMAGE: folder / "labelround.tar", MINIO_IMAGE: folder / "minio.tar"}
    script("image.sh", archives[IMAGE], IMAGE)
    context = folder / "minio"
    shutil.copytree(REPOSITORY / "tests" / "e2e" / "minio", context)
    shutil.copy(minio_program(), context / "minio")
    script("image.sh", archives[MINIO_IMAGE], MINIO_IMAGE, context)
    return archives


def script(name: str, *words: str | Path) -> str:
    """Run one of the project's scripts; what it prints on stderr is seen at once."""
    ended = subprocess.run(
        [REPOSITORY / "scripts" / name, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=BUILD_SECONDS,
    )
    if ended.returncode:
        pytest.fail(f"{name} {' '.join(map(str, words))} failed; what it said is above")
    return ended.stdout.strip()


def _discard(_printed: str) -> None: ...
