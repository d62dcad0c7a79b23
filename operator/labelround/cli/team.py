"""`labelround team`: private teams of workers on AWS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from labelround.cli.output import output_option, show, table
from labelround.errors import Failed

if TYPE_CHECKING:
    from labelround.team import Invitation, Team, TeamClients
    from labelround.workteams import Workteam

Command = TypeVar("Command", bound=Callable[..., Any])


def _addresses(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> list[str]:
    return [one.strip() for value in values for one in value.split(",") if one.strip()]


REGION_OPTION = click.option("--region", help="The AWS region. Default: that of your AWS configuration.")
EMAIL_HELP = "Whom to invite; several with commas between them, or the option repeated."


def email_option(*, required: bool) -> Callable[[Command], Command]:
    """Add `emails`."""
    return click.option("--email", "emails", multiple=True, required=required, callback=_addresses, help=EMAIL_HELP)


@click.group(short_help="Create, fill and list private teams of workers on AWS.")
def team() -> None:
    """Create, fill and list private teams of workers on AWS.

    A team is a SageMaker workteam over a group of a Cognito user pool. An AWS account has one private workforce a
    region; its user pool is used when there is one and made when there is none.
    """


@team.command(short_help="Make a team and invite its people.")
@click.argument("name")
@email_option(required=False)
@REGION_OPTION
@output_option
def create(name: str, emails: list[str], region: str | None, output: str) -> None:
    """Make the team NAME, as far as it is not there, and invite its people by e-mail.

    Prints the team's ARN and the address of the worker portal. Run it again after an interruption: nothing is made
    twice and nobody is invited twice.
    """
    from labelround.team import create as create_team

    workteam, invitations = create_team(_clients(region), name, emails)
    _show_team(workteam, invitations, output)


@team.command(short_help="Invite more people to a team.")
@click.argument("name")
@email_option(required=True)
@click.option("--again", is_flag=True, help="Mail those once more who have not signed in yet.")
@REGION_OPTION
@output_option
def invite(name: str, emails: list[str], again: bool, region: str | None, output: str) -> None:
    """Invite people to the team NAME by e-mail. Who is a member already stays one."""
    from labelround.team import invite as invite_people

    workteam, invitations = invite_people(_clients(region), name, emails, again=again)
    _show_team(workteam, invitations, output)


@team.command("list", short_help="List the private teams.")
@REGION_OPTION
@output_option
def list_(region: str | None, output: str) -> None:
    """List the private teams of the account in this region, with their members."""
    from labelround.team import listing

    teams = list(listing(_clients(region)))
    rows = [(one.workteam.name, _members(one), one.workteam.portal_url or "-", one.workteam.arn) for one in teams]
    lines = table(("NAME", "MEMBERS", "PORTAL", "ARN"), rows)
    show([_team_document(one) for one in teams], lines, output)


def _clients(region: str | None) -> TeamClients:
    from labelround.aws import client
    from labelround.team import TeamClients

    return TeamClients(client("sagemaker", region=region), client("cognito-idp", region=region))


def _show_team(workteam: Workteam, invitations: Sequence[Invitation], output: str) -> None:
    people = [
        {"email": one.email, "result": one.membership.value if one.membership else "failed", "failure": one.failure}
        for one in invitations
    ]
    lines = [f"team:   {workteam.name}", f"arn:    {workteam.arn}", f"portal: {workteam.portal_url or '-'}"]
    lines += [f"{one['result']}: {one['email']}" for one in people]
    document = {"name": workteam.name, "arn": workteam.arn, "portalURL": workteam.portal_url, "people": people}
    show(document, lines, output)
    failures = [f"{one.email}: {one.failure}" for one in invitations if one.failure]
    if failures:
        raise Failed("\n".join([f"{len(failures)} of {len(invitations)} people could not be invited", *failures]))


def _members(team: Team) -> str:
    if team.people is None:
        return "?"
    waiting = sum(not person.active for person in team.people)
    return f"{len(team.people)} ({waiting} invited)" if waiting else str(len(team.people))


def _team_document(team: Team) -> dict[str, Any]:
    people = team.people
    return {
        "name": team.workteam.name,
        "arn": team.workteam.arn,
        "portalURL": team.workteam.portal_url,
        "members": None if people is None else [{"email": one.email, "active": one.active} for one in people],
    }
