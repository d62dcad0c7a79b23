"""Every error code of the labeling API, and what the caller does about it.

One table, so that no code is handled in passing. `tests/groundtruth` walks botocore's service model and fails on a
declared error that no row classifies; the rest are the codes that all of AWS's JSON services share. Codes are compared
without AWS's optional `Exception` suffix.
"""

from __future__ import annotations

import re
from enum import Enum

from labelround.errors import Conflict, InvalidInput, LabelroundError, Problem, Unavailable


class NameInUse(LabelroundError):
    """CreateLabelingJob found a job of that name; whether it is ours shows in its tags."""


class JobAbsent(LabelroundError):
    """There is no labeling job of that name."""


class Response(Enum):
    """What a code asks of the caller."""

    NAME_IN_USE = "describe the job and compare its tags"
    ABSENT = "there is no such job"
    WAIT = "try again later"
    DENIED = "a person grants the right or mends the credentials"
    REJECTED = "a person changes the round or the settings"


QUOTA = "ResourceLimitExceeded"
CODES: dict[str, Response] = {
    "ResourceInUse": Response.NAME_IN_USE,
    "ResourceNotFound": Response.ABSENT,
    QUOTA: Response.WAIT,
    "Conflict": Response.WAIT,
    "Throttling": Response.WAIT,
    "ThrottledException": Response.WAIT,
    "TooManyRequests": Response.WAIT,
    "RequestLimitExceeded": Response.WAIT,
    "ServiceUnavailable": Response.WAIT,
    "InternalFailure": Response.WAIT,
    "InternalServer": Response.WAIT,
    "InternalServerError": Response.WAIT,
    "InternalError": Response.WAIT,
    "RequestTimeout": Response.WAIT,
    "AccessDenied": Response.DENIED,
    "ExpiredToken": Response.DENIED,
    "RequestExpired": Response.DENIED,
    "UnrecognizedClient": Response.DENIED,
    "InvalidClientTokenId": Response.DENIED,
    "MissingAuthenticationToken": Response.DENIED,
    "IncompleteSignature": Response.DENIED,
    "InvalidSignature": Response.DENIED,
    "SignatureDoesNotMatch": Response.DENIED,
    "NotAuthorized": Response.DENIED,
    "OptInRequired": Response.DENIED,
    "Validation": Response.REJECTED,
    "ValidationError": Response.REJECTED,
    "InvalidParameterValue": Response.REJECTED,
    "InvalidParameterCombination": Response.REJECTED,
    "MissingParameter": Response.REJECTED,
    "InvalidAction": Response.REJECTED,
    "UnknownOperation": Response.REJECTED,
    "SerializationException": Response.REJECTED,
}

_SAYS_ABSENT = re.compile(r"not\s+found|does\s+not\s+exist|doesn't\s+exist|(?:could|can)\s*not\s+find", re.IGNORECASE)


def classify(code: str, status: int = 400) -> Response:
    """What to do about an error code; one that is not in the table is judged by its HTTP status."""
    for name in (code, code.removesuffix("Exception")):
        if name in CODES:
            return CODES[name]
    return Response.WAIT if status >= 500 or status == 429 else Response.REJECTED


def translate(
    operation: str, code: str, message: str, status: int = 400, *, about_a_job: bool = False
) -> LabelroundError:
    """The error to raise for a refused call.

    `about_a_job` marks Describe and Stop, where AWS may also say "absent" with a ValidationException; one that says
    anything else is never read as absent.
    """
    response = classify(code, status)
    if response is Response.REJECTED and about_a_job and code.startswith("Validation") and _SAYS_ABSENT.search(message):
        response = Response.ABSENT
    text = f"{code}: {message}"
    match response:
        case Response.NAME_IN_USE:
            return NameInUse(text)
        case Response.ABSENT:
            return JobAbsent(text)
        case Response.WAIT if code.startswith(QUOTA):
            return Unavailable(f"{operation} waits for a quota that frees itself ({text})", "QuotaReached")
        case Response.WAIT:
            return Unavailable(f"{operation}: {text}")
        case Response.DENIED:
            return Conflict("AccessDenied", f"{operation} was refused ({text}); mend the credentials or their policy")
        case Response.REJECTED:
            return InvalidInput([Problem(operation, f"the labeling service refused it ({text})")])
