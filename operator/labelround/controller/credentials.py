"""Whose rights the operator uses at a backend: keys from Secrets, and roles that are assumed for a namespace."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import CredentialProvider, DeferredRefreshableCredentials

from labelround.cluster.api import SECRETS, Cluster, Object, ObjectAbsent, RequestRefused
from labelround.errors import Conflict, Unavailable

SECRET_SECONDS = 300.0
"""A Secret that was read is not read again for so long."""
FAILURE_SECONDS = 30.0
"""Nor one that could not be used, so that many rounds do not ask for it all the time."""
ROLE_SESSION_NAME_LENGTH = 64
TAG_PREFIX = "labelround.dev/"
ASK = "tell the administrator of the operator"


@dataclass(frozen=True, slots=True)
class Keys:
    """Long-lived credentials, or a session's."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


@dataclass
class _Known:
    """What is known of a Secret: its keys, or why there are none."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: Keys | None = None
    failure: str = ""
    until: float = float("-inf")


@dataclass
class SecretKeys:
    """Keys from Secrets of the operator's namespace, each read once in a while. `clock` gives seconds."""

    cluster: Cluster
    namespace: str
    clock: Callable[[], float]
    _known: dict[str, _Known] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, name: str) -> Keys:
        """The keys in a Secret. Raises Conflict when there are none, and Unavailable.

        While the API server is away, keys that were read before go on to serve.
        """
        with self._lock:
            known = self._known.setdefault(name, _Known())
        with known.lock:
            if self.clock() >= known.until:
                self._look(name, known)
            if known.keys is None:
                raise Conflict("AccessDenied", known.failure)
            return known.keys

    def _look(self, name: str, known: _Known) -> None:
        where = f"the Secret {name} in the namespace {self.namespace}"
        try:
            known.keys, known.failure = _keys(self.cluster.get(SECRETS, self.namespace, name), where), ""
        except Unavailable:
            if known.keys is None:
                raise
        except ObjectAbsent:
            known.keys, known.failure = None, f"{where} is missing; {ASK}"
        except RequestRefused:
            known.keys, known.failure = None, f"the operator may not read {where}; {ASK}"
        except Conflict as error:
            known.keys, known.failure = None, str(error)
        known.until = self.clock() + (FAILURE_SECONDS if known.failure else SECRET_SECONDS)


def _keys(secret: Object, where: str) -> Keys:
    """The keys that a Secret holds. Raises Conflict."""
    data: Mapping[str, str] = secret.get("data") or {}
    values = {}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        try:
            values[name] = base64.b64decode(data.get(name, ""), validate=True).decode("ascii").strip()
        except (binascii.Error, ValueError):
            raise Conflict("AccessDenied", f"{where}: {name} is not text; {ASK}") from None
    missing = [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if not values[name]]
    if missing:
        raise Conflict("AccessDenied", f"{where} has no {' and no '.join(missing)}; {ASK}")
    return Keys(*values.values())


class AssumedRole(CredentialProvider):
    """Credentials of a role, assumed for the rounds of one namespace, and again before they end.

    The role's trust policy can demand the external id, and policies can compare the session's tags.
    """

    METHOD = "assume-role"

    def __init__(self, sts: Any, role_arn: str, cluster: str, namespace: str) -> None:
        super().__init__()
        self._sts = sts
        self._request = {
            "RoleArn": role_arn,
            "RoleSessionName": f"labelround-{namespace}"[:ROLE_SESSION_NAME_LENGTH],
            "ExternalId": f"{cluster}/{namespace}",
            "Tags": [
                {"Key": f"{TAG_PREFIX}cluster", "Value": cluster},
                {"Key": f"{TAG_PREFIX}namespace", "Value": namespace},
            ],
        }

    def load(self) -> Any:
        """Credentials that fetch themselves when they are needed."""
        return DeferredRefreshableCredentials(refresh_using=self._fetch, method=self.METHOD)

    def _fetch(self) -> dict[str, str]:
        issued = self._sts.assume_role(**self._request)["Credentials"]
        return {
            "access_key": issued["AccessKeyId"],
            "secret_key": issued["SecretAccessKey"],
            "token": issued["SessionToken"],
            "expiry_time": issued["Expiration"].isoformat(),
        }
