"""Backends on a loopback port, and sessions with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.controller.clocks import Clock
from tests.controller.memory_cluster import MemoryCluster
from tests.controller.recorded_aws import RecordedAWS, recorded_aws
from tests.controller.session_world import NAMESPACE, SETTINGS, secret

from labelround.cluster.api import SECRETS
from labelround.controller.rules import Backend
from labelround.controller.sessions import Sessions


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordedAWS]:
    """The services, and an environment whose default chain finds AMBIENT."""
    with recorded_aws() as aws:
        aws.owners["pictures"] = "123456789012"
        settings = {
            "AWS_ACCESS_KEY_ID": "AMBIENT",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_STS": aws.url,
        }
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield aws


@pytest.fixture
def secrets() -> MemoryCluster:
    """With a Secret of credentials in the operator's namespace."""
    secrets = MemoryCluster()
    secrets.put(SECRETS, NAMESPACE, secret())
    return secrets


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(secrets: MemoryCluster, clock: Clock) -> Sessions:
    return Sessions(secrets, SETTINGS, clock)


@pytest.fixture
def backend(aws: RecordedAWS) -> Backend:
    """One with the operator's own credentials."""
    return Backend("plain", "us-east-1", aws.url, aws.url)
