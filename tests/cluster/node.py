"""A stand-in for the scheduler and the kubelet: it runs labelround's pods as processes of this machine."""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

from tests.cluster import podstatus
from tests.cluster.access import ControlPlane
from tests.cluster.container import Container, Ended, Log, Run, SecretMissing, container_of, run_process
from tests.cluster.kubelet import LogServer
from tests.cluster.podapi import PodApi
from tests.cluster.podwatch import PodWatch
from tests.servers.waiting import until

from labelround.cluster.api import Object

SELECTOR = "app.kubernetes.io/managed-by=labelround"
OVER = ("Succeeded", "Failed")
RETRY_SECONDS = 0.2


@dataclass
class Life:
    """A pod on this node, from the moment it is seen."""

    pod: Object
    gone: threading.Event = field(default_factory=threading.Event)
    container: Container | None = None
    log: Log | None = None


class Node:
    """Runs at most `slots` pods at a time; the others stay Pending. `environment` is what an image would set.

    It serves all namespaces, or one. `run` says how a container runs: by default as a process. Close the node, or use
    it in a `with`.
    """

    def __init__(
        self,
        control_plane: ControlPlane,
        *,
        namespace: str | None = None,
        environment: Mapping[str, str] | None = None,
        slots: int = 4,
        run: Run = run_process,
    ) -> None:
        self.name = f"node-{uuid4().hex[:8]}"
        self._environment = dict(environment or {})
        self._run_container = run
        self._slots = threading.Semaphore(slots)
        self._closed, self._open = threading.Event(), threading.Event()
        self._open.set()
        self._lives: dict[str, Life] = {}
        self._threads: list[threading.Thread] = []
        self._failures: deque[Ended] = deque()
        self._api = PodApi(control_plane, self.name, self._closed)
        self._folder = control_plane.folder
        self._logs = LogServer(control_plane.authority.server(), self._log_of)
        self._api.register(self._logs.port)
        self._watch = PodWatch(self._api.client, SELECTOR, namespace)
        self._watcher = threading.Thread(target=self._follow, name=self.name, daemon=True)
        self._watcher.start()

    def hold(self) -> None:
        """Keep new pods Pending, as on a full cluster, until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Let the pods start that were held."""
        self._open.set()

    def fail_next(self, exit_code: int = 1, message: str = "", *, times: int = 1, disrupted: bool = False) -> None:
        """The next containers end so, without running."""
        self._failures.extend([Ended(exit_code, message, disrupted)] * times)

    @property
    def running(self) -> list[str]:
        """The names of the pods whose processes run now."""
        return [life.pod["metadata"]["name"] for life in self._running()]

    def wait_for_running(self, seconds: float = 60) -> list[str]:
        """The names of the running pods, as soon as there is one."""
        return until(lambda: self.running, "a pod runs", seconds)

    def kill_running(self) -> int:
        """SIGKILL to every container that runs, as for want of memory: exit code 137. Their number."""
        return self._stop_running(disrupted=False)

    def evict_running(self) -> int:
        """Take the node away under every container that runs: its pod gets the condition DisruptionTarget."""
        return self._stop_running(disrupted=True)

    def log(self, pod: str) -> str:
        """What the container of a pod has written so far."""
        return "".join(life.log.text for life in self._lives.values() if _is(life, pod) and life.log)

    def close(self) -> None:
        """End every container. The pods stay as they were, as on a node that has lost its power."""
        self._closed.set()
        self._open.set()
        self._watch.close()
        self._watcher.join()
        for life in list(self._lives.values()):
            life.gone.set()
            if life.container:
                life.container.stop()
        for thread in self._threads:
            thread.join()
        self._logs.close()
        self._api.unregister()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self) -> None:
        for what, pod in self._watch.events():
            self._see(what, pod)

    def _see(self, what: str, pod: Object) -> None:
        """Begin, stop or forget the life of a pod."""
        uid = pod["metadata"]["uid"]
        life = self._lives.get(uid)
        leaving = what == "DELETED" or "deletionTimestamp" in pod["metadata"]
        elsewhere = pod["spec"].get("nodeName", self.name) != self.name
        if elsewhere:
            if what != "DELETED" and leaving:  # its node is lost, and nobody else lets go of it
                self._api.remove(pod)
        elif life is None and not leaving and pod.get("status", {}).get("phase") not in OVER:
            life = self._lives[uid] = Life(pod)
            thread = threading.Thread(target=self._live, args=(life,), name=pod["metadata"]["name"], daemon=True)
            self._threads.append(thread)
            thread.start()
        elif life is not None and leaving and not life.gone.is_set():
            life.gone.set()
            if life.container:
                life.container.stop(signal.SIGTERM)
            elif life.log and life.log.ended.is_set():
                self._api.remove(pod)

    def _live(self, life: Life) -> None:
        """Schedule, start, run and end one pod."""
        if not self._open.is_set():
            self._api.write_status(life.pod, podstatus.unschedulable())
        while not self._open.wait(RETRY_SECONDS):
            if life.gone.is_set():
                return
        with self._slots:
            if self._over(life) or not self._api.bind(life.pod):
                return
            container = self._prepared(life)
            if container is not None and not self._closed.is_set():
                self._run(life, container)
        if life.gone.is_set() and not self._closed.is_set():
            self._api.remove(life.pod)

    def _prepared(self, life: Life) -> Container | None:
        """The container, as soon as its Secrets are there; None when the pod goes before."""
        metadata = life.pod["metadata"]
        while not self._over(life):
            try:
                return container_of(
                    life.pod,
                    lambda name: self._api.secret(metadata["namespace"], name),
                    self._environment,
                    self._folder,
                )
            except SecretMissing as missing:
                reason = "CreateContainerConfigError"
                self._api.write_status(life.pod, podstatus.waiting(life.pod, reason, str(missing)))
                life.gone.wait(RETRY_SECONDS)
        return None

    def _run(self, life: Life, container: Container) -> None:
        started = podstatus.now()
        life.log = container.log
        how = self._failures.popleft() if self._failures else None
        if how is None:
            life.container = container
            self._api.write_status(life.pod, podstatus.running(life.pod, started))
            if life.gone.is_set():
                container.stop()
            how = self._run_container(container)
            life.container = None
        container.log.ended.set()
        if not self._closed.is_set():
            self._api.write_status(life.pod, podstatus.ended(life.pod, started, how))

    def _running(self) -> list[Life]:
        return [life for life in list(self._lives.values()) if life.container and life.container.process]

    def _stop_running(self, *, disrupted: bool) -> int:
        containers = [life.container for life in self._running()]
        for container in containers:
            if container:
                container.stop(disrupted=disrupted)
        return len(containers)

    def _over(self, life: Life) -> bool:
        return life.gone.is_set() or self._closed.is_set()

    def _log_of(self, namespace: str, pod: str) -> Log | None:
        for life in list(self._lives.values()):
            if _is(life, pod) and life.pod["metadata"]["namespace"] == namespace:
                return life.log
        return None


def _is(life: Life, pod: str) -> bool:
    return bool(life.pod["metadata"]["name"] == pod)
