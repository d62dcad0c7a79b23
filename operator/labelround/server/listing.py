"""ListLabelingJobs: what a request selects, and the token that continues it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from labelround.server.jobs import Job
from labelround.server.refusal import invalid

DEFAULT_PAGE = 10
_LARGEST = (1 << 63) - 1
_LONGEST_SECONDS = 1e12
_SORTED_TEXT = re.compile("[A-Za-z0-9-]{1,63}")  # a name or a status
_PAGING = {"NextToken", "MaxResults"}


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One page of jobs. Times are milliseconds, bounds included; None is no bound.

    `start` is the sort value and id of the last job of the page before. Since it is a place in the order and not a
    number of jobs, jobs that are added between two pages neither repeat nor hide another.
    """

    sort_by: str = "CreationTime"
    descending: bool = False
    limit: int = DEFAULT_PAGE
    name_contains: str = ""
    status: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    modified_after: int | None = None
    modified_before: int | None = None
    start: tuple[Any, int] | None = None


def list_query(request: Mapping[str, Any], visible_until: int | None = None) -> ListQuery:
    """The query of a checked request; jobs created after `visible_until` are left out. Raises Refusal."""
    bounds = [time for time in (_before(request, "CreationTimeBefore"), visible_until) if time is not None]
    return ListQuery(
        sort_by=request.get("SortBy", "CreationTime"),
        descending=request.get("SortOrder") == "Descending",
        limit=request.get("MaxResults", DEFAULT_PAGE),
        name_contains=request.get("NameContains", ""),
        status=request.get("StatusEquals"),
        created_after=_after(request, "CreationTimeAfter"),
        created_before=min(bounds, default=None),
        modified_after=_after(request, "LastModifiedTimeAfter"),
        modified_before=_before(request, "LastModifiedTimeBefore"),
        start=_start(request),
    )


def next_token(request: Mapping[str, Any], query: ListQuery, last: Job) -> str:
    """The token for the page after the one that ends with the job `last`."""
    value = {"Name": last.name.lower(), "CreationTime": last.created, "Status": last.status.value}[query.sort_by]
    content = json.dumps([value, last.id, _fingerprint(request)])
    return base64.urlsafe_b64encode(content.encode()).decode()


def _start(request: Mapping[str, Any]) -> tuple[Any, int] | None:
    token = request.get("NextToken")
    if not token:
        return None
    try:
        value, last, fingerprint = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, RecursionError):
        raise invalid("The NextToken is not valid") from None
    if fingerprint != _fingerprint(request):
        raise invalid("The NextToken belongs to a request with other filters or another order")
    if isinstance(value, str) and not _SORTED_TEXT.fullmatch(value):
        raise invalid("The NextToken is not valid")
    wanted = int if request.get("SortBy", "CreationTime") == "CreationTime" else str
    numbers = [number for number in (value, last) if isinstance(number, int)]
    if type(value) is not wanted or type(last) is not int or any(abs(number) > _LARGEST for number in numbers):
        raise invalid("The NextToken is not valid")
    return value, last


def _fingerprint(request: Mapping[str, Any]) -> str:
    """What a token depends on: everything but the paging itself."""
    content = {name: value for name, value in request.items() if name not in _PAGING}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _after(request: Mapping[str, Any], name: str) -> int | None:
    return floor(_held(request[name]) * 1000) if name in request else None


def _before(request: Mapping[str, Any], name: str) -> int | None:
    return ceil(_held(request[name]) * 1000) if name in request else None


def _held(seconds: float) -> float:
    """A time that the database can hold."""
    return max(-_LONGEST_SECONDS, min(seconds, _LONGEST_SECONDS))
