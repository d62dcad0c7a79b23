"""Workteams and the workforce behind them, as SageMaker shows them.

An account has at most one private workforce a region, which is one Cognito user pool (or one OIDC provider); a private
workteam is one or more groups in it. The portal's address belongs to the workforce and shows on both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labelround.aws import translated
from labelround.errors import LabelroundError


@dataclass(frozen=True, slots=True)
class CognitoGroup:
    """A group of workers: the ids of a user pool and of its app client, and the group's name."""

    user_pool: str
    client: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class Workforce:
    """The private workforce of an account and region. `cognito` is None for one over an OIDC provider."""

    name: str
    status: str
    cognito: CognitoGroup | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Workteam:
    """One private workteam. `portal_url` is empty until the workforce has an address."""

    name: str
    arn: str
    portal_url: str
    groups: tuple[CognitoGroup, ...]


def find_workforce(client: Any) -> Workforce | None:
    """The account's private workforce in this region."""
    with translated("listing the workforces"):
        found = client.list_workforces()["Workforces"]
    return _workforce(found[0]) if found else None


def workteams(client: Any, name_contains: str = "") -> Iterator[Workteam]:
    """The private workteams of the account and region, by name."""
    filters = {"NameContains": name_contains} if name_contains else {}
    pages = client.get_paginator("list_workteams").paginate(SortBy="Name", SortOrder="Ascending", **filters)
    with translated("listing the workteams"):
        for page in pages:
            yield from map(_workteam, page["Workteams"])


def find_workteam(client: Any, name: str) -> Workteam | None:
    """The private workteam of this name; names are unique without regard to case.

    Listed, not described: DescribeWorkteam has no error of its own for "there is none".
    """
    return next((team for team in workteams(client, name) if team.name.lower() == name.lower()), None)


def portal_url(client: Any, workteam_arn: str) -> str:
    """Where the members of a private workteam sign in to work; empty when it is not to be had."""
    try:
        with translated("describing the workteam"):
            team = client.describe_workteam(WorkteamName=workteam_name(workteam_arn))["Workteam"]
    except LabelroundError:
        return ""
    return _workteam(team).portal_url


def workteam_name(workteam: str) -> str:
    """The name in a workteam's ARN; a name stays as it is."""
    return workteam.rsplit("/", 1)[-1]


def _workforce(answer: Mapping[str, Any]) -> Workforce:
    cognito = answer.get("CognitoConfig")
    return Workforce(
        name=answer["WorkforceName"],
        # A workforce that tells no status is one from before there was one, and works.
        status=answer.get("Status", "Active"),
        cognito=CognitoGroup(cognito["UserPool"], cognito["ClientId"]) if cognito else None,
        failure=answer.get("FailureReason", ""),
    )


def _workteam(answer: Mapping[str, Any]) -> Workteam:
    members = (definition.get("CognitoMemberDefinition") for definition in answer["MemberDefinitions"])
    subdomain = answer.get("SubDomain", "")
    return Workteam(
        name=answer["WorkteamName"],
        arn=answer["WorkteamArn"],
        portal_url=f"https://{subdomain}" if subdomain else "",
        groups=tuple(CognitoGroup(one["UserPool"], one["ClientId"], one["UserGroup"]) for one in members if one),
    )
