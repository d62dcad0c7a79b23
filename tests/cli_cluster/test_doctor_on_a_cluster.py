"""`labelround doctor` against a real API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli_cluster.shell import Shell
from tests.cli_cluster.shown_rounds import JOB, labeling, stalled, succeeded
from tests.cluster.access import CRD_NAME
from tests.cluster.fixtures import NewControlPlane
from tests.servers.waiting import until

from labelround.cluster.api import CRDS, LEASES, ROUNDS, ObjectAbsent
from labelround.controller.deletion import FINALIZER

REPOSITORY = Path(__file__).parents[2]
HELD = {"finalizers": [FINALIZER]}


def findings(shell: Shell, *words: str, **more: Any) -> tuple[int, dict[str, list[dict[str, str]]]]:
    """The exit code, and what was found of each thing that was looked at."""
    ended = shell.run("doctor", "-o", "json", "--operator-namespace", shell.namespace, *words, **more)
    found: dict[str, list[dict[str, str]]] = {}
    for finding in json.loads(ended.stdout):
        found.setdefault(finding["check"], []).append(finding)
    return ended.returncode, found


def levels(found: dict[str, list[dict[str, str]]], check: str) -> list[str]:
    return [finding["level"] for finding in found[check]]


def hold_lease(shell: Shell) -> None:
    """As an operator does, for an hour."""
    spec = {"holderIdentity": "pod-1", "leaseDurationSeconds": 3600, "renewTime": "2026-01-01T00:00:00.000000Z"}
    lease = shell.cluster.create(LEASES, shell.namespace, {"metadata": {"name": "labelround"}, "spec": spec})
    created = lease["metadata"]["creationTimestamp"].replace("Z", ".000000Z")
    shell.cluster.patch(LEASES, shell.namespace, "labelround", {"spec": {"renewTime": created}})


def gone(shell: Shell, name: str) -> bool:
    try:
        shell.get(name)
    except ObjectAbsent:
        return True
    return False


def test_a_healthy_installation_has_no_error(shell: Shell) -> None:
    """The definition that the API server shows is the packaged one, with all that the server adds to it."""
    hold_lease(shell)
    shell.create(labeling())

    code, found = findings(shell)

    assert code == 0
    assert {check: levels(found, check) for check in found} == {
        "Kubernetes API": ["ok"],
        "CustomResourceDefinition": ["ok", "ok"],
        "rights": ["ok"],
        "operator": ["ok"],
        "rounds": ["ok"],
    }


def test_what_is_wrong_is_told_with_what_to_do(shell: Shell) -> None:
    """As lines for a person, and the sum of it on stderr."""
    shell.create(stalled())

    ended = shell.run("doctor", "--operator-namespace", shell.namespace)

    assert ended.returncode == 0
    assert f"warning  operator: there is no Lease labelround in the namespace {shell.namespace}" in ended.stdout
    assert f"warning  rounds: {shell.namespace}/pens-1 is Stalled, PrefixInUse: spec.prefix" in ended.stdout
    assert "\n         -> another round owns the folder" in ended.stdout
    assert ended.stderr == "0 errors, 2 warnings\n"


def test_the_operators_own_rights_are_enough(shell: Shell) -> None:
    """Those of the rights file, bound to its ServiceAccount; what only an administrator may read is a warning."""
    shell.control_plane.kubectl("apply", "-f", "-", input=rbac_in(shell.namespace))
    config = shell.control_plane.user_kubeconfig(f"system:serviceaccount:{shell.namespace}:labelround-operator")

    code, found = findings(shell, kubeconfig=config)

    assert code == 0
    assert levels(found, "rights") == ["ok"]
    assert found["rights"][0]["message"].startswith(f"system:serviceaccount:{shell.namespace}:labelround-operator has")
    assert levels(found, "CustomResourceDefinition") == ["warning"]
    assert "was not checked" in found["CustomResourceDefinition"][0]["message"]


def rbac_in(namespace: str) -> str:
    """The rights of an operator that serves this namespace alone and lives in it."""
    text = (REPOSITORY / "deploy" / "rbac-namespaced.yaml").read_text("utf-8")
    return text.replace("team-a", namespace)


def test_a_service_account_without_rights_lacks_them_by_name(shell: Shell) -> None:
    """An error where it is one of the operator's namespace."""
    config = shell.control_plane.user_kubeconfig(f"system:serviceaccount:{shell.namespace}:default")

    code, found = findings(shell, kubeconfig=config)

    assert code == 1
    assert levels(found, "rights") == ["error"]
    assert "patch labelingrounds/status" in found["rights"][0]["message"]
    assert levels(found, "rounds") == ["warning"]


