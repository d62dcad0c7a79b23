"""Private teams of workers on AWS, made in the order that AWS demands.

User pool, app client with a secret, sign-in page, group, workforce, workteam; then the app client learns the portal's
address, which only the workforce knows, and last the people are invited, so that the mail can name the portal. Every
step looks first whether it was done: killed anywhere and run again, nothing is made twice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from labelround.aws import Refused, translated
from labelround.errors import Conflict, Failed, InvalidInput, LabelroundError, Problem, Unavailable
from labelround.groundtruth.errors import Response, classify
from labelround.spec.names import WORKTEAM_NAME
from labelround.userpool import TAGS, Membership, Person, UserPool, ensure_pool
from labelround.workteams import CognitoGroup, Workforce, Workteam, find_workforce, find_workteam, portal_url, workteams

__all__ = ["Invitation", "Team", "TeamClients", "create", "invite", "listing", "portal_url"]

WORKFORCE_NAME = "labelround"
EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+")
EMAIL_MAX_LENGTH = 128
POLL_SECONDS = 5.0
POLLS = 60
WORKING = frozenset({"Active", "Updating"})


@dataclass(frozen=True, slots=True)
class TeamClients:
    """The boto3 clients that make a team."""

    sagemaker: Any
    cognito: Any


@dataclass(frozen=True, slots=True)
class Invitation:
    """What inviting one person came to: `membership`, or the `failure` as a sentence."""

    email: str
    membership: Membership | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Team:
    """One private workteam and its members; None when they cannot be seen."""

    workteam: Workteam
    people: tuple[Person, ...] | None


def create(
    clients: TeamClients, name: str, emails: Sequence[str], *, wait: Callable[[float], None] = time.sleep
) -> tuple[Workteam, tuple[Invitation, ...]]:
    """The private workteam `name`, made as far as it is not there, and its people invited.

    An account has one private workforce a region: its user pool is used when there is one. Raises InvalidInput with
    all problems of the name and the addresses, and Conflict when another kind of team or workforce is in the way.
    """
    _check(name, emails)
    workforce = find_workforce(clients.sagemaker)
    place = _place(clients, workforce, name)
    pool = UserPool(clients.cognito, place.user_pool)
    pool.ensure_group(name)
    if workforce is None:
        _create_workforce(clients.sagemaker, place)
    workforce = _working_workforce(clients.sagemaker, wait)
    workteam = _workteam(clients.sagemaker, name, place, workforce, wait)
    if pool.is_ours():
        pool.ensure_sign_in(place.client, workteam.portal_url)
        pool.ensure_invitation(workteam.portal_url)
    return workteam, tuple(_invited(pool, name, emails, again=False))


def invite(
    clients: TeamClients, name: str, emails: Sequence[str], *, again: bool = False
) -> tuple[Workteam, tuple[Invitation, ...]]:
    """Make people members of an existing team; `again` mails those once more who have not signed in yet."""
    _check(name, emails)
    workteam = find_workteam(clients.sagemaker, name)
    if workteam is None:
        raise InvalidInput(
            [Problem("NAME", f"there is no workteam {name}", f"make it: labelround team create {name} --email ...")]
        )
    if not workteam.groups:
        raise Conflict("NotCognito", f"the workteam {name} is not a Cognito group; add people at its own provider")
    group = workteam.groups[0]
    pool = UserPool(clients.cognito, group.user_pool)
    return workteam, tuple(_invited(pool, group.group, emails, again=again))


def listing(clients: TeamClients) -> Iterator[Team]:
    """The account's private teams in this region, by name."""
    for workteam in workteams(clients.sagemaker):
        yield Team(workteam, _people(clients.cognito, workteam))


def workforce_request(place: CognitoGroup) -> dict[str, Any]:
    """CreateWorkforce over a user pool and its app client."""
    return {
        "WorkforceName": WORKFORCE_NAME,
        "CognitoConfig": {"UserPool": place.user_pool, "ClientId": place.client},
        "Tags": _tags(),
    }


