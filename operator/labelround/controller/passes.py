"""One pass over one round on a cluster: read it anew, take one step, record what it came to, say when to look again.

Nothing is decided here: the policy says whether the round may, the reconciler what happens next. Each pass begins with
a fresh GET, and its writes are bound to the version that was read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labelround.cluster.api import ROUNDS, Cluster, Object
from labelround.controller.access import Access, Gate
from labelround.controller.converter import JobConverter
from labelround.controller.deletion import FINALIZER, Remains, stop_jobs
from labelround.controller.discretion import discreet, discreet_status
from labelround.controller.events import Kind, Transition, record, transition
from labelround.controller.fleet import Fleet
from labelround.controller.keys import RoundKey
from labelround.controller.metering import MeteredAPI
from labelround.controller.metrics import Metrics
from labelround.controller.patches import merge_patch
from labelround.controller.pod_template import PodSettings
from labelround.controller.requeue import Again, again
from labelround.controller.rules import Grant
from labelround.controller.versions import Versions
from labelround.errors import LabelroundError
from labelround.observe import ManifestCounter
from labelround.reconcile import Reconciler, Result
from labelround.spec.model import LabelingRound
from labelround.spec.parse import parse_round
from labelround.status import at_generation, is_finished, unobserved_status

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds: the slow look at a round that waits for others, the longest pause between two tries, and how long a
    deletion waits for labeling jobs that cannot be stopped.
    """

    resync: float = 3600.0
    longest_retry: float = 300.0
    deletion_patience: float = 300.0


