"""What the administrator's policy grants a round now, and everything that a pass needs for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from labelround.cluster.api import NAMESPACES, Cluster
from labelround.controller.adoption import adopted_buckets, check_adopted
from labelround.controller.keys import RoundKey
from labelround.controller.policy import grant
from labelround.controller.pollers import Pollers
from labelround.controller.rules import Backend, Grant, Policy
from labelround.controller.sessions import Session, Sessions, check_bucket_owner
from labelround.errors import LabelroundError
from labelround.groundtruth.api import LabelingAPI
from labelround.request import JobSettings
from labelround.spec.model import LabelingRound

NAMESPACE_LABELS_SECONDS = 60.0


@dataclass(frozen=True)
class Access:
    """A round's way to the outside. `api` is polled for the round."""

    grant: Grant
    session: Session
    api: LabelingAPI
    settings: JobSettings


@dataclass
class Gate:
    """Lets rounds out as far as the policy allows."""

    cluster: Cluster
    policy: Policy
    cluster_name: str
    sessions: Sessions
    pollers: Pollers
    clock: Callable[[], float] = time.monotonic
    _labels: dict[str, tuple[float, Mapping[str, str]]] = field(default_factory=dict)
    _adopted: dict[RoundKey, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, round: LabelingRound) -> Access:
        """The round's way to the outside. Raises Conflict (NotAllowed), having touched nothing, and Unavailable."""
        allowed = grant(self.policy, round, self._namespace_labels(round.namespace))
        session = self.sessions.open(allowed.backend, round.namespace)
        check_bucket_owner(session, round.bucket, allowed.rule.bucket_owner)
        key = RoundKey(round.namespace, round.name)
        api = self.pollers.of(session).view(key, adopted=bool(round.labeling_job.adopt))
        if round.labeling_job.adopt:
            self._check_adopted(round, allowed, session, api)
        return Access(allowed, session, api, allowed.job_settings(self.cluster_name))

    def backends(self, namespace: str) -> list[Backend]:
        """Where labeling jobs of a namespace's rounds may be: at the backends of its rules.

        When no rule serves it any more, or its Kubernetes labels cannot be had, they may be at any backend.
        """
        try:
            labels = self._namespace_labels(namespace)
        except LabelroundError:
            labels = {}
        names = dict.fromkeys(rule.backend for rule in self.policy.rules if rule.serves(namespace, labels))
        return [self.policy.backends[name] for name in names or self.policy.backends]

    def forget(self, key: RoundKey) -> None:
        """The round has ended, or is gone."""
        with self._lock:
            self._adopted.pop(key, None)

    def _check_adopted(self, round: LabelingRound, allowed: Grant, session: Session, api: LabelingAPI) -> None:
        """Its places lie inside the rule, asked once, and its buckets are the right account's, asked each time."""
        key = RoundKey(round.namespace, round.name)
        job = api.describe(round.labeling_job.adopt)
        if job is None:
            return
        for bucket in adopted_buckets(job, allowed.rule):
            check_bucket_owner(session, bucket, allowed.rule.bucket_owner)
        if self._adopted.get(key) == round.uid:
            return
        check_adopted(round, job, allowed, session.buckets)
        with self._lock:
            self._adopted[key] = round.uid

    def _namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """The Kubernetes labels of a namespace, at most a minute old; none where no rule looks at them."""
        if not self.policy.needs_namespace_labels:
            return {}
        with self._lock:
            known = self._labels.get(namespace)
        if known is not None and self.clock() - known[0] < NAMESPACE_LABELS_SECONDS:
            return known[1]
        labels = self.cluster.get(NAMESPACES, None, namespace)["metadata"].get("labels") or {}
        with self._lock:
            self._labels[namespace] = (self.clock(), labels)
        return labels
