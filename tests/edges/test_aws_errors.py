"""boto3's errors as labelround's own."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ParamValidationError

from labelround.aws import Absent, Refused, client, session, translated
from labelround.errors import Conflict, InvalidInput, LabelroundError, Unavailable
from labelround.storage import S3Buckets

REFUSALS = {
    "S3 has no such bucket, by HEAD": ("404", 404, Absent),
    "S3 has no such setting": ("NoSuchCORSConfiguration", 404, Absent),
    "Cognito has no such user": ("UserNotFoundException", 400, Absent),
    "Cognito has no such pool": ("ResourceNotFoundException", 400, Absent),
    "S3 denies, by HEAD": ("403", 403, Conflict),
    "Cognito denies": ("NotAuthorizedException", 400, Conflict),
    "SageMaker denies": ("AccessDeniedException", 400, Conflict),
    "the token has expired": ("ExpiredTokenException", 400, Conflict),
    "S3 asks to slow down": ("SlowDown", 503, Unavailable),
    "Cognito throttles": ("TooManyRequestsException", 400, Unavailable),
    "SageMaker is at a quota": ("ResourceLimitExceeded", 400, Unavailable),
    "a service is broken": ("InternalFailure", 500, Unavailable),
    "a server does not have the operation": ("NotImplemented", 501, Refused),
    "the request is wrong": ("InvalidParameterException", 400, Refused),
    "the group exists": ("GroupExistsException", 400, Refused),
    "an unknown code": ("Surprise", 400, Refused),
}


@pytest.mark.parametrize(("code", "status", "kind"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_becomes_what_the_caller_does_next(code: str, status: int, kind: type[LabelroundError]) -> None:
    """By code and by status; what was being done stands in front."""
    answer = {"Error": {"Code": code, "Message": "because"}, "ResponseMetadata": {"HTTPStatusCode": status}}

    with pytest.raises(LabelroundError) as refusal, translated("looking"):
        raise ClientError(answer, "Look")  # type: ignore[arg-type]

    assert type(refusal.value) is kind
    assert str(refusal.value).startswith("looking")
    assert "because" in str(refusal.value)


FAILURES = {
    "no credentials": (NoCredentialsError(), Conflict),
    "nobody answers": (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), Unavailable),
    "a parameter of the wrong type": (ParamValidationError(report="x"), InvalidInput),
}


@pytest.mark.parametrize(("failure", "kind"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_before_the_answer_is_translated_too(failure: Exception, kind: type[LabelroundError]) -> None:
    """No boto3 exception passes."""
    with pytest.raises(kind, match="looking"), translated("looking"):
        raise failure


def test_other_exceptions_pass() -> None:
    """A mistake of ours is not AWS's."""
    with pytest.raises(ZeroDivisionError), translated("looking"):
        raise ZeroDivisionError


def test_a_profile_that_is_not_there_is_a_wrong_setting(aws: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person wrote it; trying again cannot help."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(InvalidInput, match="nobody"):
        client("sagemaker")


@pytest.mark.parametrize(
    ("option", "variables", "region"),
    [
        ("eu-west-1", {"AWS_REGION": "us-east-1"}, "eu-west-1"),
        (None, {"AWS_REGION": "us-east-2"}, "us-east-2"),
        (None, {"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
        (None, {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-2"}, "us-east-2"),
        (None, {}, None),
    ],
)
def test_the_region_is_that_of_the_option_or_the_environment(
    aws: str, monkeypatch: pytest.MonkeyPatch, option: str | None, variables: dict[str, str], region: str | None
) -> None:
    """AWS_REGION too, which boto3 by itself does not read and pods have."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert session(option).region_name == region
    assert S3Buckets(region=option).client.meta.region_name == (region or "us-east-1")
