"""Private teams: made in AWS's order, and never twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from labelround.errors import Conflict, Failed, InvalidInput, Unavailable
from labelround.team import TeamClients, create, invite, listing, portal_url, workforce_request, workteam_request
from labelround.userpool import (
    Membership,
    UserPool,
    app_client_request,
    domain_name,
    pool_request,
    pool_settings,
    sign_in_settings,
)
from labelround.workteams import CognitoGroup

EMAILS = ["ann@example.org", "bob@example.org"]
PORTAL = "https://abc123.labeling.us-east-1.sagemaker.aws"


class Waits:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clients(sagemaker_client: Any, cognito_client: Any) -> TeamClients:
    return TeamClients(sagemaker_client, cognito_client)


@pytest.fixture
def waits() -> Waits:
    return Waits()


def inventory(clients: TeamClients, sagemaker: Any) -> dict[str, Any]:
    """Everything that making a team may leave behind."""
    cognito = clients.cognito
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    found: dict[str, Any] = {
        "pools": len(pools),
        "workforces": len(sagemaker.workforces),
        "teams": [*sagemaker.workteams],
    }
    for pool in pools:
        described = cognito.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
        app_clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"], MaxResults=60)["UserPoolClients"]
        app_client = cognito.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=app_clients[0]["ClientId"])
        users = cognito.list_users(UserPoolId=pool["Id"])["Users"]
        members = cognito.list_users_in_group(UserPoolId=pool["Id"], GroupName="labelers")["Users"]
        found |= {
            "app clients": len(app_clients),
            "callbacks": app_client["UserPoolClient"].get("CallbackURLs"),
            "secret": bool(app_client["UserPoolClient"].get("ClientSecret")),
            "domain": described.get("Domain") == domain_name(pool["Id"]),
            "users": len(users),
            "members": len(members),
            "invitation": PORTAL in str(described.get("AdminCreateUserConfig")),
        }
    return found


COMPLETE = {
    "pools": 1,
    "workforces": 1,
    "teams": ["labelers"],
    "app clients": 1,
    "callbacks": [f"{PORTAL}/oauth2/idpresponse"],
    "secret": True,
    "domain": True,
    "users": 2,
    "members": 2,
    "invitation": True,
}


def test_an_empty_account_gets_everything_a_team_needs(clients: TeamClients, sagemaker: Any, waits: Waits) -> None:
    """Pool, app client with a secret, sign-in page, group, workforce, workteam and people."""
    workteam, invitations = create(clients, "labelers", EMAILS, wait=waits)

    assert inventory(clients, sagemaker) == COMPLETE
    assert workteam.portal_url == PORTAL
    assert [one.membership for one in invitations] == [Membership.INVITED, Membership.INVITED]


def test_the_steps_come_in_the_order_that_aws_demands(clients: TeamClients, calls: Any, waits: Waits) -> None:
    """The workforce needs a pool with a domain and a group; the callbacks need the portal; the mail needs both."""
    create(clients, "labelers", EMAILS, wait=waits)

    writes = [call.split(".")[1] for call in calls.made]
    order = [
        "CreateUserPool",
        "CreateUserPoolClient",
        "CreateUserPoolDomain",
        "CreateGroup",
        "CreateWorkforce",
        "CreateWorkteam",
        "UpdateUserPoolClient",
        "UpdateUserPool",
        "AdminCreateUser",
        "AdminAddUserToGroup",
    ]
    places = [writes.index(name) for name in order]
    assert places == sorted(places)


def test_killed_anywhere_and_run_again_nothing_is_made_twice(
    clients: TeamClients,
    sagemaker: Any,
    calls: Any,
    waits: Waits,
    reset: Callable[[], None],
    killed: type[BaseException],
) -> None:
    """After each of its writes the process dies; the next run ends where an undisturbed one does."""
    create(clients, "labelers", EMAILS, wait=waits)
    writes = [
        number for number, call in enumerate(calls.made, 1) if not re.search(r"\.(List|Describe|AdminList)", call)
    ]

    for number in writes:
        reset()
        calls.made.clear()
        calls.kill_after = number
        with pytest.raises(killed):
            create(clients, "labelers", EMAILS, wait=waits)
        calls.kill_after = None
        create(clients, "labelers", EMAILS, wait=waits)

        assert inventory(clients, sagemaker) == COMPLETE, f"killed after call {number}"


def test_a_second_run_only_looks(clients: TeamClients, calls: Any, waits: Waits) -> None:
    """Nothing is created, updated or mailed when everything is there."""
    create(clients, "labelers", EMAILS, wait=waits)
    calls.made.clear()

    _, invitations = create(clients, "labelers", EMAILS, wait=waits)

    operations = {call.split(".")[1] for call in calls.made}
    assert {name for name in operations if not name.startswith(("List", "Describe", "AdminList"))} == {"CreateGroup"}
    assert [one.membership for one in invitations] == [Membership.MEMBER, Membership.MEMBER]


def test_a_second_team_shares_the_workforce(clients: TeamClients, sagemaker: Any, waits: Waits) -> None:
    """An account has one private workforce a region, so both teams are groups of one pool."""
    create(clients, "labelers", EMAILS, wait=waits)

    create(clients, "reviewers", EMAILS[:1], wait=waits)

    assert sagemaker.created == ["workforce", "workteam", "workteam"]
    pools = {
        team["MemberDefinitions"][0]["CognitoMemberDefinition"]["UserPool"] for team in sagemaker.workteams.values()
    }
    assert len(pools) == 1


def test_the_pool_of_an_existing_workforce_is_used_and_its_settings_are_left_alone(
    clients: TeamClients, sagemaker: Any, calls: Any, waits: Waits
) -> None:
    """A workforce that the console made keeps its app client and its invitation."""
    pool = clients.cognito.create_user_pool(PoolName="console")["UserPool"]["Id"]
    app_client = clients.cognito.create_user_pool_client(UserPoolId=pool, ClientName="x")["UserPoolClient"]["ClientId"]
    sagemaker.add_workforce(CognitoConfig={"UserPool": pool, "ClientId": app_client})
    calls.made.clear()

    workteam, _ = create(clients, "labelers", EMAILS, wait=waits)

    assert workteam.groups == (CognitoGroup(pool, app_client, "labelers"),)
    assert not [call for call in calls.made if "Update" in call or "CreateUserPool" in call]


def test_a_pool_whose_addresses_are_aliases_gets_other_user_names(
    clients: TeamClients, sagemaker: Any, waits: Waits
) -> None:
    """Cognito takes no e-mail address for a user name where addresses are aliases."""
    pool = clients.cognito.create_user_pool(PoolName="console", AliasAttributes=["email"])["UserPool"]["Id"]
    sagemaker.add_workforce(CognitoConfig={"UserPool": pool, "ClientId": "c1"})

    create(clients, "labelers", EMAILS[:1], wait=waits)

    users = clients.cognito.list_users(UserPoolId=pool)["Users"]
    assert [user["Username"][:7] for user in users] == ["worker-"]
    assert create(clients, "labelers", EMAILS[:1], wait=waits)[1][0].membership is Membership.MEMBER


def test_a_new_workforce_is_waited_for(clients: TeamClients, sagemaker: Any, waits: Waits) -> None:
    """It begins as Initializing, and the workteam's portal comes later still."""
    sagemaker.initializing = 3
    sagemaker.without_portal = 2

    workteam, _ = create(clients, "labelers", EMAILS, wait=waits)

    assert workteam.portal_url == PORTAL
    assert waits.seconds == 25.0


