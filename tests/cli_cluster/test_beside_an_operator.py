"""The commands beside an operator that runs: they read what it writes, and find it by its Lease."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cli_cluster.shell import QUICK, Shell
from tests.operator.process import OperatorProcess
from tests.servers.ports import free_port
from tests.servers.waiting import until

ACCOUNT = "123456789012"
LEASE = {"durationSeconds": 3, "renewSeconds": 2, "retrySeconds": 0.5}


@pytest.fixture
def operator(shell: Shell, tmp_path: Path) -> Iterator[OperatorProcess]:
    """One whose policy serves another namespace alone."""
    port = free_port()
    rule = {
        "namespaces": ["somebody-elses"],
        "backend": "aws",
        "buckets": [{"name": "pictures", "prefixes": [""]}],
        "executionRoleARN": f"arn:aws:iam::{ACCOUNT}:role/labelround-execution",
        "workteamARNs": [f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:workteam/private-crowd/labelers"],
    }
    settings = {
        "clusterName": "tests",
        "watch": {"namespaces": [shell.namespace]},
        "http": {"host": "127.0.0.1", "port": port},
        "lease": LEASE,
        "conversion": {"image": "labelround:1"},
        "policy": {"backends": [{"name": "aws", "region": "us-east-1"}], "rules": [rule]},
    }
    config = tmp_path / "settings.yaml"
    config.write_text(yaml.safe_dump(settings), "utf-8")
    environment = shell.control_plane.environment | {"POD_NAMESPACE": shell.namespace, "POD_NAME": "pod-1"}
    with OperatorProcess(config, environment, port, tmp_path / "operator.log") as process:
        yield process


def seen(shell: Shell) -> dict[str, tuple[str, str]]:
    """Level and message of the last finding about each thing that the doctor looks at."""
    ended = shell.run("doctor", "-o", "json", "--operator-namespace", shell.namespace)
    return {finding["check"]: (finding["level"], finding["message"]) for finding in json.loads(ended.stdout)}


def error_of(shell: Shell) -> str:
    """What is wrong with the operator; empty while it seems to be at work."""
    level, message = seen(shell)["operator"]
    return message if level == "error" else ""


def test_a_refused_round_is_told_by_every_command(shell: Shell, operator: OperatorProcess) -> None:
    """By its status, its Event, and as a finding; who waits is told at once."""
    shell.create()
    until(lambda: shell.get()["status"].get("phase") == "Stalled", "the operator has refused the round")

    story = shell.run("status", "pens-1").stdout
    waited = shell.run("wait", "pens-1", "--fail-fast", *QUICK)
    logged = shell.run("logs", "pens-1")

    assert "(NotAllowed)" in story
    assert "Warning  NotAllowed" in story
    assert "What to do: change what the message names in a new round, or ask the administrator" in story
    assert (waited.returncode, logged.returncode) == (1, 4)
    assert seen(shell)["rounds"][0] == "warning"
    assert f"no rule of the operator's policy serves the namespace {shell.namespace}" in seen(shell)["rounds"][1]


def test_the_doctor_sees_whether_an_operator_is_at_work(shell: Shell, operator: OperatorProcess) -> None:
    """By its Lease: while it runs, after it was killed, and after it has ended properly."""
    running = seen(shell)["operator"]
    operator.kill()
    killed = until(lambda: error_of(shell), "the Lease is forgotten")
    operator.restart()
    operator.terminate()
    ended = error_of(shell)

    assert running == ("ok", f"pod-1 is at work, from the namespace {shell.namespace}")
    assert "has not renewed its Lease" in killed
    assert "gave its Lease back" in ended
