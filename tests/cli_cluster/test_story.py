"""What `labelround status NAME` tells of one round."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.cli_cluster.shown_rounds import (
    DATASET,
    JOB,
    NOW,
    PORTAL,
    ago,
    conditions,
    converting,
    deleted,
    failed,
    labeling,
    round_of,
    stalled,
    succeeded,
)

from labelround.advice import FAILED, STALLED
from labelround.cli.pricing import Prices
from labelround.cli.story import story

EVENT = {
    "metadata": {"creationTimestamp": ago(hours=3)},
    "type": "Normal",
    "reason": "Labeling",
    "message": "waiting for\nworkers",
    "lastTimestamp": ago(minutes=5),
}


def told(status: dict[str, Any], *events: dict[str, Any], **more: Any) -> str:
    return "\n".join(story(round_of(status, **more), events, NOW))


def test_a_round_that_is_labeled_tells_how_far_it_is_and_since_when_nothing_moved() -> None:
    """Images by state, the last progress, the expected end, the portal, the jobs with their counters."""
    text = told(labeling(), EVENT)

    assert text.splitlines() == [
        "Round:       pens-1 in team-a, created 24h ago",
        "Phase:       Labeling",
        "Message:     waiting for workers; 37 of 120 images labeled",
        "Images:      120: 37 labeled, 2 failed, 81 unlabeled",
        "Last moved:  47m ago",
        "Expected:    2026-11-25 16:00 UTC (in 4h), if workers go on as so far",
        f"Workers:     label at {PORTAL}",
        "",
        "JOB              STATUS      LABELED  FAILED  UNLABELED",
        f"{JOB}  InProgress  37       2       81",
        "",
        "AGE  TYPE    REASON    MESSAGE",
        "5m   Normal  Labeling  waiting for workers",
    ]


@pytest.mark.parametrize("reason", STALLED)
def test_a_stalled_round_tells_what_to_do(reason: str) -> None:
    """For every reason, besides the message."""
    text = told(stalled(reason, "what is wrong"))

    assert f"Phase:       Stalled for 120m ({reason})" in text
    assert text.endswith(f"What to do: {STALLED[reason]}")


def test_a_reason_that_is_not_known_leaves_it_to_the_message() -> None:
    """A newer operator may know more reasons."""
    text = told(stalled("SomethingNew", "line one\nline two"))

    assert "Message:     line one\n             line two" in text
    assert text.endswith("A person is needed; the message says what to do")


def test_a_round_that_succeeded_tells_where_the_dataset_is_and_how_to_get_it() -> None:
    """What took how long, what is in it, and the next command."""
    text = told(succeeded())

    assert "Phase:       Succeeded after 150m, 30m ago" in text
    assert "Images:      120: 110 labeled, 8 empty, 2 failed" in text
    assert f"Dataset:     {DATASET['uri']}\n             YOLO, 118 images, 301 boxes, 2 classes" in text
    assert text.endswith(f"labelround pull {DATASET['uri']}")
    assert PORTAL not in text


def test_a_round_that_failed_tells_that_this_is_final() -> None:
    """And why, and what to do about it."""
    text = told(failed())

    assert "labeling ended without a single labeled image" in text
    assert text.endswith(f"This end is final. What to do: {FAILED['NothingLabeled']}")


def test_a_suspended_round_tells_the_command_that_resumes_it() -> None:
    """Ready to paste."""
    status = labeling() | {"phase": "Suspended", "conditions": conditions("Suspended", "suspended")}

    text = told(status, suspend=True)

    assert text.endswith(
        "kubectl patch labelinground --namespace team-a pens-1 --type merge"
        """ --patch '{"spec": {"suspend": false}}'"""
    )


def test_a_round_that_nobody_looked_at_leads_to_the_doctor() -> None:
    """Most likely there is no operator."""
    text = told({})

    assert "Phase" not in text
    assert text.endswith("labelround doctor")


def test_a_deleted_round_tells_what_it_waits_for() -> None:
    """The finalizer, and whom to ask when it stays."""
    text = told(labeling(), metadata=deleted())

    assert "is being deleted" in text
    assert text.endswith("labelround doctor")


def test_failed_jobs_and_jobs_beyond_the_list_are_told_below_it() -> None:
    """The status lists twenty."""
    jobs = [{"name": "a", "status": "Failed", "failureReason": "ClientError: no access"}, {"name": "b"}]

    text = told(labeling() | {"labelingJobs": jobs, "labelingJobCount": 23})

    assert "a    Failed       -        -       -\nb    not created  -        -       -" in text
    assert "a failed: ClientError: no access\nand 21 more labeling jobs" in text


def test_a_conversion_shows_its_job_and_its_parts() -> None:
    """Where it has parts."""
    whole = told(converting("pens-1-convert"))
    parts = told(converting() | {"conversion": {"job": "x", "shards": 12, "done": 7}})

    assert "Conversion:  Job pens-1-convert\n" in whole
    assert "Conversion:  Job x, 7 of 12 parts done" in parts


def test_only_the_last_events_are_shown() -> None:
    """Ten, the newest below."""
    events = [EVENT | {"message": f"event {number}."} for number in range(12)]

    text = told(labeling(), *events)

    assert "event 1." not in text
    assert "event 2." in text
    assert text.endswith("event 11.")


def priced(status: dict[str, Any], price: str, budget: str | None = None, **spec: Any) -> list[str]:
    """The lines about money."""
    prices = Prices(Decimal(price), Decimal(budget) if budget else None)
    return [line for line in story(round_of(status, **spec), (), NOW, prices) if "Cost" in line or "budget" in line]


def test_with_a_price_it_tells_what_is_spent_and_what_it_may_come_to() -> None:
    """By its counters."""
    assert priced(labeling(), "0.1") == ["Cost:        3.70 of at most 12.00 (37 of 120 tasks at 0.1)"]
    assert priced(labeling(), "0.1", "3.71") == priced(labeling(), "0.1")


def test_a_budget_that_is_spent_is_told_with_the_way_to_stop() -> None:
    """Ground Truth cannot pause; what is labeled is kept."""
    told = priced(labeling(), "0.1", "3.70")

    assert told[1] == (
        "The budget of 3.70 is spent. To stop labeling and keep what is labeled:"
        " labelround cancel --namespace team-a pens-1"
    )


def test_a_round_that_has_ended_tells_what_it_has_cost() -> None:
    """And no budget any more."""
    assert priced(succeeded(), "0.1", "0.5") == ["Cost:        11.80 (118 tasks at 0.1)"]


def test_a_cost_that_is_not_known_is_not_told() -> None:
    """Of an adopted job, and of a spec that another version wrote."""
    assert priced(labeling(), "0.1", "1", labelingJob={"adopt": "yolo-bbox"}) == []
    assert priced(labeling(), "0.1", "1", unheard="of") == []
