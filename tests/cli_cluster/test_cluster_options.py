"""Which cluster and namespace a command is about, and what is told where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from tests.cluster.access import kubeconfig

from labelround.cli.cluster_options import confirm, open_target
from labelround.cli.main import program_name
from labelround.cluster.namespace import default_namespace
from labelround.errors import Conflict

COMMANDS = ["status", "wait x", "cancel x", "logs x", "doctor"]
WITHOUT_KUBERNETES = """
import sys
sys.modules["kubernetes"] = None
from labelround.cli.main import main
main(sys.argv[1:])
"""


def labelround(*words: str, code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with this environment alone."""
    command = [sys.executable, *(["-c", code] if code else ["-m", "labelround"]), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A kubeconfig with two contexts, one with a namespace, for an address where nobody listens."""
    content: dict[str, Any] = kubeconfig({"server": "http://127.0.0.1:9"}, {})
    content["contexts"] += [{"name": "named", "context": {"cluster": "tests", "user": "tests", "namespace": "team-a"}}]
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(content), "utf-8")
    return file


def test_the_namespace_is_that_of_the_context(config: Path) -> None:
    """`default` where it has none, as for kubectl."""
    assert default_namespace(kubeconfig=str(config)) == "default"
    assert default_namespace(kubeconfig=str(config), context="named") == "team-a"


def test_a_context_that_is_not_there_is_told_with_those_that_are(config: Path) -> None:
    """A typing error."""
    with pytest.raises(Conflict, match="no context 'nmaed'; it has named, tests"):
        default_namespace(kubeconfig=str(config), context="nmaed")


def test_in_a_pod_the_namespace_is_the_pods(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its ServiceAccount is mounted and nothing else is named."""
    account = tmp_path / "namespace"
    account.write_text("team-b\n")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")

    assert default_namespace(pod_namespace=account) == "team-b"
    assert default_namespace(kubeconfig=str(config), context="named", pod_namespace=account) == "team-a"


def test_a_named_namespace_is_taken_as_it_is(config: Path) -> None:
    """Before that of the context."""
    target = open_target("team-c", "named", str(config))

    assert target.namespace == "team-c"
    assert open_target(None, "named", str(config)).namespace == "team-a"
    assert open_target(None, "named", str(config), all_namespaces=True).namespace is None


def test_one_namespace_and_all_of_them_cannot_both_be_meant(config: Path) -> None:
    """A usage error."""
    with pytest.raises(click.UsageError):
        open_target("team-c", None, str(config), all_namespaces=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_without_the_operator_extra_one_sentence_says_what_to_install(command: str) -> None:
    """The base package has no client of the Kubernetes API."""
    ended = labelround(*command.split(), code=WITHOUT_KUBERNETES)

    assert ended.returncode == 1
    assert ended.stderr == "error: this command needs kubernetes; install it: pip install 'labelround[operator]'\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_cluster_one_sentence_says_how_to_name_one(command: str, tmp_path: Path) -> None:
    """Neither a pod around it nor a kubeconfig."""
    ended = labelround(*command.split(), HOME=str(tmp_path), KUBECONFIG=os.devnull)

    assert ended.returncode == 1
    assert "no Kubernetes cluster is configured" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_cluster_that_does_not_answer_is_told_in_a_sentence(config: Path) -> None:
    """Nothing on stdout."""
    ended = labelround("status", "--kubeconfig", str(config))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("error: GET /apis/labelround.dev/v1alpha1/namespaces/default/labelingrounds: ")


def test_the_doctor_tells_it_as_a_finding(config: Path) -> None:
    """It never raises for a check that fails."""
    ended = labelround("doctor", "--kubeconfig", str(config), "-o", "json")

    assert ended.returncode == 1
    (finding,) = json.loads(ended.stdout)
    assert (finding["level"], finding["check"]) == ("error", "Kubernetes API")


def test_off_a_terminal_nobody_is_asked_and_nothing_is_done() -> None:
    """`--yes` must be there."""
    with pytest.raises(click.UsageError, match="add --yes"):
        confirm("Go on?", yes=False)

    confirm("Go on?", yes=True)


def test_the_help_names_the_program_as_it_was_called() -> None:
    """kubectl runs its plugins by their files."""
    assert program_name("/usr/local/bin/labelround") == "labelround"
    assert program_name("/usr/local/bin/kubectl-labelround") == "kubectl labelround"
