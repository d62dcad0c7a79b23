"""The Lease that makes a second replica of the operator a standby. docs/adr says why it is not the library's.

All effects of a pass are idempotent, so two leaders for a moment are harmless; the Lease keeps them from doing all work
twice. A leader that cannot renew in time gives up before another may take over.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labelround.cluster.api import LEASES, Cluster, Object, ObjectAbsent
from labelround.errors import LabelroundError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseSettings:
    """Where the Lease is, who wants it, and its times in seconds (`duration` > `renew` + `retry`)."""

    namespace: str
    name: str
    identity: str
    duration: float = 15.0
    renew: float = 10.0
    retry: float = 2.0


@dataclass
class Leadership:
    """Gets the Lease, keeps it and gives it back. `lost` is called, from another thread, when it cannot be kept."""

    cluster: Cluster
    settings: LeaseSettings
    lost: Callable[[], None]
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    _seen: tuple[str, float] = ("", 0.0)
    _stop: threading.Event = field(default_factory=threading.Event)
    _renewed: float = 0.0
    _taken: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def acquire(self, stop: threading.Event) -> bool:
        """Wait for the Lease; False when `stop` is set before. Keeps it in the background from then on."""
        told = False
        while not stop.is_set():
            if self._try():
                self._keep()
                return True
            if not told:
                _log.info("standing by: another replica holds the lease %s", self.settings.name)
                told = True
            stop.wait(self.settings.retry)
        return False

    def release(self) -> None:
        """Give the Lease back, so that another replica need not wait until it expires."""
        self._stop.set()
        for thread in self._threads:
            thread.join(self.settings.renew)
        try:
            lease = self.cluster.get(LEASES, self.settings.namespace, self.settings.name)
            if lease["spec"].get("holderIdentity") == self.settings.identity:
                self._write(lease, {"holderIdentity": "", "leaseDurationSeconds": 1})
        except Exception as error:  # noqa: BLE001 the process ends in good order all the same
            _log.warning("the lease was not given back and expires by itself: %s", error)

    def _try(self) -> bool:
        """Take or renew the Lease; whether it is ours now."""
        asked = self.clock()
        try:
            held = self._take()
        except LabelroundError as error:
            _log.warning("the lease %s could not be taken: %s", self.settings.name, error)
            return False
        except Exception:  # noqa: BLE001 an answer that is none must end neither a standby nor the renewal
            _log.exception("the lease %s could not be read", self.settings.name)
            return False
        if held:
            self._renewed = asked
        self._taken = not held
        return held

    def _take(self) -> bool:
        try:
            lease = self.cluster.get(LEASES, self.settings.namespace, self.settings.name)
        except ObjectAbsent:
            self._create()
            return True
        spec = lease.get("spec") or {}
        holder = spec.get("holderIdentity")
        if holder == self.settings.identity:
            self._write(lease, {"renewTime": self._moment()})
            return True
        if holder and not self._has_expired(lease):
            return False
        transitions = int(spec.get("leaseTransitions") or 0) + 1
        self._write(lease, self._held() | {"leaseTransitions": transitions})
        return True

    def _has_expired(self, lease: Object) -> bool:
        """Whether the holder has not renewed for the whole duration, by this process's own clock."""
        version = lease["metadata"]["resourceVersion"]
        if self._seen[0] != version:
            self._seen = (version, self.clock())
        duration = float(lease["spec"].get("leaseDurationSeconds") or self.settings.duration)
        return self.clock() - self._seen[1] > duration

    def _create(self) -> None:
        name = self.settings.name
        body = {"apiVersion": LEASES.api_version, "kind": LEASES.kind, "metadata": {"name": name}, "spec": self._held()}
        self.cluster.create(LEASES, self.settings.namespace, body)

    def _write(self, lease: Object, spec: dict[str, Any]) -> None:
        """Change the Lease, if it is still the one that was read."""
        patch = {"metadata": {"resourceVersion": lease["metadata"]["resourceVersion"]}, "spec": spec}
        self.cluster.patch(LEASES, self.settings.namespace, self.settings.name, patch)

    def _held(self) -> dict[str, Any]:
        moment = self._moment()
        return {
            "holderIdentity": self.settings.identity,
            "leaseDurationSeconds": max(1, round(self.settings.duration)),
            "acquireTime": moment,
            "renewTime": moment,
        }

    def _moment(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _keep(self) -> None:
        for work in (self._renew, self._watch):
            thread = threading.Thread(target=work, name=f"lease-{work.__name__}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _renew(self) -> None:
        while not self._stop.wait(self.settings.retry):
            self._try()

    def _watch(self) -> None:
        """Sees to it that a renewal that fails, or hangs, ends the leadership in time, and another's Lease at once."""
        while not self._stop.wait(self.settings.retry):
            if self._taken or self.clock() - self._renewed >= self.settings.renew:
                self._stop.set()
                self.lost()
                return
