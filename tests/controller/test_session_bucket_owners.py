"""Whose bucket it is, asked before anything else touches it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.controller.clocks import Clock
from tests.controller.recorded_aws import RecordedAWS

from labelround.controller.rules import Backend
from labelround.controller.sessions import Sessions, check_bucket_owner
from labelround.errors import Conflict, ObjectNotFound, Unavailable


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
