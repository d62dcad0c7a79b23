"""Helm as a program, the chart, and the sets of values that it is tried with."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
CHART = REPOSITORY / "charts" / "labelround"
VALUES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
NAMESPACE = "labelround-system"
RELEASE = "labelround"
BUILD_SECONDS = 1800
SECONDS = 120

Object = dict[str, Any]
Ended = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class Helm:
    """One version of Helm. It keeps its own files in `home`, and reaches no cluster but that of a `kubeconfig`."""

    program: Path
    home: Path

    def run(self, *words: str | Path, check: bool = True, kubeconfig: Path = Path(os.devnull)) -> Ended:
        """Run it; it must succeed unless `check` is False."""
        ended = subprocess.run(
            [self.program, *words],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "KUBECONFIG": str(kubeconfig)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        if check and ended.returncode:
            pytest.fail(f"helm {' '.join(map(str, words))}: {ended.stderr}")
        return ended

    def template(self, *words: str | Path, release: str = RELEASE, namespace: str = NAMESPACE) -> list[Object]:
        """What the chart becomes, hooks included."""
        ended = self.run("template", release, CHART, "--namespace", namespace, *words)
        return [document for document in yaml.safe_load_all(ended.stdout) if document]

    def rendered(self, values: str, *words: str) -> list[Object]:
        """The same for one of the sets of values."""
        return self.template("--values", VALUES[values], *words)

    def refusal(self, *words: str | Path) -> str:
        """What it says of values that it does not take."""
        ended = self.run("template", RELEASE, CHART, *words, check=False)
        assert ended.returncode, ended.stdout
        return ended.stderr


def built(script: str, *words: str) -> Path:
    """A program that a script builds. Skips with the way to get it when it is not to be had, and fails in CI."""
    command: list[str | Path] = [REPOSITORY / "scripts" / script, *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if ended.returncode:
        reason = ended.stderr.strip().splitlines()[-1]
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(ended.stdout.strip())


def of_kind(documents: list[Object], *kinds: str) -> list[Object]:
    return [document for document in documents if document["kind"] in kinds]


def named(documents: list[Object], kind: str, name: str) -> Object:
    """The one object of this kind and name."""
    (found,) = [each for each in of_kind(documents, kind) if each["metadata"]["name"] == name]
    return found


def settings_of(documents: list[Object]) -> str:
    """The operator's file of settings."""
    texts = [each.get("data", {}).get("config.yaml") for each in of_kind(documents, "ConfigMap")]
    (found,) = filter(None, texts)
    return str(found)


def pods_of(documents: list[Object]) -> list[Object]:
    """Every pod that the documents bring, as a Pod."""
    pods = []
    for document in of_kind(documents, "Pod", "Deployment"):
        template = document if document["kind"] == "Pod" else document["spec"]["template"]
        metadata = {"name": document["metadata"]["name"], "labels": template["metadata"]["labels"]}
        pods.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
    return pods