def test_without_the_definition_the_commands_say_how_to_install_it(
    new_control_plane: NewControlPlane, tmp_path: Path
) -> None:
    """While it is deleted, the doctor says what keeps it, and lets go."""
    control_plane = new_control_plane()
    shell = Shell(control_plane, control_plane.cluster(), "default", tmp_path)
    shell.create(labeling(), metadata=HELD)
    control_plane.cluster().delete(CRDS, None, CRD_NAME)

    code, leaving = findings(shell)
    released = shell.run("doctor", "--release-finalizers", "--yes", everywhere=True)
    until(lambda: _no_definition(shell), "the definition is gone")
    ended = [shell.run(*words.split()) for words in ("status", "status x", "wait x", "cancel x --yes", "logs x")]
    absent_code, absent = findings(shell)

    assert (code, absent_code) == (1, 1)
    assert "is being deleted" in leaving["CustomResourceDefinition"][0]["message"]
    assert released.returncode == 0
    assert "is not installed" in absent["CustomResourceDefinition"][0]["message"]
    assert [each.returncode for each in ended] == [1] * 5
    assert all("labelround crd | kubectl apply --server-side -f -" in each.stderr for each in ended)


def _no_definition(shell: Shell) -> bool:
    try:
        shell.cluster.get(CRDS, None, CRD_NAME)
    except ObjectAbsent:
        return True
    return False


def test_finalizers_are_released_from_what_is_being_deleted(shell: Shell) -> None:
    """The running labeling jobs are named; rounds that nobody deletes keep theirs."""
    for name in ("going", "staying"):
        shell.create(labeling(), name=name, metadata=HELD)
    shell.cluster.delete(ROUNDS, shell.namespace, "going")

    asked = shell.run("doctor", "--release-finalizers", "--operator-namespace", shell.namespace)
    kept = not gone(shell, "going")
    ended = shell.run("doctor", "--release-finalizers", "--yes", "--operator-namespace", shell.namespace)

    assert (asked.returncode, kept) == (2, True)
    assert ended.returncode == 0
    assert ended.stderr.splitlines()[-1] == f"{shell.namespace}/going is released"
    assert gone(shell, "going")
    assert shell.get("staying")["metadata"]["finalizers"] == [FINALIZER]


def test_all_finalizers_are_released_after_an_uninstall(shell: Shell) -> None:
    """Of rounds that stay too; a running operator would set them again, so it must be stopped first."""
    shell.create(succeeded(), metadata=HELD)
    words = ("doctor", "--release-finalizers", "--all", "--yes", "--operator-namespace", shell.namespace)
    hold_lease(shell)
    refused = shell.run(*words)
    shell.cluster.delete(LEASES, shell.namespace, "labelround")

    ended = shell.run(*words)

    assert refused.returncode == 1
    assert "stop it first" in refused.stderr
    assert ended.returncode == 0
    assert "finalizers" not in shell.get()["metadata"]


def test_who_releases_finalizers_is_told_which_labeling_jobs_run_on(shell: Shell) -> None:
    """Before it is done."""
    shell.create(labeling(), metadata=HELD)
    shell.cluster.delete(ROUNDS, shell.namespace, "pens-1")

    ended = shell.run("doctor", "--release-finalizers", "--yes", "--operator-namespace", shell.namespace)

    assert f"release {shell.namespace}/pens-1; labeling jobs that nobody stops: {JOB}" in ended.stderr
    assert "are not stopped, and go on costing" in ended.stderr


@pytest.mark.parametrize("words", [["--all"], ["--release-finalizers"]])
def test_nothing_to_release_and_nothing_to_misread(shell: Shell, words: list[str]) -> None:
    """`--all` alone is a mistake; no held round is no error."""
    ended = shell.run("doctor", *words)

    assert ended.returncode == (2 if words == ["--all"] else 0)
