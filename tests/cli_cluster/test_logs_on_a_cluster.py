"""`labelround logs` through a real API server, which asks the kubelet of the pod's node."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.cli_cluster.shell import Shell
from tests.cli_cluster.shown_rounds import converting, labeling, stalled, succeeded
from tests.cluster.container import Container, Ended
from tests.cluster.control_plane import OwnControlPlane
from tests.cluster.node import Node
from tests.servers.waiting import until

from labelround.cluster.api import PODS
from labelround.controller.conversion_job import UID_LABEL
from labelround.controller.pod_template import CONTAINER


@dataclass
class Conversions:
    """Containers that write what a test says, and end when it says so."""

    shell: Shell
    containers: list[Container] = field(default_factory=list)
    ends: list[threading.Event] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def run(self, container: Container) -> Ended:
        """What the node does with a container."""
        ended = threading.Event()
        self.containers.append(container)
        self.ends.append(ended)
        ended.wait()
        return Ended(self.codes.pop(0) if self.codes else 0)

    def begin(self, name: str) -> Container:
        """A pod of the round, whose container runs on return."""
        uid = self.shell.get()["metadata"]["uid"]
        labels = {UID_LABEL: uid, "app.kubernetes.io/managed-by": "labelround"}
        container = {"name": CONTAINER, "image": "labelround", "command": ["labelround", "conversion", "x"]}
        spec = {"restartPolicy": "Never", "containers": [container]}
        count = len(self.containers)
        body = {"metadata": {"name": name, "labels": labels}, "spec": spec}
        self.shell.cluster.create(PODS, self.shell.namespace, body)
        until(lambda: len(self.containers) > count, f"the pod {name} runs")
        return self.containers[-1]

    def end(self, name: str, code: int = 0) -> None:
        """Have the last container end; the pod shows it on return."""
        self.codes.append(code)
        self.ends[-1].set()
        phase = "Failed" if code else "Succeeded"
        until(lambda: self._pod(name)["status"]["phase"] == phase, f"the pod {name} has ended")

    def _pod(self, name: str) -> Any:
        return self.shell.cluster.get(PODS, self.shell.namespace, name)


@pytest.fixture
def conversions(shell: Shell) -> Iterator[Conversions]:
    """On a node of the test's own."""
    if not isinstance(shell.control_plane, OwnControlPlane):
        pytest.skip("needs a control plane of the tests' own")
    conversions = Conversions(shell)
    with Node(shell.control_plane, run=conversions.run):
        yield conversions
        for ended in conversions.ends:
            ended.set()


def test_the_log_of_a_running_conversion_is_printed(shell: Shell, conversions: Conversions) -> None:
    """The lines on stdout; whose they are on stderr."""
    shell.create(converting())
    conversions.begin("pens-1-a").log.add("reading the manifests")

    ended = shell.run("logs", "pens-1")

    assert ended.returncode == 0
    assert ended.stdout == "reading the manifests\n"
    assert ended.stderr == "==> pens-1-a (Running)\n"


def test_the_log_of_a_pod_that_failed_before_is_there_on_demand(shell: Shell, conversions: Conversions) -> None:
    """The last pod is shown otherwise."""
    shell.create(converting())
    conversions.begin("pens-1-a").log.add("no room left")
    conversions.end("pens-1-a", code=1)
    conversions.begin("pens-1-b").log.add("done")
    conversions.end("pens-1-b")

    last, previous = shell.run("logs", "pens-1"), shell.run("logs", "pens-1", "--previous")

    assert (last.stdout, previous.stdout) == ("done\n", "no room left\n")


def test_following_prints_lines_as_they_come_and_ends_with_the_round(shell: Shell, conversions: Conversions) -> None:
    """It waits for the first pod too, and says for what."""
    shell.create(labeling())

    with shell.running("logs", "pens-1", "--follow") as following:
        assert following.stdout is not None
        assert following.stderr is not None
        waits = following.stderr.readline()
        shell.become(converting())
        container = conversions.begin("pens-1-a")
        container.log.add("one")
        first = following.stdout.readline()
        container.log.add("two")
        second = following.stdout.readline()
        conversions.end("pens-1-a")
        shell.become(succeeded())
        rest, told = following.communicate(timeout=30)

    assert following.returncode == 0
    assert waits == "pens-1 is Labeling: waiting for workers; 37 of 120 images labeled\n"
    assert (first, second, rest) == ("one\n", "two\n", "")
    assert told.endswith("pens-1 is Succeeded: 118 images and 301 boxes in the dataset\n")


def test_a_pod_that_waits_for_a_node_says_why(shell: Shell, conversions: Conversions) -> None:
    """There is a pod, and no log of it yet."""
    shell.create(converting())
    uid = shell.get()["metadata"]["uid"]
    spec = {"restartPolicy": "Never", "containers": [{"name": CONTAINER, "image": "labelround"}]}
    shell.cluster.create(PODS, shell.namespace, {"metadata": {"name": "p", "labels": {UID_LABEL: uid}}, "spec": spec})

    ended = shell.run("logs", "pens-1")

    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == "the pod p (Pending) has written nothing\n"


@pytest.mark.parametrize(("status", "told"), [(labeling(), "its conversion has not begun"), (stalled(), "is Stalled")])
def test_without_a_pod_the_round_says_what_it_waits_for(shell: Shell, status: dict[str, Any], told: str) -> None:
    """Exit code 4: unfinished."""
    shell.create(status)

    ended = shell.run("logs", "pens-1")

    assert (ended.returncode, ended.stdout) == (4, "")
    assert told in ended.stderr


def test_following_a_stalled_round_does_not_wait_for_a_person(shell: Shell) -> None:
    """Nothing will be written."""
    shell.create(stalled())

    ended = shell.run("logs", "pens-1", "-f")

    assert ended.returncode == 4
    assert "pens-1 is Stalled" in ended.stderr


def test_what_failed_before_cannot_be_followed(shell: Shell) -> None:
    """A usage error."""
    ended = shell.run("logs", "pens-1", "-f", "--previous")

    assert ended.returncode == 2
