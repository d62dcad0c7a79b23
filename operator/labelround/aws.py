"""boto3 for what is neither an object nor a labeling job: bucket settings, workteams, user pools.

Clients are made by `client` and passed to whoever needs one; nothing is made at import. `translated` turns every
boto3 error into one of `labelround.errors`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from labelround.errors import Conflict, Failed, InvalidInput, Problem, Unavailable
from labelround.groundtruth.errors import Response, classify

MAX_ATTEMPTS = 5
CONNECT_TIMEOUT_SECONDS = 10
READ_TIMEOUT_SECONDS = 60
CONNECTIONS = 10
NOT_IMPLEMENTED = 501
CREDENTIALS_FIX = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class Refused(Failed):
    """An AWS service said no, and asking again will not help. `code` is its error code."""

    def __init__(self, what: str, code: str, message: str) -> None:
        self.code = code
        super().__init__(f"{what}: {code}: {message}")


class Absent(Refused):
    """There is no such bucket, setting, workteam, user or pool."""


def session(region: str | None = None) -> Any:
    """A boto3 session from the default credential chain.

    AWS_REGION counts as in AWS's other tools and in a pod; boto3 by itself reads AWS_DEFAULT_REGION alone.
    """
    import boto3

    return boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)


def client(service: str, *, region: str | None = None, endpoint_url: str | None = None) -> Any:
    """A boto3 client with bounded retries and timeouts.

    `endpoint_url` defaults to AWS_ENDPOINT_URL_<SERVICE>. Raises Conflict when no region is configured.
    """
    with _settings_checked(service):
        boto3_session = session(region)
    return client_of(boto3_session, service, endpoint_url=endpoint_url)


def client_of(
    boto3_session: Any,
    service: str,
    *,
    endpoint_url: str | None = None,
    attempts: int = MAX_ATTEMPTS,
    read_timeout: float = READ_TIMEOUT_SECONDS,
    connections: int = CONNECTIONS,
) -> Any:
    """A client of this boto3 session, likewise bounded. `connections` is how many requests may run at a time."""
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=min(CONNECT_TIMEOUT_SECONDS, read_timeout),
        read_timeout=read_timeout,
        max_pool_connections=connections,
    )
    with _settings_checked(service):
        return boto3_session.client(service, endpoint_url=endpoint_url, config=config)


@contextmanager
def _settings_checked(service: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, NoRegionError

    try:
        yield
    except NoRegionError:
        raise Conflict("NoRegion", "no AWS region is set; pass --region or set AWS_REGION") from None
    except (BotoCoreError, ValueError) as error:
        raise InvalidInput([Problem(f"the AWS settings for {service}", str(error))]) from error


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise what boto3 raises as Absent, Refused, Conflict or Unavailable, saying `what` was being done."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError

    try:
        yield
    except ClientError as error:
        raise _refusal(what, error.response) from error
    except NoCredentialsError:
        raise Conflict("AccessDenied", f"{what}: no AWS credentials were found; {CREDENTIALS_FIX}") from None
    except ParamValidationError as error:
        raise InvalidInput([Problem(what, str(error))]) from error
    except BotoCoreError as error:
        raise Unavailable(f"{what}: {error}") from error


def _refusal(what: str, response: Any) -> Exception:
    details = response.get("Error", {})
    code, message = str(details.get("Code", "")), str(details.get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    kind = classify(code, status)
    if status == 404 or kind is Response.ABSENT or code.startswith(("NoSuch", "UserNotFound")):
        return Absent(what, code, message)
    if status == 403 or kind is Response.DENIED:
        return Conflict("AccessDenied", f"{what} was refused ({code}: {message}); mend the credentials or their policy")
    if kind is Response.WAIT and status != NOT_IMPLEMENTED:
        return Unavailable(f"{what}: {code}: {message}")
    return Refused(what, code, message)
