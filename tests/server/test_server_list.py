"""ListLabelingJobs: filters, order, and pages that hold still."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.server.labeling import Place, post, refused, request

pytestmark = pytest.mark.usefixtures("either_database")
NAMES = ("bravo", "Alpha", "charlie", "delta")


def made(place: Place, api: Any) -> None:
    """Four jobs, a minute apart; the first two are stopped in the end."""
    for name in NAMES:
        api.create_labeling_job(**request(name))
        place.clock.turn(60)
    for name in NAMES[:2]:
        api.stop_labeling_job(LabelingJobName=name)
    place.change(answers=None)
    place.tick(4)


def listed(api: Any, **filters: Any) -> list[str]:
    return [job["LabelingJobName"] for job in api.list_labeling_jobs(**filters)["LabelingJobSummaryList"]]


def test_jobs_are_listed_in_every_order(place: Place) -> None:
    """By creation, ascending, unless asked otherwise; by name without regard to case."""
    place.change(answers=None)
    with place.serving() as api:
        made(place, api)

        assert listed(api) == list(NAMES)
        assert listed(api, SortOrder="Descending") == list(reversed(NAMES))
        assert listed(api, SortBy="Name") == ["Alpha", "bravo", "charlie", "delta"]
        assert listed(api, SortBy="Name", SortOrder="Descending") == ["delta", "charlie", "bravo", "Alpha"]
        assert listed(api, SortBy="Status") == ["charlie", "delta", "bravo", "Alpha"]


def test_jobs_are_filtered(place: Place) -> None:
    """By part of the name, status, and times of creation and change."""
    place.change(answers=None)
    start = place.clock()
    with place.serving() as api:
        made(place, api)

        assert listed(api, NameContains="HA") == ["Alpha", "charlie"]
        assert listed(api, StatusEquals="Stopped") == ["bravo", "Alpha"]
        assert listed(api, StatusEquals="Completed") == []
        assert listed(api, CreationTimeAfter=start + timedelta(seconds=61)) == ["charlie", "delta"]
        assert listed(api, CreationTimeBefore=start + timedelta(seconds=61)) == ["bravo", "Alpha"]
        assert listed(api, LastModifiedTimeAfter=start + timedelta(seconds=300)) == []
        assert len(listed(api, LastModifiedTimeBefore=start + timedelta(seconds=300))) == 4


def test_a_summary_holds_what_aws_puts_into_it(place: Place) -> None:
    """Counters, workteam, functions, input and output, but neither tags nor output path."""
    with place.serving() as api:
        api.create_labeling_job(**request(Tags=[{"Key": "k", "Value": "v"}]))
        place.finish()

        [summary] = api.list_labeling_jobs()["LabelingJobSummaryList"]

    assert set(summary) == {
        "LabelingJobName",
        "LabelingJobArn",
        "LabelingJobStatus",
        "LabelCounters",
        "CreationTime",
        "LastModifiedTime",
        "InputConfig",
        "WorkteamArn",
        "PreHumanTaskLambdaArn",
        "AnnotationConsolidationLambdaArn",
        "LabelingJobOutput",
    }


def test_pages_neither_repeat_nor_lose_a_job_while_jobs_are_added(place: Place) -> None:
    """The token names a place in the order, not a number of jobs."""
    with place.serving() as api:
        for number in range(5):
            api.create_labeling_job(**request(f"old-{number}"))
        seen: list[str] = []
        token: dict[str, str] = {}

        for number in range(10):
            page = api.list_labeling_jobs(MaxResults=2, SortBy="CreationTime", SortOrder="Descending", **token)
            seen += [job["LabelingJobName"] for job in page["LabelingJobSummaryList"]]
            api.create_labeling_job(**request(f"new-{number}"))
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}

    assert seen == ["old-4", "old-3", "old-2", "old-1", "old-0"]


@pytest.mark.parametrize("sort_by", ["Name", "CreationTime", "Status"])
@pytest.mark.parametrize("sort_order", ["Ascending", "Descending"])
def test_the_stock_paginator_finds_every_job_once(place: Place, sort_by: str, sort_order: str) -> None:
    """In any order, also when all jobs have one time and one status."""
    with place.serving() as api:
        for number in range(5):
            api.create_labeling_job(**request(f"job-{number}"))
        pages = api.get_paginator("list_labeling_jobs").paginate(
            SortBy=sort_by, SortOrder=sort_order, PaginationConfig={"PageSize": 2}
        )

        names = [job["LabelingJobName"] for page in pages for job in page["LabelingJobSummaryList"]]

    assert sorted(names) == [f"job-{number}" for number in range(5)]
    assert names == sorted(names, reverse=sort_order == "Descending")


def test_a_page_holds_ten_jobs_unless_asked_otherwise(place: Place) -> None:
    """And a full last page has no token."""
    with place.serving() as api:
        for number in range(12):
            api.create_labeling_job(**request(f"job-{number}"))

        first = api.list_labeling_jobs()
        last = api.list_labeling_jobs(MaxResults=12)

    assert len(first["LabelingJobSummaryList"]) == 10
    assert "NextToken" in first
    assert "NextToken" not in last


@pytest.mark.parametrize("token", ["x", "AAAA", "W10=", "WzEsMiwzXQ==", "é", "W251bGwsIDEsICJ4Il0="])
def test_a_token_that_was_not_given_out_is_refused(place: Place, token: str) -> None:
    """A ValidationException, never a failure."""
    with place.serving() as api:
        code, message = refused(api.list_labeling_jobs, NextToken=token)

    assert code == "ValidationException"
    assert "NextToken" in message


def forged(api: Any, size: int, **changes: Any) -> str:
    """The token after the first jobs by name, with another `value` or `last`."""
    token = api.list_labeling_jobs(MaxResults=size, SortBy="Name")["NextToken"]
    parts = dict(zip(("value", "last", "fingerprint"), json.loads(base64.urlsafe_b64decode(token)), strict=True))
    return base64.urlsafe_b64encode(json.dumps(list((parts | changes).values())).encode()).decode()


@pytest.mark.parametrize("value", ["a\0", "\ud800", "", "x" * 64])
def test_a_token_with_a_name_that_no_job_has_is_refused(place: Place, value: str) -> None:
    """Also one that a database would refuse to look for."""
    with place.serving() as api:
        for name in NAMES:
            api.create_labeling_job(**request(name))
        token = forged(api, 1, value=value)

        code, _ = refused(api.list_labeling_jobs, MaxResults=1, SortBy="Name", NextToken=token)

    assert code == "ValidationException"


@pytest.mark.parametrize("last", [1 << 31, (1 << 63) - 1])
def test_a_token_with_an_id_that_no_job_has_ends_the_list(place: Place, last: int) -> None:
    """As large as numbers may be."""
    with place.serving() as api:
        for name in NAMES:
            api.create_labeling_job(**request(name))
        token = forged(api, 3, last=last)

        assert listed(api, MaxResults=3, SortBy="Name", NextToken=token) == ["delta"]


def test_a_token_does_not_go_with_other_filters(place: Place) -> None:
    """AWS asks for the same filters on each page."""
    with place.serving() as api:
        for name in NAMES:
            api.create_labeling_job(**request(name))
        token = api.list_labeling_jobs(MaxResults=1)["NextToken"]

        code, _ = refused(api.list_labeling_jobs, MaxResults=1, SortBy="Name", NextToken=token)

    assert code == "ValidationException"


@pytest.mark.parametrize("time", [-1e300, 1e300, 0, -62135596800])
def test_times_beyond_the_calendar_are_taken(place: Place, time: float) -> None:
    """They select all jobs or none."""
    with place.serving() as api:
        api.create_labeling_job(**request())

        answer = post(place.front.endpoint, "ListLabelingJobs", {"CreationTimeAfter": time})

    assert answer.status == 200
    assert len(answer.content["LabelingJobSummaryList"]) == (1 if time <= 0 else 0)
