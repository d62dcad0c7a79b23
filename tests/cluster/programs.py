"""Where the control plane of the tests comes from: a cluster that is there, a folder of programs, the cache, or Go."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "scripts" / "kubernetes.sh"
NEEDED = ("kubectl", "etcd", "kube-apiserver", "kube-controller-manager")


class NoPrograms(Exception):
    """They are not to be had; the message says in one line how to get them."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The paths of the programs of a control plane."""

    kubectl: Path
    etcd: Path
    api_server: Path
    controllers: Path


def existing_cluster(environment: Mapping[str, str]) -> tuple[Path, str] | None:
    """The kubeconfig and the context of a cluster that tests may use: LABELROUND_TEST_CONTEXTS lists its context,
    or a pattern such as `kind-*`."""
    allowed = environment.get("LABELROUND_TEST_CONTEXTS", "").replace(",", " ").split()
    file = Path(environment.get("KUBECONFIG", ""))
    if not allowed or not file.is_file():
        return None
    content: Any = yaml.safe_load(file.read_text("utf-8"))
    context = str(content.get("current-context", ""))
    return (file, context) if any(fnmatch(context, pattern) for pattern in allowed) else None


def find_programs(environment: Mapping[str, str], tell: Callable[[str], None]) -> Programs:
    """Those in KUBEBUILDER_ASSETS, the others from the cache or built; `tell` gets the lines of progress."""
    assets = Path(environment.get("KUBEBUILDER_ASSETS") or os.devnull)
    found = {name: assets / name for name in NEEDED if (assets / name).is_file()}
    missing = [name for name in NEEDED if name not in found]
    if missing:
        folder = built("", missing, environment, tell)
        found |= {name: folder / name for name in missing}
    return Programs(*(found[name] for name in NEEDED))


def built(version: str, programs: list[str], environment: Mapping[str, str], tell: Callable[[str], None]) -> Path:
    """The folder with these programs of a version of Kubernetes ("" for the one that tests use)."""
    process = subprocess.Popen(
        [SCRIPT, version, *programs],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    last = "no Kubernetes API server"
    with process:
        assert process.stderr is not None
        assert process.stdout is not None
        for line in process.stderr:
            last = line.strip() or last
            tell(line.rstrip())
        folder = process.stdout.read().strip()
    if process.returncode:
        raise NoPrograms(last)
    return Path(folder)


def tell_on_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
