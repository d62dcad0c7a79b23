"""Credentials from Secrets: read seldom, noticed when they change, and told when they cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.controller.clocks import Clock
from tests.controller.memory_cluster import Call, MemoryCluster
from tests.controller.recorded_aws import RecordedAWS
from tests.controller.session_world import NAMESPACE, SETTINGS, secret, use

from labelround.cluster.api import SECRETS, RequestRefused
from labelround.controller.rules import Backend
from labelround.controller.sessions import SessionKey, Sessions
from labelround.errors import Conflict, Unavailable


def test_a_secret_is_read_once_in_five_minutes(
    sessions: Sessions, backend: Backend, secrets: MemoryCluster, clock: Clock
) -> None:
    """Whatever rounds and namespaces ask; a session whose Secret is the same stays."""
    backend = replace(backend, credentials_secret="own")
    first = sessions.open(backend, "team-a")
    clock.pass_by(299)
    sessions.open(replace(backend, name="other"), "team-b")
    before = len(secrets.calls)
    clock.pass_by(1)

    second = sessions.open(backend, "team-a")

    assert (before, len(secrets.calls)) == (1, 2)
    assert second is first


def test_a_changed_secret_makes_a_new_session(
    sessions: Sessions, backend: Backend, secrets: MemoryCluster, clock: Clock, aws: RecordedAWS
) -> None:
    """Under the same key, so that a poller goes on with it."""
    backend = replace(backend, credentials_secret="own")
    first = sessions.open(backend, "team-a")
    secrets.put(SECRETS, NAMESPACE, secret("NEWKEY"))
    clock.pass_by(300)

    second = sessions.open(backend, "team-a")
    use(second)

    assert second is not first
    assert second.key == first.key
    assert aws.signers() == {"s3": {"NEWKEY"}, "sagemaker": {"NEWKEY"}}


def test_while_the_api_server_is_away_known_credentials_serve(
    backend: Backend, secrets: MemoryCluster, clock: Clock
) -> None:
    """An outage of one service does not become one of another."""
    away = False

    def refuse(_: Call) -> None:
        if away:
            raise Unavailable("away")

    secrets.before = refuse
    sessions = Sessions(secrets, SETTINGS, clock)
    backend = replace(backend, credentials_secret="own")
    first = sessions.open(backend, "team-a")
    away = True
    clock.pass_by(600)

    second = sessions.open(backend, "team-a")

    assert second is first
    with pytest.raises(Unavailable):
        Sessions(secrets, SETTINGS, clock).open(backend, "team-a")


UNUSABLE: dict[str, tuple[Mapping[str, Any] | None, str]] = {
    "none": (None, "the Secret own in the namespace labelround is missing"),
    "an empty one": ({"metadata": {"name": "own"}}, "has no AWS_ACCESS_KEY_ID and no AWS_SECRET_ACCESS_KEY"),
    "one with half of it": (
        {"metadata": {"name": "own"}, "data": {"AWS_ACCESS_KEY_ID": "QQ=="}},
        "has no AWS_SECRET_ACCESS_KEY; tell",
    ),
    "one with something else": (
        {"metadata": {"name": "own"}, "data": {"AWS_ACCESS_KEY_ID": "/w=="}},
        "AWS_ACCESS_KEY_ID is not text",
    ),
}


@pytest.mark.parametrize(("body", "expected"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_secret_that_cannot_be_used_is_told(
    sessions: Sessions, backend: Backend, secrets: MemoryCluster, body: Mapping[str, Any] | None, expected: str
) -> None:
    """By its name and what is missing; never by what it holds."""
    secrets.remove(SECRETS, NAMESPACE, "own")
    if body is not None:
        secrets.put(SECRETS, NAMESPACE, body)

    with pytest.raises(Conflict) as caught:
        sessions.open(replace(backend, credentials_secret="own"), "team-a")

    assert caught.value.reason == "AccessDenied"
    assert expected in str(caught.value)
    assert str(caught.value).endswith("tell the administrator of the operator")


def test_a_secret_that_is_missing_is_looked_for_twice_a_minute(
    sessions: Sessions, backend: Backend, secrets: MemoryCluster, clock: Clock
) -> None:
    """However many rounds wait for it, and found soon after it was made."""
    secrets.remove(SECRETS, NAMESPACE, "own")
    backend = replace(backend, credentials_secret="own")
    for namespace in ("team-a", "team-b", "team-c"):
        with pytest.raises(Conflict):
            sessions.open(backend, namespace)
    asked = len(secrets.calls)
    secrets.put(SECRETS, NAMESPACE, secret())
    clock.pass_by(30)

    session = sessions.open(backend, "team-a")

    assert asked == 1
    assert session.key == SessionKey("plain")


def test_a_secret_that_may_not_be_read_is_told(backend: Backend, secrets: MemoryCluster) -> None:
    """The operator's role lacks a right."""

    def refuse(_: Call) -> None:
        raise RequestRefused("forbidden", 403)

    secrets.before = refuse

    with pytest.raises(Conflict, match="the operator may not read the Secret own in the namespace labelround"):
        Sessions(secrets, SETTINGS).open(replace(backend, credentials_secret="own"), "team-a")
