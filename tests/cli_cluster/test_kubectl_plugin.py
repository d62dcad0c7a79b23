"""`kubectl labelround`: kubectl finds the program on the PATH and runs it as one of its own commands."""

from __future__ import annotations

import pytest
from tests.cli_cluster.shell import Shell
from tests.cli_cluster.shown_rounds import labeling, succeeded


def test_kubectl_lists_the_plugin_without_a_warning(shell: Shell) -> None:
    """It is executable, and hides no command of kubectl's own."""
    ended = shell.control_plane.kubectl("plugin", "list", "--name-only")

    assert "kubectl-labelround" in ended.stdout.split()
    assert "labelround" not in ended.stderr


def test_kubectl_runs_the_commands(shell: Shell) -> None:
    """With their options after their names, in the namespace that is given."""
    shell.create(labeling())

    ended = shell.control_plane.kubectl("labelround", "status", "--namespace", shell.namespace)

    assert ended.stdout.splitlines()[1].split()[:3] == ["pens-1", "Labeling", "37/120"]


@pytest.mark.parametrize(("status", "code"), [(succeeded(), 0), (labeling(), 4)])
def test_kubectl_passes_the_exit_code_on(shell: Shell, status: dict[str, object], code: int) -> None:
    """Scripts rely on it."""
    shell.create(status)

    ended = shell.control_plane.kubectl(
        "labelround", "wait", "pens-1", "--timeout", "0", "-n", shell.namespace, check=False
    )

    assert ended.returncode == code


def test_the_help_says_what_to_type(shell: Shell) -> None:
    """`kubectl labelround`, not the name of the file."""
    group = shell.control_plane.kubectl("labelround", "--help").stdout
    command = shell.control_plane.kubectl("labelround", "status", "--help").stdout
    wrong = shell.control_plane.kubectl("labelround", "wait", check=False).stderr

    assert group.startswith("Usage: kubectl labelround [OPTIONS] COMMAND")
    assert command.startswith("Usage: kubectl labelround status [OPTIONS]")
    assert "Try 'kubectl labelround wait --help'" in wrong
