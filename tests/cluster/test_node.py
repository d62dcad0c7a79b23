"""The stand-in for a node: pods of real Jobs run as processes, and end as a kubelet would have them end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.cluster.access import ControlPlane
from tests.cluster.container import Ended
from tests.cluster.node import Node
from tests.servers.waiting import until

from labelround.cluster.api import JOBS, PODS, SECRETS, Object
from labelround.cluster.client import KubernetesCluster

SCRATCH = "/scratch"
LABELS = {"app.kubernetes.io/managed-by": "labelround"}


@pytest.fixture
def node(control_plane: ControlPlane, namespace: str) -> Iterator[Node]:
    """A node for the pods of the test."""
    with Node(control_plane, namespace=namespace, environment={"FROM_IMAGE": "yes"}) as node:
        yield node


def job(script: str, *, retries: int = 0, **container: Any) -> Object:
    """A Job of one pod that runs a Python script; wrong input, exit code 3, fails it at once."""
    wrong_input = {
        "action": "FailJob",
        "onExitCodes": {"containerName": "main", "operator": "In", "values": [3]},
    }
    disrupted = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    spec = {
        "name": "main",
        "image": "labelround",
        "command": ["python", "-c", script],
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "scratch", "mountPath": SCRATCH}],
        "env": [{"name": "HOME", "value": SCRATCH}],
    }
    pod = {
        "restartPolicy": "Never",
        "containers": [spec | container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
    }
    return {
        "metadata": {"name": "work", "labels": LABELS},
        "spec": {
            "backoffLimit": retries,
            "podFailurePolicy": {"rules": [wrong_input, disrupted]},
            "podReplacementPolicy": "Failed",
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }


def outcome(cluster: KubernetesCluster, namespace: str) -> tuple[str, str]:
    """How the Job ended and why, once it has."""

    def ended() -> tuple[str, str] | None:
        status = cluster.get(JOBS, namespace, "work").get("status", {})
        for condition in status.get("conditions", ()):
            if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
                return condition["type"], condition.get("reason", "")
        return None

    found = until(ended, "the Job ends")
    assert found is not None
    return found


def pods(cluster: KubernetesCluster, namespace: str) -> list[Object]:
    return sorted(cluster.list(PODS, namespace), key=lambda pod: str(pod["status"].get("startTime", "")))


def state(pod: Mapping[str, Any]) -> Any:
    return pod["status"].get("containerStatuses", [{"state": {}}])[0]["state"]


def test_a_pod_that_works_completes_its_job(
    cluster: KubernetesCluster, control_plane: ControlPlane, namespace: str, node: Node
) -> None:
    """kubectl reads its log through the API server."""
    script = "import os; print(os.environ['FROM_IMAGE'], os.environ['HOME'] == os.getcwd())"

    cluster.create(JOBS, namespace, job(script))

    assert outcome(cluster, namespace)[0] == "Complete"
    (pod,) = pods(cluster, namespace)
    assert pod["status"]["phase"] == "Succeeded"
    assert state(pod)["terminated"] | {"exitCode": 0, "reason": "Completed"} == state(pod)["terminated"]
    assert node.log(pod["metadata"]["name"]) == "yes True\n"
    assert control_plane.kubectl("logs", "-n", namespace, "job/work").stdout == "yes True\n"
    stamped = control_plane.kubectl("logs", "-n", namespace, "job/work", "--timestamps").stdout
    assert stamped.endswith("Z yes True\n")


def test_what_the_program_says_of_its_end_is_the_termination_message(
    cluster: KubernetesCluster, namespace: str, node: Node
) -> None:
    """Exit code 3 fails the Job without another try."""
    script = (
        "import os; open(os.environ['LABELROUND_TERMINATION_LOG'], 'w').write('no such label'); raise SystemExit(3)"
    )

    cluster.create(JOBS, namespace, job(script, retries=3))

    assert outcome(cluster, namespace) == ("Failed", "PodFailurePolicy")
    (pod,) = pods(cluster, namespace)
    assert (state(pod)["terminated"]["exitCode"], state(pod)["terminated"]["message"]) == (3, "no such label")


def test_without_a_message_the_end_of_the_log_is_taken(cluster: KubernetesCluster, namespace: str, node: Node) -> None:
    """As terminationMessagePolicy FallbackToLogsOnError says."""
    cluster.create(JOBS, namespace, job("print('so far'); raise SystemExit('and no further')"))

    assert outcome(cluster, namespace) == ("Failed", "BackoffLimitExceeded")
    (pod,) = pods(cluster, namespace)
    assert sorted(state(pod)["terminated"]["message"].splitlines()) == ["and no further", "so far"]


def test_failed_pods_are_replaced_until_the_retries_are_used_up(
    cluster: KubernetesCluster, namespace: str, node: Node
) -> None:
    """Failures can be ordered; a last pod may then work."""
    node.fail_next(1, "out of luck", times=3)

    cluster.create(JOBS, namespace, job("", retries=3))

    assert outcome(cluster, namespace)[0] == "Complete"
    messages = [state(pod)["terminated"].get("message", "") for pod in pods(cluster, namespace)]
    assert sorted(messages) == ["", "out of luck", "out of luck", "out of luck"]


@pytest.mark.parametrize(
    ("stop", "tries"), [(Node.kill_running, 1), (Node.evict_running, 2)], ids=["killed", "evicted"]
)
def test_a_killed_pod_counts_as_a_try_and_an_evicted_one_does_not(
    stop: Any, tries: int, cluster: KubernetesCluster, namespace: str, node: Node
) -> None:
    """Both end with exit code 137."""
    cluster.create(JOBS, namespace, job("import time; time.sleep(600)"))
    node.wait_for_running()

    assert stop(node) == 1

    until(lambda: len(pods(cluster, namespace)) == tries, f"there are {tries} pods")
    first = until(
        lambda: next((p for p in pods(cluster, namespace) if "terminated" in state(p)), None), "one has ended"
    )
    assert first is not None
    assert state(first)["terminated"]["exitCode"] == 137
    if tries == 1:
        assert outcome(cluster, namespace) == ("Failed", "BackoffLimitExceeded")
    else:
        node.wait_for_running()


def test_a_held_pod_is_pending_and_says_why(cluster: KubernetesCluster, namespace: str, node: Node) -> None:
    """It runs once it is let go."""
    node.hold()
    cluster.create(JOBS, namespace, job(""))
    until(lambda: any("conditions" in pod["status"] for pod in pods(cluster, namespace)), "the pod tells")

    (pod,) = pods(cluster, namespace)
    node.release()

    assert pod["status"]["phase"] == "Pending"
    assert pod["status"]["conditions"][0]["reason"] == "Unschedulable"
    assert outcome(cluster, namespace)[0] == "Complete"


def test_a_pod_waits_for_the_secret_of_its_variables(cluster: KubernetesCluster, namespace: str, node: Node) -> None:
    """An optional one may be absent."""
    keys = [("KEY", {"name": "keys", "key": "key"}), ("TOKEN", {"name": "keys", "key": "token", "optional": True})]
    env = [{"name": name, "valueFrom": {"secretKeyRef": reference}} for name, reference in keys]
    cluster.create(JOBS, namespace, job("import os; print(os.environ['KEY'], 'TOKEN' in os.environ)", env=env))
    until(lambda: any("containerStatuses" in pod["status"] for pod in pods(cluster, namespace)), "the pod tells")

    (waiting,) = pods(cluster, namespace)
    cluster.create(SECRETS, namespace, {"metadata": {"name": "keys"}, "stringData": {"key": "geheim"}})

    assert state(waiting)["waiting"] == {"reason": "CreateContainerConfigError", "message": 'secret "keys" not found'}
    assert outcome(cluster, namespace)[0] == "Complete"
    assert node.log(waiting["metadata"]["name"]) == "geheim False\n"


@pytest.mark.parametrize("by", ["kubectl", "our client"])
def test_a_deleted_job_takes_its_running_pod_with_it(
    cluster: KubernetesCluster, control_plane: ControlPlane, namespace: str, node: Node, by: str
) -> None:
    """The process ends, and so does the pod, whoever deletes it; without a word from the client they would stay."""
    cluster.create(JOBS, namespace, job("import time; time.sleep(600)"))
    node.wait_for_running()

    if by == "kubectl":
        control_plane.kubectl("delete", "job", "work", "-n", namespace)
    else:
        cluster.delete(JOBS, namespace, "work")

    until(lambda: not pods(cluster, namespace), "the pod is gone")
    until(lambda: not node.running, "the process is gone")


def test_a_pod_goes_on_while_the_api_server_is_away(new_control_plane: Any) -> None:
    """How it ended is told when the API answers again."""
    control_plane = new_control_plane()
    cluster = control_plane.cluster()
    with Node(control_plane) as node:
        cluster.create(JOBS, "default", job("import time; time.sleep(600)"))
        node.wait_for_running()

        control_plane.stop_api()
        node.kill_running()
        control_plane.start_api()

        assert outcome(cluster, "default") == ("Failed", "BackoffLimitExceeded")


def test_pods_beyond_the_slots_stay_pending(control_plane: ControlPlane, namespace: str) -> None:
    """What a container does can be replaced."""
    cluster = control_plane.cluster()
    seen: list[int] = []
    many = job("")
    many["spec"] |= {"parallelism": 6, "completions": 6}

    with Node(
        control_plane, namespace=namespace, slots=2, run=lambda container: _counted(cluster, namespace, seen)
    ) as node:
        cluster.create(JOBS, namespace, many)
        assert outcome(cluster, namespace)[0] == "Complete"

    assert node.running == []
    assert max(seen) <= 2


def _counted(cluster: KubernetesCluster, namespace: str, seen: list[int]) -> Ended:
    seen.append(sum(pod["status"]["phase"] == "Running" for pod in pods(cluster, namespace)))
    return Ended(0)
