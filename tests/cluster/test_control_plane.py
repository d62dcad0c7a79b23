"""The control plane that other tests stand on: it is real, it can be killed, and it tells who asked for what."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cluster.access import REPOSITORY, ControlPlane
from tests.cluster.fixtures import NewControlPlane, borrowed, namespace_of
from tests.cluster.programs import NEEDED, NoPrograms, Programs, existing_cluster, find_programs
from tests.servers.waiting import until

from labelround.cluster.api import NAMESPACES, ROUNDS, ObjectAbsent, RequestRefused
from labelround.cluster.client import KubernetesCluster, connect
from labelround.errors import Unavailable

ROUND = {
    "apiVersion": "labelround.dev/v1alpha1",
    "kind": "LabelingRound",
    "metadata": {"name": "pens-1", "finalizers": ["labelround.dev/finalizer"]},
    "spec": {"bucket": "pens", "imagesPrefix": "a/images/", "labels": ["pen"], "outputFormat": "YOLO"},
}


def test_what_was_written_is_there_after_the_api_server_was_killed(new_control_plane: NewControlPlane) -> None:
    """It starts at the same address with the same content."""
    control_plane = new_control_plane()
    cluster = control_plane.cluster()
    url, written = control_plane.url, cluster.create(ROUNDS, "default", ROUND)

    control_plane.stop_api()
    with pytest.raises(Unavailable):
        cluster.get(ROUNDS, "default", "pens-1")
    control_plane.start_api()

    assert cluster.get(ROUNDS, "default", "pens-1") == written
    assert control_plane.url == url
    assert control_plane.kubectl("get", "lr", "pens-1", "-o", "name").stdout == "labelinground.labelround.dev/pens-1\n"


def test_a_user_without_rights_is_refused(control_plane: ControlPlane, namespace: str) -> None:
    """RBAC is on, for users and for ServiceAccounts."""
    stranger = control_plane.user_kubeconfig("stranger", ["visitors"])
    account = control_plane.user_kubeconfig(f"system:serviceaccount:{namespace}:default")

    for kubeconfig in (stranger, account):
        with pytest.raises(RequestRefused) as refused:
            list(KubernetesCluster(connect(kubeconfig=str(kubeconfig))).list(ROUNDS, namespace))
        assert refused.value.status == 403


def test_a_group_s_rights_are_its_users(control_plane: ControlPlane, namespace: str) -> None:
    """Kubernetes' own roles are there."""
    reader = str(control_plane.user_kubeconfig("reader", ["readers"]))

    control_plane.kubectl("create", "rolebinding", "readers", "-n", namespace, "--clusterrole=view", "--group=readers")

    def may_list() -> bool:
        return control_plane.kubectl("get", "pods", "-n", namespace, check=False, KUBECONFIG=reader).returncode == 0

    until(may_list, "the reader may list pods")


