"""The page about AWS: its policies are policies, and grant what the code asks for and no more."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import click
import pytest

from labelround.cli.main import cli
from labelround.cors import LABELING_RULE
from labelround.team import TeamClients, create, invite, listing
from labelround.workteams import find_workteam, portal_url

PAGE = Path(__file__).parents[2] / "docs" / "aws.md"
NO_OPERATIONS = {"cognito-idp:TagResource", "sagemaker:AddTags"}
"""Rights that tags in a request need, without a call of their own."""
S3_ACTIONS = {
    "s3:ListBucket",
    "s3:GetBucketLocation",
    "s3:GetBucketCORS",
    "s3:PutBucketCORS",
    "s3:GetEncryptionConfiguration",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
}
OTHER_ACTIONS = {
    "iam:PassRole",
    "sts:AssumeRole",
    "cloudwatch:PutMetricData",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
}


def blocks() -> list[Any]:
    """The JSON blocks of the page, in order."""
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)]


def statements(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from policy["Statement"]


def actions(policy: dict[str, Any]) -> set[str]:
    """All actions that a policy allows."""
    listed = (statement["Action"] for statement in statements(policy))
    return {action for one in listed for action in ([one] if isinstance(one, str) else one)}


CORS, CALLER, EXECUTION, TRUST, TEAM = range(5)


def test_the_cors_rule_is_the_one_that_push_sets() -> None:
    """Word for word."""
    assert blocks()[CORS] == [LABELING_RULE]


COMMANDS = re.findall(r"^    (labelround .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_on_the_page_can_be_typed(line: str) -> None:
    """Its options exist, and nothing that it must name is missing."""
    command: click.Command = cli
    arguments = shlex.split(line)[1:]
    context = click.Context(command)
    while isinstance(command, click.Group):
        name = arguments.pop(0)
        found = command.get_command(context, name)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context)

    values, rest, _ = command.make_parser(context).parse_args(arguments)

    assert rest == []
    assert [one.name for one in command.params if one.required and values.get(str(one.name)) is None] == []


@pytest.mark.parametrize("place", [CALLER, EXECUTION, TRUST, TEAM])
def test_every_policy_has_the_form_of_one(place: int) -> None:
    """Version, statements, effects and resources."""
    policy = blocks()[place]

    assert policy["Version"] == "2012-10-17"
    for statement in statements(policy):
        assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}
        assert statement["Effect"] == "Allow"
        assert ("Resource" in statement) is (place != TRUST)
    names = [statement["Sid"] for statement in statements(policy) if "Sid" in statement]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("place", [CALLER, EXECUTION, TRUST, TEAM])
def test_every_action_exists(place: int) -> None:
    """For SageMaker and Cognito an action is an operation of the service model."""
    session = botocore.session.get_session()
    known = S3_ACTIONS | OTHER_ACTIONS
    for service in ("sagemaker", "cognito-idp"):
        known |= {f"{service}:{name}" for name in session.get_service_model(service).operation_names}

    assert actions(blocks()[place]) <= known


def test_making_teams_needs_exactly_the_policy(sagemaker_client: Any, cognito_client: Any, calls: Any) -> None:
    """Every call of `team create`, `invite` and `list`, and no right besides."""
    clients = TeamClients(sagemaker_client, cognito_client)
    create(clients, "labelers", ["ann@example.org"], wait=lambda _: None)
    invite(clients, "labelers", ["ann@example.org"], again=True)
    list(listing(clients))

    services = {"cognito-identity-provider": "cognito-idp", "sagemaker": "sagemaker"}
    made = {f"{services[service]}:{name}" for service, name in (call.split(".") for call in calls.made)}
    assert made | NO_OPERATIONS == actions(blocks()[TEAM])


def test_a_round_may_look_for_its_workteam(sagemaker_client: Any, sagemaker: Any, calls: Any) -> None:
    """As `plan` and `status` do."""
    arn = sagemaker.add_workteam("labelers")

    find_workteam(sagemaker_client, "labelers")
    portal_url(sagemaker_client, arn)

    assert {call.replace(".", ":") for call in calls.made} <= actions(blocks()[CALLER])


def test_a_round_may_make_every_call_of_the_labeling_api() -> None:
    """Create, describe, list and stop, and tag what it creates."""
    wanted = {f"sagemaker:{verb}LabelingJob" for verb in ("Create", "Describe", "Stop")}

    assert wanted | {"sagemaker:ListLabelingJobs", "sagemaker:AddTags"} <= actions(blocks()[CALLER])
