"""Sessions with backends: buckets and a labeling API, both with one set of credentials and no other.

A session belongs to a backend, and to one namespace where a role is assumed for it. Sessions are made when they are
first asked for, kept while they are used, and made anew when the Secret behind them changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.credentials import CredentialResolver
from botocore.exceptions import ClientError

from labelround.aws import Absent, client_of, translated
from labelround.cluster.api import Cluster
from labelround.controller.credentials import AssumedRole, Keys, SecretKeys
from labelround.controller.policy import ASK, NOT_ALLOWED
from labelround.controller.rules import Backend
from labelround.controller.settings import OperatorSettings
from labelround.errors import Conflict, ObjectNotFound
from labelround.groundtruth.api import LabelingAPI
from labelround.groundtruth.client import Boto3LabelingAPI
from labelround.storage import Limits, S3Buckets
from labelround.uri import ObjectURI

ATTEMPTS = 3
OWNER_SECONDS = 600.0
"""A bucket's owner that was asked for is not asked for again for so long."""
FORGET_SECONDS = 3600.0
SWEEP_SECONDS = 60.0
MORE_CONNECTIONS = 4
"""Besides those of the workers: the pollers and what looks up worker portals."""


@dataclass(frozen=True, slots=True)
class SessionKey:
    """What a session belongs to; `namespace` is empty where the namespaces of a backend share one."""

    backend: str
    namespace: str = ""


@dataclass(frozen=True)
class Session:
    """A way to one backend. `sagemaker` and `s3` are the boto3 clients behind `api` and `buckets`."""

    key: SessionKey
    buckets: S3Buckets
    api: LabelingAPI
    sagemaker: Any = field(repr=False)
    s3: Any = field(repr=False)
    region: str
    credentials: Any = field(repr=False)
    clock: Callable[[], float] = field(repr=False)
    owners: dict[tuple[str, str], float] = field(default_factory=dict, repr=False)

    def renew(self) -> None:
        """Have the credentials fetched, or fetched again, if it is time; by themselves errors would come up later."""
        with translated(f"getting the credentials of the backend {self.key.backend}"):
            self.credentials.get_frozen_credentials()


def check_bucket_owner(session: Session, bucket: str, owner: str) -> None:
    """Raise Conflict (`NotAllowed`) when the bucket does not belong to the account `owner`; "" is anybody's."""
    known = session.owners.get((bucket, owner))
    if not owner or (known is not None and session.clock() - known < OWNER_SECONDS):
        return
    try:
        with translated(f"asking for the owner of the bucket {bucket}"):
            session.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    except Absent:
        raise ObjectNotFound(str(ObjectURI(bucket, "")), "the bucket does not exist", "correct spec.bucket") from None
    except Conflict as error:
        if not isinstance(error.__cause__, ClientError):
            raise
        what = f"spec.bucket: {bucket} does not belong to the account {owner}, or may not be looked at"
        raise Conflict(NOT_ALLOWED, f"{what}; {ASK}") from error
    session.owners[bucket, owner] = session.clock()


@dataclass
class _Kept:
    """A session, the keys that it was made with, and when it was last asked for."""

    opened: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: Keys | None = None
    session: Session | None = None


@dataclass
class Sessions:
    """Opens sessions. `settings` tell the cluster's name, the operator's namespace and the limits; `clock` seconds."""

    cluster: Cluster
    settings: OperatorSettings
    clock: Callable[[], float] = time.monotonic
    _kept: dict[SessionKey, _Kept] = field(default_factory=dict)
    _swept: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _making: threading.Lock = field(default_factory=threading.Lock)
    _loader: Any = field(default_factory=botocore.loaders.create_loader)
    _secrets: SecretKeys = field(init=False)

    def __post_init__(self) -> None:
        self._secrets = SecretKeys(self.cluster, self.settings.namespace, self.clock)

    def open(self, backend: Backend, namespace: str) -> Session:
        """The session of a backend for a namespace, with credentials at hand. Raises Conflict and Unavailable.

        Ask for it at every use: it may be another one by then.
        """
        key = SessionKey(backend.name, namespace if backend.role_arn else "")
        with self._lock:
            self._sweep()
            kept = self._kept.setdefault(key, _Kept(self.clock()))
            kept.opened = self.clock()
        with kept.lock:
            keys = self._secrets.read(backend.credentials_secret) if backend.credentials_secret else None
            if kept.session is None or keys != kept.keys:
                # boto3 makes one client at a time.
                with self._making, translated(f"making a session with the backend {backend.name}"):
                    kept.session, kept.keys = self._make(key, backend, keys), keys
            session = kept.session
        session.renew()
        return session

    def _sweep(self) -> None:
        """Forget the sessions that nobody has asked for in an hour."""
        now = self.clock()
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        for key in [key for key, kept in self._kept.items() if now - kept.opened >= FORGET_SECONDS]:
            del self._kept[key]

    def _make(self, key: SessionKey, backend: Backend, keys: Keys | None) -> Session:
        core = self._core()
        if keys is not None:
            core.set_credentials(keys.access_key_id, keys.secret_access_key, keys.session_token or None)
        session = self._boto3_session(core, backend)
        if backend.role_arn:
            sts = self._client(session, "sts")
            role = AssumedRole(sts, backend.role_arn, self.settings.cluster_name, key.namespace)
            core = self._core()
            core.register_component("credential_provider", CredentialResolver([role]))
            session = self._boto3_session(core, backend)
        credentials = session.get_credentials()
        if credentials is None:
            raise Conflict("AccessDenied", f"the backend {backend.name}: no AWS credentials were found; {ASK}")
        limits = Limits(self.settings.api_timeout_seconds, ATTEMPTS - 1, self._connections)
        buckets = S3Buckets(backend.s3_endpoint_url or None, backend.region, session, limits)
        sagemaker = self._client(session, "sagemaker", backend.sagemaker_endpoint_url)
        return Session(
            key=key,
            buckets=buckets,
            api=Boto3LabelingAPI(sagemaker),
            sagemaker=sagemaker,
            s3=buckets.client,
            region=backend.region,
            credentials=credentials,
            clock=self.clock,
        )

    def _core(self) -> Any:
        """A botocore session without credentials. The service models, of many megabytes, are loaded once for all."""
        core = botocore.session.Session()
        core.register_component("data_loader", self._loader)
        return core

    def _boto3_session(self, core: Any, backend: Backend) -> Any:
        session = boto3.Session(botocore_session=core, region_name=backend.region)
        self._loader.search_paths[:] = dict.fromkeys(self._loader.search_paths)  # each session adds boto3's own
        return session

    def _client(self, session: Any, service: str, endpoint_url: str = "") -> Any:
        return client_of(
            session,
            service,
            endpoint_url=endpoint_url or None,
            attempts=ATTEMPTS,
            read_timeout=self.settings.api_timeout_seconds,
            connections=self._connections,
        )

    @property
    def _connections(self) -> int:
        return self.settings.workers + MORE_CONNECTIONS
