"""Sessions with backends: whose credentials they use, how long they last, and that nothing mixes."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.controller.clocks import Clock
from tests.controller.memory_cluster import Call, MemoryCluster
from tests.controller.recorded_aws import RecordedAWS, recorded_aws

from labelround.cluster.api import SECRETS, RequestRefused
from labelround.controller.rules import Backend, Policy
from labelround.controller.sessions import Session, SessionKey, Sessions, check_bucket_owner
from labelround.controller.settings import ConversionSettings, OperatorSettings
from labelround.errors import Conflict, ObjectNotFound, Unavailable

NAMESPACE = "labelround"
ROLE = "arn:aws:iam::123456789012:role/labelround"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = OperatorSettings(
    cluster_name="east", conversion=ConversionSettings("i"), policy=Policy(), namespace=NAMESPACE, workers=4
)


def secret(key: str = "SECRETKEY", **more: str) -> dict[str, Any]:
    """A Secret with credentials."""
    values = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret\n"} | more
    data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    return {"metadata": {"name": "own"}, "data": data}


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
def cluster() -> MemoryCluster:
    """With a Secret of credentials in the operator's namespace."""
    cluster = MemoryCluster()
    cluster.put(SECRETS, NAMESPACE, secret())
    return cluster


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(cluster: MemoryCluster, clock: Clock) -> Sessions:
    return Sessions(cluster, SETTINGS, clock)


@pytest.fixture
def backend(aws: RecordedAWS) -> Backend:
    """One with the operator's own credentials."""
    return Backend("plain", "us-east-1", aws.url, aws.url)


def use(session: Session) -> None:
    """Every way in which a pass uses a session."""
    bucket = session.buckets.open("pictures")
    bucket.write("a.jpg", b"x")
    bucket.read("a.jpg")
    session.s3.head_bucket(Bucket="pictures")
    list(session.api.list(created_after=WHEN))


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
    sessions: Sessions, backend: Backend, aws: RecordedAWS, cluster: MemoryCluster
) -> None:
    """Credentials that somebody else renews have one."""
    cluster.put(SECRETS, NAMESPACE, secret(AWS_SESSION_TOKEN="their token"))

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


def test_a_secret_is_read_once_in_five_minutes(
    sessions: Sessions, backend: Backend, cluster: MemoryCluster, clock: Clock
) -> None:
    """Whatever rounds and namespaces ask; a session whose Secret is the same stays."""
    backend = replace(backend, credentials_secret="own")
    first = sessions.open(backend, "team-a")
    clock.pass_by(299)
    sessions.open(replace(backend, name="other"), "team-b")
    before = len(cluster.calls)
    clock.pass_by(1)

    second = sessions.open(backend, "team-a")

    assert (before, len(cluster.calls)) == (1, 2)
    assert second is first


def test_a_changed_secret_makes_a_new_session(
    sessions: Sessions, backend: Backend, cluster: MemoryCluster, clock: Clock, aws: RecordedAWS
) -> None:
    """Under the same key, so that a poller goes on with it."""
    backend = replace(backend, credentials_secret="own")
    first = sessions.open(backend, "team-a")
    cluster.put(SECRETS, NAMESPACE, secret("NEWKEY"))
    clock.pass_by(300)

    second = sessions.open(backend, "team-a")
    use(second)

    assert second is not first
    assert second.key == first.key
    assert aws.signers() == {"s3": {"NEWKEY"}, "sagemaker": {"NEWKEY"}}


def test_while_the_api_server_is_away_known_credentials_serve(
    backend: Backend, cluster: MemoryCluster, clock: Clock
) -> None:
    """An outage of one service does not become one of another."""
    away = False

    def refuse(_: Call) -> None:
        if away:
            raise Unavailable("away")

    cluster.before = refuse
    sessions = Sessions(cluster, SETTINGS, clock)
    backend = replace(backend, credentials_secret="own")
    first = sessions.open(backend, "team-a")
    away = True
    clock.pass_by(600)

    second = sessions.open(backend, "team-a")

    assert second is first
    with pytest.raises(Unavailable):
        Sessions(cluster, SETTINGS, clock).open(backend, "team-a")


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
    sessions: Sessions, backend: Backend, cluster: MemoryCluster, body: Mapping[str, Any] | None, expected: str
) -> None:
    """By its name and what is missing; never by what it holds."""
    cluster.remove(SECRETS, NAMESPACE, "own")
    if body is not None:
        cluster.put(SECRETS, NAMESPACE, body)

    with pytest.raises(Conflict) as caught:
        sessions.open(replace(backend, credentials_secret="own"), "team-a")

    assert caught.value.reason == "AccessDenied"
    assert expected in str(caught.value)
    assert str(caught.value).endswith("tell the administrator of the operator")