def workteam_request(name: str, place: CognitoGroup, workforce: str) -> dict[str, Any]:
    """CreateWorkteam over one group of a user pool."""
    member = {"UserPool": place.user_pool, "UserGroup": place.group, "ClientId": place.client}
    return {
        "WorkteamName": name,
        "WorkforceName": workforce,
        "MemberDefinitions": [{"CognitoMemberDefinition": member}],
        "Description": f"The labelround team {name}",
        "Tags": _tags(),
    }


def _check(name: str, emails: Sequence[str]) -> None:
    problems = [
        Problem("--email", f"{email!r} is not an e-mail address", "write name@example.org")
        for email in emails
        if not EMAIL.fullmatch(email) or len(email) > EMAIL_MAX_LENGTH
    ]
    if not WORKTEAM_NAME.fullmatch(name):
        fix = "use 1 to 63 letters and digits, with - between them"
        problems.insert(0, Problem("NAME", f"{name!r} is not a workteam's name", fix))
    if problems:
        raise InvalidInput(problems)


def _place(clients: TeamClients, workforce: Workforce | None, name: str) -> CognitoGroup:
    """The pool and app client for the team: the workforce's, or labelround's own where there is no workforce."""
    if workforce is None:
        pool = ensure_pool(clients.cognito)
        app_client = pool.app_client()
        pool.ensure_domain()
        return CognitoGroup(pool.id, app_client, name)
    if workforce.cognito is None:
        raise Conflict(
            "NotCognito",
            f"the private workforce {workforce.name} of this account and region uses an OIDC provider; make the group"
            " there and the workteam in the SageMaker console",
        )
    return CognitoGroup(workforce.cognito.user_pool, workforce.cognito.client, name)


def _create_workforce(client: Any, place: CognitoGroup) -> None:
    try:
        with translated("making the private workforce"):
            client.create_workforce(**workforce_request(place))
    except Refused:
        if find_workforce(client) is None:  # else someone made it meanwhile
            raise


def _working_workforce(client: Any, wait: Callable[[float], None]) -> Workforce:
    """The workforce once it works. Raises Failed when it never will, Unavailable when it takes too long."""
    for _ in range(POLLS):
        workforce = find_workforce(client)
        if workforce is not None and workforce.status in WORKING:
            return workforce
        if workforce is not None and workforce.status == "Failed":
            raise Failed(
                f"the private workforce {workforce.name} failed: {workforce.failure or 'no reason is given'};"
                " delete it in the SageMaker console and run again"
            )
        wait(POLL_SECONDS)
    raise Unavailable("the private workforce is still being made; run the same command again")


def _workteam(
    client: Any, name: str, place: CognitoGroup, workforce: Workforce, wait: Callable[[float], None]
) -> Workteam:
    workteam = find_workteam(client, name)
    if workteam is None:
        try:
            with translated(f"making the workteam {name}"):
                client.create_workteam(**workteam_request(name, place, workforce.name))
        except Refused as error:
            if classify(error.code) is not Response.NAME_IN_USE:
                raise
    for _ in range(POLLS):
        workteam = find_workteam(client, name)
        if workteam is not None and workteam.portal_url:
            break
        wait(POLL_SECONDS)
    else:
        raise Unavailable(f"the workteam {name} has no portal yet; run the same command again")
    if all((group.user_pool, group.group) != (place.user_pool, place.group) for group in workteam.groups):
        raise Conflict(
            "NameTaken",
            f"the workteam {name} exists and is not the group {place.group} of the user pool {place.user_pool};"
            f" invite people with `labelround team invite {name}`, or choose another name",
        )
    return workteam


def _invited(pool: UserPool, group: str, emails: Sequence[str], *, again: bool) -> Iterator[Invitation]:
    """One by one: an address that fails does not keep the others from being invited."""
    for email in dict.fromkeys(emails):
        try:
            yield Invitation(email, pool.invite(email, group, again=again))
        except LabelroundError as error:
            yield Invitation(email, failure=str(error))


def _people(cognito: Any, workteam: Workteam) -> tuple[Person, ...] | None:
    try:
        members = [
            person for group in workteam.groups for person in UserPool(cognito, group.user_pool).people(group.group)
        ]
    except LabelroundError:
        return None
    return tuple(dict.fromkeys(members))


def _tags() -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in TAGS.items()]
