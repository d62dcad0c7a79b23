"""Sessions with backends: whose credentials they use, how long they last, and that nothing mixes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.controller.clocks import Clock
from tests.controller.memory_cluster import MemoryCluster
from tests.controller.recorded_aws import RecordedAWS, recorded_aws
from tests.controller.session_world import NAMESPACE, ROLE, SETTINGS, WHEN, secret, use

from labelround.cluster.api import SECRETS
from labelround.controller.rules import Backend
from labelround.controller.sessions import Session, SessionKey, Sessions
from labelround.errors import Conflict, Unavailable


def test_without_a_secret_or_a_role_the_operators_own_credentials_serve(
    sessions: Sessions, backend: Backend, aws: RecordedAWS
) -> None:
    """All namespaces share one session."""
    first, second = sessions.open(backend, "team-a"), sessions.open(backend, "team-b")

    use(first)

    assert first is second
    assert (first.key, first.region) == (SessionKey("plain"), "us-east-1")
    assert aws.signers() == {"s3": {"AMBIENT"}, "sagemaker": {"AMBIENT"}}


def test_a_secrets_credentials_serve_for_everything(sessions: Sessions, backend: Backend, aws: RecordedAWS) -> None:
    """The operator's own are used for nothing."""
    session = sessions.open(replace(backend, credentials_secret="own"), "team-a")

    use(session)

    assert aws.signers() == {"s3": {"SECRETKEY"}, "sagemaker": {"SECRETKEY"}}


def test_a_secret_may_hold_a_token(
    sessions: Sessions, backend: Backend, aws: RecordedAWS, secrets: MemoryCluster
) -> None:
    """Credentials that somebody else renews have one."""
    secrets.put(SECRETS, NAMESPACE, secret(AWS_SESSION_TOKEN="their token"))

    use(sessions.open(replace(backend, credentials_secret="own"), "team-a"))

    assert {request.token for request in aws.requests} == {"their token"}


def test_a_role_is_assumed_for_each_namespace(sessions: Sessions, backend: Backend, aws: RecordedAWS) -> None:
    """With an external id, a session name and tags that say for whom."""
    backend = replace(backend, role_arn=ROLE)
    first, second = sessions.open(backend, "team-a"), sessions.open(backend, "team-b")

    use(second)

    asked = [request.parameters for request in aws.of("sts")]
    assert [request.access_key for request in aws.of("sts")] == ["AMBIENT", "AMBIENT"]
    assert [each["ExternalId"] for each in asked] == ["east/team-a", "east/team-b"]
    assert (
        asked[0].items()
        >= {
            "RoleArn": ROLE,
            "RoleSessionName": "labelround-team-a",
            "Tags.member.1.Key": "labelround.dev/cluster",
            "Tags.member.1.Value": "east",
            "Tags.member.2.Key": "labelround.dev/namespace",
            "Tags.member.2.Value": "team-a",
        }.items()
    )
    assert [first.key, second.key] == [SessionKey("plain", "team-a"), SessionKey("plain", "team-b")]
    assert {(each.access_key, each.token) for each in aws.requests if each.service != "sts"} == {("ASSUMED2", "token")}


def test_a_secrets_credentials_may_assume_the_role(sessions: Sessions, backend: Backend, aws: RecordedAWS) -> None:
    """The operator's own are used for nothing, here either."""
    session = sessions.open(replace(backend, role_arn=ROLE, credentials_secret="own"), "team-a")

    use(session)

    assert aws.signers() == {"sts": {"SECRETKEY"}, "s3": {"ASSUMED1"}, "sagemaker": {"ASSUMED1"}}


def test_a_long_namespace_is_cut_in_the_session_name_alone(
    sessions: Sessions, backend: Backend, aws: RecordedAWS
) -> None:
    """A session name has 64 characters at most."""
    namespace = "n" * 63

    sessions.open(replace(backend, role_arn=ROLE), namespace)

    asked = aws.of("sts")[0].parameters
    assert len(asked["RoleSessionName"]) == 64
    assert asked["ExternalId"] == f"east/{namespace}"