def test_a_workforce_that_failed_is_reported_with_its_reason(
    clients: TeamClients, sagemaker: Any, waits: Waits
) -> None:
    """It will not get better by waiting."""
    pool = clients.cognito.create_user_pool(PoolName="console")["UserPool"]["Id"]
    config = {"UserPool": pool, "ClientId": "c1"}
    sagemaker.add_workforce(CognitoConfig=config, Status="Failed", FailureReason="no subnet")

    with pytest.raises(Failed, match="no subnet"):
        create(clients, "labelers", EMAILS, wait=waits)


def test_waiting_for_a_workforce_has_an_end(clients: TeamClients, sagemaker: Any, waits: Waits) -> None:
    """After five minutes the person is told to run it again."""
    sagemaker.initializing = 1_000

    with pytest.raises(Unavailable, match="run the same command again"):
        create(clients, "labelers", EMAILS, wait=waits)

    assert waits.seconds == 300.0


def test_an_oidc_workforce_is_no_place_for_a_cognito_team(clients: TeamClients, sagemaker: Any, waits: Waits) -> None:
    """Its groups are made at its own provider."""
    sagemaker.add_workforce(OidcConfig={"ClientId": "x"})

    with pytest.raises(Conflict, match="OIDC provider"):
        create(clients, "labelers", EMAILS, wait=waits)