def test_the_audit_log_tells_who_asked_for_what(
    control_plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    """By user and by user agent."""
    account = f"system:serviceaccount:{namespace}:default"
    kubeconfig = control_plane.user_kubeconfig(account)

    with pytest.raises(RequestRefused):
        list(KubernetesCluster(connect(kubeconfig=str(kubeconfig))).list(ROUNDS, namespace))
    cluster.create(ROUNDS, namespace, ROUND)

    (call,) = control_plane.audit(account)
    assert (call.verb, call.resource, call.namespace, call.status) == ("list", "labelingrounds", namespace, 403)
    written = [call for call in control_plane.audit("labelround/") if call.namespace == namespace]
    assert ("admin", "create", "pens-1", 201) in [(call.user, call.verb, call.name, call.status) for call in written]


def test_a_namespace_goes_with_rounds_that_nobody_releases(
    control_plane: ControlPlane, cluster: KubernetesCluster
) -> None:
    """The finalizer of an operator that is gone does not hold it."""
    with namespace_of(control_plane, "left-behind"):
        cluster.create(ROUNDS, "left-behind", ROUND)

    until(lambda: _absent(cluster, "left-behind"), "the namespace is gone")


def test_the_garbage_collector_knows_rounds(cluster: KubernetesCluster, namespace: str) -> None:
    """What a round owns goes with it, soon."""
    round = cluster.create(ROUNDS, namespace, {**ROUND, "metadata": {"name": "pens-1"}})
    owner = {
        "apiVersion": round["apiVersion"],
        "kind": round["kind"],
        "name": "pens-1",
        "uid": round["metadata"]["uid"],
    }
    owned = {**ROUND, "metadata": {"name": "owned", "ownerReferences": [owner]}}
    cluster.create(ROUNDS, namespace, owned)

    cluster.delete(ROUNDS, namespace, "pens-1")

    until(lambda: not list(cluster.list(ROUNDS, namespace)), "the owned object is gone", seconds=20)


def test_nothing_stays_behind_when_the_tests_are_killed(programs: Programs) -> None:
    """Neither a process nor a file, even after SIGKILL."""
    script = (
        "import os, signal, subprocess\n"
        "from tests.cluster.processes import ProcessFamily\n"
        "family = ProcessFamily('killed')\n"
        "family.start('tail', ['tail', '-f', family.log('tail')], {'PATH': os.environ['PATH']})\n"
        "other = subprocess.Popen(['sleep', '600'], env={'PATH': os.environ['PATH'], 'HOME': str(family.folder)})\n"
        "(family.folder / 'pid' / str(other.pid)).touch()\n"
        "print(family.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    ended = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True)

    folder = Path(ended.stdout.strip())
    assert folder.name.startswith("labelround-killed-")
    until(lambda: not folder.exists(), "the folder is gone")
    until(lambda: not _processes_of(folder), "the processes are gone")


@pytest.mark.parametrize(
    ("allowed", "found"),
    [("", False), ("other", False), ("tests", True), ("other, tests", True)],
    ids=["no list", "not on the list", "on the list", "among others"],
)
def test_an_existing_cluster_is_used_only_when_its_context_is_allowed(
    allowed: str, found: bool, tmp_path: Path
) -> None:
    """KUBECONFIG alone does not let tests into a cluster."""
    file = tmp_path / "config"
    file.write_text("{current-context: tests}")

    existing = existing_cluster({"KUBECONFIG": str(file), "LABELROUND_TEST_CONTEXTS": allowed})

    assert existing == ((file, "tests") if found else None)


def test_an_existing_cluster_is_given_back_as_it_was(new_control_plane: NewControlPlane, programs: Programs) -> None:
    """The definition goes if it was not there, and so do the namespaces of the tests."""
    control_plane = new_control_plane()
    cluster = control_plane.cluster()
    control_plane.kubectl("delete", "crd", "--all")
    existing = (control_plane.kubeconfig, "tests")

    with borrowed(existing, programs.kubectl) as found, namespace_of(found, "borrowed"):
        found.cluster().create(ROUNDS, "borrowed", ROUND)

    assert _absent(cluster, "borrowed")
    assert control_plane.kubectl("get", "crd", "-o", "name").stdout == ""


def test_the_folder_of_kubebuilder_s_programs_is_taken(tmp_path: Path) -> None:
    """Nothing is built that is there."""
    for name in NEEDED:
        (tmp_path / name).touch()

    programs = find_programs({"KUBEBUILDER_ASSETS": str(tmp_path)}, pytest.fail)

    assert programs == Programs(*(tmp_path / name for name in NEEDED))


def test_without_go_one_line_says_how_to_get_a_control_plane(tmp_path: Path) -> None:
    """The last line that is told is the reason to skip."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "dirname", "mkdir", "flock", "mktemp", "rm"):
        (tools / name).symlink_to(next(path for path in _path_of(name)))
    (tmp_path / "cache" / "kubernetes-v1.37.2").mkdir(parents=True)
    (tmp_path / "cache" / "kubernetes-v1.37.2" / "kubectl").touch(0o755)
    environment = {"PATH": str(tools), "LABELROUND_CACHE": str(tmp_path / "cache")}
    told: list[str] = []

    with pytest.raises(NoPrograms) as none:
        find_programs(environment, told.append)

    assert str(none.value) == told[-1]
    assert "install Go" in told[-1]
    assert "KUBEBUILDER_ASSETS" in told[-1]
    assert "LABELROUND_TEST_CONTEXTS" in told[-1]


def _path_of(name: str) -> list[Path]:
    folders = os.environ["PATH"].split(os.pathsep)
    return [Path(folder) / name for folder in folders if (Path(folder) / name).exists()]


def _absent(cluster: KubernetesCluster, namespace: str) -> bool:
    try:
        cluster.get(NAMESPACES, None, namespace)
    except ObjectAbsent:
        return True
    return False


def _processes_of(folder: Path) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:  # it has just ended
            continue
        if str(folder).encode() in shown:
            found.append(process)
    return found
