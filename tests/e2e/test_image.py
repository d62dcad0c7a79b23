"""The image as a pod meets it: no root, nothing to write to, no borrowed rights, small, and its parts listed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.e2e.installation import TEAM, Installation
from tests.e2e.place import IMAGE
from tests.servers.waiting import until

import labelround
from labelround.cluster.api import PODS

MEGABYTES = 250
LOOK = r"""
import importlib, importlib.metadata, json, os, pathlib, pkgutil, stat, sys
home = pathlib.Path("/opt/labelround")
files = [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]
everything = (os.path.join(folder, name) for folder, folders, names in os.walk("/") for name in names
              if not folder.startswith(("/proc", "/sys")))
lending = [path for path in everything if os.lstat(path).st_mode & (stat.S_ISUID | stat.S_ISGID)
           and stat.S_ISREG(os.lstat(path).st_mode)]
try:
    (home / "written").touch()
    refused = ""
except OSError as error:
    refused = error.strerror
import labelround
modules = [each.name for each in pkgutil.walk_packages(labelround.__path__, "labelround.")
           if "__main__" not in each.name]
for module in modules:
    importlib.import_module(module)
parts = json.loads((home / "sbom.cdx.json").read_text())["components"]
print(json.dumps({
    "user": os.getuid(),
    "bytes": sum(path.stat().st_size for path in files),
    "lending": lending,
    "refused": refused,
    "modules": len(modules),
    "installed": sorted({each.metadata["Name"].lower() + " " + each.version
                         for each in importlib.metadata.distributions()}),
    "listed": sorted({part["name"].lower() + " " + part["version"] for part in parts if part.get("version")}),
}))
"""


@pytest.fixture(scope="session")
def seen(installation: Installation) -> dict[str, Any]:
    """What the pod of a conversion would find, with its security context."""
    _run(installation, "look", ["/opt/labelround/bin/python", "-c", LOOK])
    found: dict[str, Any] = json.loads(installation.kubectl("logs", "-n", TEAM, "look"))
    return found


def _run(installation: Installation, name: str, command: list[str] | None, *args: str) -> None:
    context = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,  # Kubernetes takes the user from the image
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "look", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "securityContext": context}
    container |= {"command": command} if command else {"args": list(args)}
    metadata = {"name": name, "namespace": TEAM}
    spec = {"restartPolicy": "Never", "containers": [container]}
    installation.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})

    def ended() -> bool:
        return installation.cluster.get(PODS, TEAM, name)["status"]["phase"] in {"Succeeded", "Failed"}

    until(ended, lambda: f"the pod {name} ends: {installation.cluster.get(PODS, TEAM, name)['status']}", 120)


def test_it_runs_without_root_and_without_writing(seen: dict[str, Any]) -> None:
    """Also where the pod says nothing about its user; every module loads with a read-only root file system."""
    assert seen["user"] == 65532
    assert seen["refused"] == "Read-only file system"
    assert seen["modules"] > 100


def test_nothing_in_it_lends_rights(seen: dict[str, Any]) -> None:
    """No setuid and no setgid file, those of the base included."""
    assert seen["lending"] == []


def test_it_is_small(seen: dict[str, Any]) -> None:
    """What it adds to its base."""
    assert seen["bytes"] < MEGABYTES * 1_000_000


def test_its_list_of_parts_is_what_is_installed(seen: dict[str, Any]) -> None:
    """Nothing is left out of the SBOM, and nothing is made up; the product is its root."""
    assert [each for each in seen["installed"] if not each.startswith("labelround ")] == [
        each for each in seen["listed"] if not each.startswith("labelround ")
    ]
    assert len(seen["listed"]) > 30


def test_its_entry_point_is_the_command(installation: Installation) -> None:
    """No shell stands between."""
    _run(installation, "version", None, "--version")

    assert labelround.__version__ in installation.kubectl("logs", "-n", TEAM, "version")