def test_a_workteam_of_the_same_name_over_another_group_is_not_taken_for_ours(
    clients: TeamClients, sagemaker: Any, waits: Waits
) -> None:
    """Inviting people into it would give them somebody else's work."""
    sagemaker.add_workteam("Labelers", pool="us-east-1_other")

    with pytest.raises(Conflict, match="is not the group labelers"):
        create(clients, "labelers", EMAILS, wait=waits)


def test_all_problems_of_the_names_are_told_at_once(clients: TeamClients, calls: Any) -> None:
    """Before the first call."""
    with pytest.raises(InvalidInput) as refusal:
        create(clients, "my_team", ["ann", "bob@example.org", "x" * 130 + "@example.org"])

    assert [problem.where for problem in refusal.value.problems] == ["NAME", "--email", "--email"]
    assert calls.made == []


def test_an_address_that_fails_does_not_keep_the_others_out(
    clients: TeamClients, cognito_client: Any, waits: Waits
) -> None:
    """The failure is told beside the other people's invitations."""
    create(clients, "labelers", [], wait=waits)

    def refuse(params: Mapping[str, Any], **_: Any) -> None:
        if b"bad@example.org" in params["body"]:
            params["headers"]["X-Amz-Target"] = "AWSCognitoIdentityProviderService.NoSuchOperation"

    cognito_client.meta.events.register("before-call.cognito-identity-provider.AdminCreateUser", refuse)
    _, invitations = invite(clients, "labelers", ["bad@example.org", "ann@example.org"])
    cognito_client.meta.events.unregister("before-call.cognito-identity-provider.AdminCreateUser", refuse)

    assert [(bool(one.failure), one.membership) for one in invitations] == [(True, None), (False, Membership.INVITED)]


def test_inviting_someone_of_another_team_adds_them_without_a_mail(
    clients: TeamClients, calls: Any, waits: Waits
) -> None:
    """One person, one account in the pool, several groups."""
    create(clients, "labelers", EMAILS, wait=waits)
    create(clients, "reviewers", [], wait=waits)
    calls.made.clear()

    _, invitations = invite(clients, "reviewers", EMAILS[:1])

    assert invitations[0].membership is Membership.ADDED
    assert not [call for call in calls.made if "AdminCreateUser" in call]


def test_inviting_again_mails_who_has_not_signed_in(clients: TeamClients, calls: Any, waits: Waits) -> None:
    """The first password lasts seven days only."""
    create(clients, "labelers", EMAILS, wait=waits)
    calls.made.clear()

    _, invitations = invite(clients, "labelers", EMAILS[:1], again=True)

    assert invitations[0].membership is Membership.INVITED_AGAIN
    assert len([call for call in calls.made if "AdminCreateUser" in call]) == 1


def test_inviting_to_a_team_that_is_not_there_says_how_to_make_it(clients: TeamClients) -> None:
    """`invite` never makes a team."""
    with pytest.raises(InvalidInput, match="labelround team create labelers"):
        invite(clients, "labelers", EMAILS)


def test_the_listing_shows_all_teams_with_their_people(clients: TeamClients, sagemaker: Any, waits: Waits) -> None:
    """Over several pages; members of a pool that is out of reach are unknown, not none."""
    create(clients, "labelers", EMAILS, wait=waits)
    create(clients, "reviewers", [], wait=waits)
    sagemaker.add_workteam("vanished", pool="us-east-1_gone")

    teams = {team.workteam.name: team.people for team in listing(clients)}

    assert [person.email for person in teams["labelers"] or ()] == EMAILS
    assert teams["reviewers"] == ()
    assert teams["vanished"] is None