@dataclass
class Passes:
    """Everything that a pass touches.

    `clock` tells the time, `portal_url` the page of a workteam, `pod_settings` how a granted round's conversion runs.
    """

    cluster: Cluster
    gate: Gate
    timing: Timing
    pod_settings: Callable[[Grant], PodSettings]
    versions: Versions
    fleet: Fleet
    metrics: Metrics
    clock: Callable[[], datetime]
    portal_url: Callable[[Access, str], str]
    manifests: ManifestCounter = field(default_factory=ManifestCounter)
    _uids: dict[RoundKey, str] = field(default_factory=dict)
    _deleting: dict[RoundKey, datetime] = field(default_factory=dict)

    def run(self, key: RoundKey) -> Again | None:
        """One pass; when to look again. Raises ObjectAbsent, ObjectChanged and Unavailable of the Kubernetes API."""
        body = self.cluster.get(ROUNDS, key.namespace, key.name)
        self._read(key, body)
        if body["metadata"].get("deletionTimestamp"):
            return self._delete(key, body)
        if is_finished(body.get("status") or {}):
            return self._end(key, body)
        return self._reconcile(key, body)

    def forget(self, key: RoundKey) -> None:
        """The round is gone, or has ended: keep nothing for passes that will not come."""
        self.gate.forget(key)
        self.gate.pollers.forget(key)
        self._deleting.pop(key, None)
        if uid := self._uids.pop(key, ""):
            self.manifests.forget(uid)

    def _reconcile(self, key: RoundKey, body: Object) -> Again | None:
        previous: Mapping[str, Any] = body.get("status") or {}
        try:
            round = parse_round(body)
            access = self.gate.open(round)
        except LabelroundError as error:
            generation = body["metadata"]["generation"]
            result = Result(unobserved_status(generation, error, previous, self.clock()), None, error)
        else:
            body = self._with_finalizer(key, body, round)
            self._uids[key] = round.uid
            result = self._reconciler(access).reconcile(round, previous)
        body = self._record(key, body, result)
        if is_finished(result.status):
            for state, count in result.status.get("images", {}).items():
                if state != "total":
                    self.metrics.converted_images.labels(state).inc(count)
            return self._end(key, body)
        return again(result, resync=self.timing.resync, longest_retry=self.timing.longest_retry)

    def _reconciler(self, access: Access) -> Reconciler:
        buckets = access.session.buckets
        return Reconciler(
            buckets=buckets,
            api=access.api,
            settings=access.settings,
            converter=JobConverter(self.cluster, buckets, self.pod_settings(access.grant)),
            clock=self.clock,
            portal_url=lambda arn: self.portal_url(access, arn),
            manifests=self.manifests,
        )

    def _with_finalizer(self, key: RoundKey, body: Object, round: LabelingRound) -> Object:
        """See to it that a deletion waits for us, before there is anything outside to tidy up."""
        finalizers = body["metadata"].get("finalizers") or []
        if FINALIZER in finalizers or round.labeling_job.adopt:
            return body
        return self._patch(key, body, {"metadata": {"finalizers": [*finalizers, FINALIZER]}})

    def _record(self, key: RoundKey, body: Object, result: Result) -> Object:
        """Write the new status, and the Event that tells of it first, if there is anything new."""
        previous: Mapping[str, Any] = body.get("status") or {}
        status = discreet_status(result.status)
        patch = merge_patch(previous, status)
        if not patch:
            return body
        told = transition(previous, status, troubled=result.error is not None)
        if told is not None:
            record(self.cluster, body, told, self.clock())
            level = logging.WARNING if told.kind is Kind.WARNING else logging.INFO
            _log.log(level, "%s: %s: %s", key, told.reason, result.error or told.message, extra={"round": str(key)})
        return self._patch(key, body, {"status": patch}, subresource="status")

    def _end(self, key: RoundKey, body: Object) -> Again | None:
        """The round has ended: nothing is left to tidy up, and after its time to live it goes."""
        self.forget(key)
        status = body["status"]
        if patch := merge_patch(status, at_generation(status, body["metadata"]["generation"])):
            body = self._patch(key, body, {"status": patch}, subresource="status")
        body = self._without_finalizer(key, body)
        lives, completed = body["spec"].get("ttlSecondsAfterFinished"), body["status"].get("completionTime")
        if lives is None or completed is None:
            return None
        left = lives - (self.clock() - datetime.fromisoformat(completed)).total_seconds()
        if left > 0:
            return Again(left)
        self.cluster.delete(ROUNDS, key.namespace, key.name, uid=body["metadata"]["uid"])
        return None

    def _delete(self, key: RoundKey, body: Object) -> Again | None:
        """Stop what runs, for so long as it is worth waiting, then let the object go."""
        if FINALIZER not in (body["metadata"].get("finalizers") or ()):
            return None
        remains = None if is_finished(body.get("status") or {}) else Remains.of(body)
        if remains is not None:
            try:
                found = self._stop(remains, key)
            except LabelroundError as error:
                left = self._patience(key)
                if left > 0:
                    _log.warning("%s: its labeling jobs cannot be stopped yet: %s", key, error)
                    return Again(min(self.timing.longest_retry, left), growing=True)
                self._abandon(key, body, str(error))
            else:
                if lost := sorted(remains.recorded - found):
                    self._abandon(key, body, f"no backend of the namespace has {', '.join(lost)}")
        self.forget(key)
        self._without_finalizer(key, body)
        return None

    def _patience(self, key: RoundKey) -> float:
        """For how many seconds more a deletion waits, from the first try on: the operator may have been away before."""
        first = self._deleting.setdefault(key, self.clock())
        return self.timing.deletion_patience - (self.clock() - first).total_seconds()

    def _stop(self, remains: Remains, key: RoundKey) -> set[str]:
        """The names of all jobs that are there.

        Raises LabelroundError when a backend that may have the jobs cannot be asked, and no other has them.
        """
        failure: LabelroundError | None = None
        found: set[str] = set()
        for backend in self.gate.backends(key.namespace):
            try:
                api = MeteredAPI(self.gate.sessions.open(backend, key.namespace).api, self.metrics)
                for job in stop_jobs(remains, api):
                    found.add(job)
                    _log.info("%s: the labeling job %s is stopped", key, job)
            except LabelroundError as error:
                failure = error
        if failure is not None and not found:
            raise failure
        return found

    def _abandon(self, key: RoundKey, body: Object, why: str) -> None:
        self.metrics.abandoned.inc()
        message = (
            f"the round goes, but its labeling jobs could not be asked to stop and may still run ({discreet(why)});"
            f" look for jobs tagged labelround.dev/uid={body['metadata']['uid']} and stop them"
        )
        _log.error("%s: %s: %s", key, message, why)
        record(self.cluster, body, Transition(Kind.WARNING, "LabelingJobsLeft", message), self.clock())

    def _without_finalizer(self, key: RoundKey, body: Object) -> Object:
        finalizers = body["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return body
        kept = [each for each in finalizers if each != FINALIZER]
        return self._patch(key, body, {"metadata": {"finalizers": kept}})

    def _patch(self, key: RoundKey, body: Object, patch: Mapping[str, Any], subresource: str = "") -> Object:
        """Change the very version that was read."""
        metadata = {**patch.get("metadata", {}), "resourceVersion": body["metadata"]["resourceVersion"]}
        content = {**patch, "metadata": metadata}
        changed = self.cluster.patch(ROUNDS, key.namespace, key.name, content, subresource=subresource)
        self._read(key, changed)
        return changed

    def _read(self, key: RoundKey, body: Object) -> None:
        """Note what the object is now."""
        self.versions.handled(key, body["metadata"]["resourceVersion"])
        self.fleet.update(body)
