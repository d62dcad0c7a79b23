"""What a round is not told."""

from __future__ import annotations

import pytest
from tests.controller.operated import Operated

from labelround.controller.discretion import discreet, discreet_status
from labelround.errors import Conflict

PORTAL = "https://abc.labeling.us-east-1.sagemaker.aws"

TEXTS = {
    "the role that the operator assumes": (
        "AccessDenied: User: arn:aws:sts::123456789012:assumed-role/operator/i-1 is not authorized to perform:"
        " sts:AssumeRole on resource: arn:aws:iam::123456789012:role/labelround",
        "AccessDenied: User: (identity) is not authorized to perform: sts:AssumeRole on resource: (identity)",
    ),
    "where the labeling API is": (
        'Could not connect to the endpoint URL: "http://labeling.internal:8080/"',
        'Could not connect to the endpoint URL: "(address)"',
    ),
    "the operator's own ServiceAccount": (
        'User "system:serviceaccount:labelround-system:labelround-operator" cannot create resource',
        'User "(identity)" cannot create resource',
    ),
    "an object in the round's own bucket stays": (
        "s3://pens/images/a.jpg: is no picture",
        "s3://pens/images/a.jpg: is no picture",
    ),
    "a workteam that the round may name stays": (
        "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/pens is not allowed",
        "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/pens is not allowed",
    ),
}


@pytest.mark.parametrize(("text", "told"), TEXTS.values(), ids=TEXTS.keys())
def test_what_is_the_administrators_is_not_told(text: str, told: str) -> None:
    """Roles, accounts behind them and addresses stay in the log."""
    assert discreet(text) == told


def test_the_page_of_the_workers_is_for_everybody() -> None:
    """It is what the round's author gives to them."""
    status = {"workerPortalURL": PORTAL, "conditions": [{"type": "Labeled", "message": f"label at {PORTAL}; ask"}]}

    assert discreet_status(status) == status


def test_neither_the_status_nor_an_event_names_a_role(caplog: pytest.LogCaptureFixture) -> None:
    """The log does, for those who mend it."""
    operated = Operated()
    operated.jobs.failure = Conflict("AccessDenied", "not allowed to assume arn:aws:iam::123456789012:role/secret")
    operated.apply()

    operated.step(4)

    kept = f"{operated.status()}{operated.events_in_full()}"
    assert "AccessDenied" in kept
    assert "role/secret" not in kept
    assert "role/secret" in caplog.text


def test_a_discreet_trouble_is_told_once() -> None:
    """What was left out does not make it a new one each time."""
    operated = Operated()
    operated.jobs.failure = Conflict("AccessDenied", "not allowed to assume arn:aws:iam::123456789012:role/secret")
    operated.apply()
    operated.step(4)
    before = operated.writes()

    operated.step(3)

    assert operated.writes() == before