def test_the_portal_is_where_describe_workteam_says(sagemaker_client: Any, sagemaker: Any) -> None:
    """By ARN, as a round's status has it."""
    arn = sagemaker.add_workteam("labelers")

    assert portal_url(sagemaker_client, arn) == PORTAL


@pytest.mark.parametrize(
    "refusal", [(400, "ValidationException", "no"), (403, "AccessDeniedException", "no"), (500, "InternalFailure", "")]
)
def test_a_portal_that_is_not_to_be_had_is_empty(
    sagemaker_client: Any, sagemaker: Any, refusal: tuple[int, str, str]
) -> None:
    """A status is no place to fail."""
    sagemaker.refusals["DescribeWorkteam"] = refusal

    assert portal_url(sagemaker_client, "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/x") == ""


PLACE = CognitoGroup("us-east-1_abc", "1example23456789", "labelers")
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a user pool": ("cognito-idp", "CreateUserPool", pool_request()),
    "the pool's invitation": (
        "cognito-idp",
        "UpdateUserPool",
        {"UserPoolId": "us-east-1_abc", **pool_settings(PORTAL)},
    ),
    "an app client": ("cognito-idp", "CreateUserPoolClient", app_client_request("us-east-1_abc")),
    "the sign-in page": (
        "cognito-idp",
        "CreateUserPoolDomain",
        {"UserPoolId": "us-east-1_abc", "Domain": domain_name("us-east-1_abc")},
    ),
    "the sign-in": (
        "cognito-idp",
        "UpdateUserPoolClient",
        {"UserPoolId": "us-east-1_abc", "ClientId": "1example23456789", **sign_in_settings({}, PORTAL)},
    ),
    "a workforce": ("sagemaker", "CreateWorkforce", workforce_request(PLACE)),
    "a workteam": ("sagemaker", "CreateWorkteam", workteam_request("labelers", PLACE, "labelround")),
    "a workteam of the longest name": ("sagemaker", "CreateWorkteam", workteam_request("l" * 63, PLACE, "labelround")),
}


@pytest.mark.parametrize("request_of", REQUESTS.values(), ids=REQUESTS.keys())
def test_every_request_keeps_the_service_model(
    request_of: tuple[str, str, dict[str, Any]], problems_of: Callable[[str, str, Mapping[str, Any]], list[str]]
) -> None:
    """Required fields, patterns, enums and maxima, of which botocore checks only the first."""
    assert problems_of(*request_of) == []


def test_the_invitation_holds_what_cognito_demands() -> None:
    """Both placeholders, or Cognito refuses the template."""
    message = pool_settings(PORTAL)["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]

    assert "{username}" in message
    assert "{####}" in message
    assert PORTAL in message


def test_addresses_that_an_app_client_has_already_are_kept(clients: TeamClients, waits: Waits, sagemaker: Any) -> None:
    """UpdateUserPoolClient resets what it does not name, so the present settings are repeated."""
    create(clients, "labelers", [], wait=waits)
    group = CognitoGroup(**sagemaker_member(sagemaker))
    clients.cognito.update_user_pool_client(
        UserPoolId=group.user_pool,
        ClientId=group.client,
        CallbackURLs=["https://other.example.org"],
        AccessTokenValidity=5,
    )

    UserPool(clients.cognito, group.user_pool).ensure_sign_in(group.client, PORTAL)

    settings = clients.cognito.describe_user_pool_client(UserPoolId=group.user_pool, ClientId=group.client)
    assert settings["UserPoolClient"]["CallbackURLs"] == ["https://other.example.org", f"{PORTAL}/oauth2/idpresponse"]
    assert settings["UserPoolClient"]["AccessTokenValidity"] == 5


def sagemaker_member(sagemaker: Any) -> dict[str, str]:
    member = sagemaker.workteams["labelers"]["MemberDefinitions"][0]["CognitoMemberDefinition"]
    return {"user_pool": member["UserPool"], "client": member["ClientId"], "group": member["UserGroup"]}