@pytest.mark.parametrize(("lifetime", "times"), {timedelta(hours=1): 1, timedelta(minutes=8): 2}.items())
def test_a_role_is_assumed_again_before_it_ends(
    sessions: Sessions, backend: Backend, aws: RecordedAWS, lifetime: timedelta, times: int
) -> None:
    """Ten minutes before at the latest; the session stays the same."""
    aws.lifetime = lifetime
    backend = replace(backend, role_arn=ROLE)
    first = sessions.open(backend, "team-a")

    second = sessions.open(backend, "team-a")

    assert first is second
    assert len(aws.of("sts")) == times


def test_a_role_that_may_not_be_assumed_is_a_matter_for_a_person(
    sessions: Sessions, backend: Backend, aws: RecordedAWS
) -> None:
    """It is told before anything else is touched, and tried again at the next pass."""
    aws.refuse_roles = True
    backend = replace(backend, role_arn=ROLE)
    with pytest.raises(Conflict) as caught:
        sessions.open(backend, "team-a")

    aws.refuse_roles = False
    sessions.open(backend, "team-a")

    assert caught.value.reason == "AccessDenied"
    assert str(caught.value) == (
        "getting the credentials of the backend plain was refused (AccessDenied: not for you); mend the credentials or"
        " their policy"
    )
    assert {request.service for request in aws.requests} == {"sts"}


def test_an_sts_that_is_away_is_waited_for(
    sessions: Sessions, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wrong with the round."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")

    with pytest.raises(Unavailable, match="getting the credentials of the backend plain"):
        sessions.open(replace(backend, role_arn=ROLE), "team-a")


def test_without_any_credentials_a_person_is_told(
    sessions: Sessions, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once there are some, the session is made."""
    with monkeypatch.context() as bare:
        bare.delenv("AWS_ACCESS_KEY_ID")
        bare.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(Conflict, match="the backend plain: no AWS credentials were found"):
            sessions.open(backend, "team-a")

    session = sessions.open(backend, "team-a")

    assert session.key == SessionKey("plain")


def test_what_nobody_asks_for_is_forgotten_after_an_hour(sessions: Sessions, backend: Backend, clock: Clock) -> None:
    """What is asked for stays."""
    backend = replace(backend, role_arn=ROLE)
    kept, left = sessions.open(backend, "team-a"), sessions.open(backend, "team-b")
    for _ in range(2):
        clock.pass_by(1800)
        sessions.open(backend, "team-a")

    again = sessions.open(backend, "team-a"), sessions.open(backend, "team-b")

    assert again[0] is kept
    assert again[1] is not left


def test_many_threads_share_one_session(sessions: Sessions, backend: Backend, aws: RecordedAWS) -> None:
    """Made once, with one role."""
    backend = replace(backend, role_arn=ROLE)
    together = threading.Barrier(8)

    def work(_: int) -> Session:
        together.wait()
        session = sessions.open(backend, "team-a")
        use(session)
        return session

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(work, range(8)))

    assert len({id(session) for session in opened}) == 1
    assert len(aws.of("sts")) == 1


def test_sessions_share_the_models_of_the_services(sessions: Sessions, backend: Backend) -> None:
    """Each would take 25 MB of its own otherwise."""
    backend = replace(backend, role_arn=ROLE)

    opened = [sessions.open(backend, f"team-{number}") for number in range(3)]

    assert len({id(session.sagemaker.meta.service_model.metadata) for session in opened}) == 1


def test_a_bucket_of_one_backend_is_not_that_of_another(sessions: Sessions, backend: Backend, aws: RecordedAWS) -> None:
    """Though they have the same name."""
    with recorded_aws() as other:
        other.owners["pictures"] = "1"
        second = replace(backend, name="second", s3_endpoint_url=other.url)
        sessions.open(backend, "team-a").buckets.open("pictures").write("a", b"one")
        sessions.open(second, "team-a").buckets.open("pictures").write("a", b"two")

    assert aws.objects == {"/pictures/a": b"one"}
    assert other.objects == {"/pictures/a": b"two"}


def test_services_that_hang_are_given_up(backend: Backend, secrets: MemoryCluster, aws: RecordedAWS) -> None:
    """After three tries each, of as long as the settings say."""
    session = Sessions(secrets, replace(SETTINGS, api_timeout_seconds=0.2)).open(backend, "team-a")
    aws.hanging = True

    with pytest.raises(Unavailable):
        session.buckets.open("pictures").read("a")
    with pytest.raises(Unavailable):
        list(session.api.list(created_after=WHEN))

    assert len(aws.of("s3")) == 3
    assert len(aws.of("sagemaker")) == 3