def test_a_secret_that_is_missing_is_looked_for_twice_a_minute(
    sessions: Sessions, backend: Backend, cluster: MemoryCluster, clock: Clock
) -> None:
    """However many rounds wait for it, and found soon after it was made."""
    cluster.remove(SECRETS, NAMESPACE, "own")
    backend = replace(backend, credentials_secret="own")
    for namespace in ("team-a", "team-b", "team-c"):
        with pytest.raises(Conflict):
            sessions.open(backend, namespace)
    asked = len(cluster.calls)
    cluster.put(SECRETS, NAMESPACE, secret())
    clock.pass_by(30)

    session = sessions.open(backend, "team-a")

    assert asked == 1
    assert session.key == SessionKey("plain")


def test_a_secret_that_may_not_be_read_is_told(backend: Backend, cluster: MemoryCluster) -> None:
    """The operator's role lacks a right."""

    def refuse(_: Call) -> None:
        raise RequestRefused("forbidden", 403)

    cluster.before = refuse

    with pytest.raises(Conflict, match="the operator may not read the Secret own in the namespace labelround"):
        Sessions(cluster, SETTINGS).open(replace(backend, credentials_secret="own"), "team-a")


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


def test_services_that_hang_are_given_up(backend: Backend, cluster: MemoryCluster, aws: RecordedAWS) -> None:
    """After three tries each, of as long as the settings say."""
    session = Sessions(cluster, replace(SETTINGS, api_timeout_seconds=0.2)).open(backend, "team-a")
    aws.hanging = True

    with pytest.raises(Unavailable):
        session.buckets.open("pictures").read("a")
    with pytest.raises(Unavailable):
        list(session.api.list(created_after=WHEN))

    assert len(aws.of("s3")) == 3
    assert len(aws.of("sagemaker")) == 3


def test_a_buckets_owner_is_asked_for_once_in_ten_minutes(
    sessions: Sessions, backend: Backend, aws: RecordedAWS, clock: Clock
) -> None:
    """A bucket seldom changes hands."""
    session = sessions.open(backend, "team-a")
    for pause in (0, 599, 1):
        clock.pass_by(pause)
        check_bucket_owner(session, "pictures", "123456789012")

    asked = [request.what for request in aws.of("s3")]

    assert asked == ["/pictures", "/pictures"]


def test_without_an_owner_nobody_is_asked(sessions: Sessions, backend: Backend, aws: RecordedAWS) -> None:
    """Other stores than AWS know no accounts."""
    check_bucket_owner(sessions.open(backend, "team-a"), "pictures", "")

    assert aws.requests == []


def test_a_bucket_of_another_account_is_not_allowed(sessions: Sessions, backend: Backend) -> None:
    """Nothing is written into a bucket that only has the right name."""
    session = sessions.open(backend, "team-a")

    with pytest.raises(Conflict) as caught:
        check_bucket_owner(session, "pictures", "999999999999")

    assert caught.value.reason == "NotAllowed"
    assert str(caught.value) == (
        "spec.bucket: pictures does not belong to the account 999999999999, or may not be looked at; ask the"
        " administrator of the operator"
    )


def test_a_bucket_that_is_not_there_is_told_so(sessions: Sessions, backend: Backend) -> None:
    """The round is mended, not the policy."""
    session = sessions.open(backend, "team-a")

    with pytest.raises(ObjectNotFound, match=r"s3://absent/: the bucket does not exist; correct spec\.bucket"):
        check_bucket_owner(session, "absent", "123456789012")


def test_a_store_that_is_away_is_waited_for(sessions: Sessions, backend: Backend) -> None:
    """Whose bucket it is shows later."""
    session = sessions.open(replace(backend, s3_endpoint_url="http://127.0.0.1:9"), "team-a")

    with pytest.raises(Unavailable, match="asking for the owner of the bucket pictures"):
        check_bucket_owner(session, "pictures", "123456789012")
