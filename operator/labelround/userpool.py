"""The Cognito user pool of a private workforce: the pool, its app client, its sign-in page, groups and people.

Cognito names neither pools nor clients uniquely, so each step looks for its result first: the pool by name and tag,
the client by name, the group and the person by name. Settings of a pool that labelround did not make are left alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from labelround.aws import Refused, translated

POOL_NAME = "labelround"
CLIENT_NAME = "labelround"
TAGS = {"labelround.dev/managed-by": "labelround"}
PAGE_SIZE = 60
UNCONFIRMED = "FORCE_CHANGE_PASSWORD"


class Membership(Enum):
    """What inviting a person came to."""

    INVITED = "invited"
    INVITED_AGAIN = "invited again"
    ADDED = "added"
    MEMBER = "already a member"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of a group. `active` is false until the first sign-in."""

    email: str
    active: bool


@dataclass(frozen=True)
class UserPool:
    """One user pool, over a boto3 cognito-idp client."""

    client: Any
    id: str

    def app_client(self) -> str:
        """The id of labelround's app client, which is made when it is absent."""
        with translated(f"listing the app clients of the user pool {self.id}"):
            pages = self.client.get_paginator("list_user_pool_clients").paginate(
                UserPoolId=self.id, PaginationConfig={"PageSize": PAGE_SIZE}
            )
            clients = [one for page in pages for one in page["UserPoolClients"]]
        ours = sorted(one["ClientId"] for one in clients if one["ClientName"] == CLIENT_NAME)
        if ours:
            return str(ours[0])
        with translated(f"making an app client in the user pool {self.id}"):
            made = self.client.create_user_pool_client(**app_client_request(self.id))
        return str(made["UserPoolClient"]["ClientId"])

    def ensure_domain(self) -> None:
        """Give the pool the sign-in page that SageMaker demands, unless it has one."""
        pool = self.describe()
        if pool.get("Domain") or pool.get("CustomDomain"):
            return
        with translated(f"making the sign-in page of the user pool {self.id}"):
            self.client.create_user_pool_domain(UserPoolId=self.id, Domain=domain_name(self.id))

    def ensure_group(self, name: str) -> None:
        """Make the group, unless it is there."""
        try:
            with translated(f"making the group {name}"):
                self.client.create_group(UserPoolId=self.id, GroupName=name, Description="A labelround workteam")
        except Refused as error:
            if error.code != "GroupExistsException":
                raise

    def ensure_sign_in(self, app_client: str, portal_url: str) -> None:
        """Let the app client send people back to the worker portal. Its other settings are kept."""
        with translated(f"describing the app client {app_client}"):
            current = self.client.describe_user_pool_client(UserPoolId=self.id, ClientId=app_client)["UserPoolClient"]
        wanted = sign_in_settings(current, portal_url)
        if all(current.get(name) == value for name, value in wanted.items()):
            return
        with translated(f"setting the addresses of the app client {app_client}"):
            self.client.update_user_pool_client(**_updatable(self.client, "UpdateUserPoolClient", current) | wanted)

    def ensure_invitation(self, portal_url: str) -> None:
        """Put the portal's address into the invitations of a pool that labelround made."""
        template = self.describe().get("AdminCreateUserConfig", {}).get("InviteMessageTemplate", {})
        if portal_url in template.get("EmailMessage", ""):
            return
        with translated(f"setting the invitation of the user pool {self.id}"):
            self.client.update_user_pool(UserPoolId=self.id, **pool_settings(portal_url))

    def is_ours(self) -> bool:
        """Whether labelround made the pool."""
        tags = self.describe().get("UserPoolTags") or {}
        return all(tags.get(key) == value for key, value in TAGS.items())

    def describe(self) -> Mapping[str, Any]:
        """DescribeUserPool's answer. Raises Absent."""
        with translated(f"describing the user pool {self.id}"):
            pool: Mapping[str, Any] = self.client.describe_user_pool(UserPoolId=self.id)["UserPool"]
        return pool

    def invite(self, email: str, group: str, *, again: bool = False) -> Membership:
        """Make `email` a member of the group; Cognito mails a new person their first password.

        `again` sends the mail once more to someone who has not signed in yet.
        """
        with translated(f"looking for {email} in the user pool {self.id}"):
            found = self.client.list_users(UserPoolId=self.id, Filter=f'email = "{email}"')["Users"]
        if not found:
            self._add(self._mail(self._username(email), email), group)
            return Membership.INVITED
        username = found[0]["Username"]
        waiting = found[0].get("UserStatus") == UNCONFIRMED
        if again and waiting:
            self._mail(username, email, MessageAction="RESEND")
        joined = self._add(username, group)
        if again and waiting:
            return Membership.INVITED_AGAIN
        return Membership.ADDED if joined else Membership.MEMBER

    def people(self, group: str) -> tuple[Person, ...]:
        """The members of a group, by e-mail address."""
        with translated(f"listing the members of the group {group}"):
            pages = self.client.get_paginator("list_users_in_group").paginate(UserPoolId=self.id, GroupName=group)
            users = [user for page in pages for user in page["Users"]]
        return tuple(sorted((_person(user) for user in users), key=lambda person: person.email))

    def _username(self, email: str) -> str:
        """A pool whose e-mail addresses are aliases takes none for a user name."""
        if "email" not in (self.describe().get("AliasAttributes") or ()):
            return email
        return f"worker-{_digest(email.lower())}"

    def _mail(self, username: str, email: str, **options: str) -> str:
        with translated(f"inviting {email}"):
            made = self.client.admin_create_user(
                UserPoolId=self.id,
                Username=username,
                UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
                DesiredDeliveryMediums=["EMAIL"],
                **options,
            )
        return str(made["User"]["Username"])

    def _add(self, username: str, group: str) -> bool:
        """Put a person into the group; whether they were not in it."""
        with translated(f"adding {username} to the group {group}"):
            answer = self.client.admin_list_groups_for_user(UserPoolId=self.id, Username=username)
            if any(one["GroupName"] == group for one in answer["Groups"]):
                return False
            self.client.admin_add_user_to_group(UserPoolId=self.id, Username=username, GroupName=group)
        return True


def ensure_pool(client: Any) -> UserPool:
    """labelround's user pool, which is made when it is absent. Of several, the oldest."""
    with translated("listing the user pools"):
        pages = client.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": PAGE_SIZE})
        named = [pool for page in pages for pool in page["UserPools"] if pool["Name"] == POOL_NAME]
    for found in sorted(named, key=lambda pool: (pool["CreationDate"], pool["Id"])):
        pool = UserPool(client, found["Id"])
        if pool.is_ours():
            return pool
    with translated("making a user pool"):
        made = client.create_user_pool(**pool_request())["UserPool"]
    return UserPool(client, made["Id"])


def pool_request() -> dict[str, Any]:
    """CreateUserPool: people are known by their e-mail address and only an administrator adds them."""
    return {
        "PoolName": POOL_NAME,
        "UsernameAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
        **pool_settings(""),
    }


def pool_settings(portal_url: str) -> dict[str, Any]:
    """What UpdateUserPool must say in full, since it resets what it does not name."""
    where = f' at <a href="{portal_url}">{portal_url}</a>' if portal_url else ""
    return {
        "AutoVerifiedAttributes": ["email"],
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
        "AdminCreateUserConfig": {
            "AllowAdminCreateUserOnly": True,
            "InviteMessageTemplate": {
                "EmailSubject": "You are invited to label pictures",
                "EmailMessage": (
                    f"<p>Please sign in{where} to label pictures.</p>"
                    "<p>User name: {username}<br>First password: {####}</p>"
                    "<p>The password is valid for seven days and you choose your own when you sign in.</p>"
                ),
            },
        },
        "UserPoolTags": TAGS,
    }


def app_client_request(user_pool: str) -> dict[str, Any]:
    """CreateUserPoolClient: SageMaker demands a secret. The sign-in flow is set once the portal has an address."""
    return {
        "UserPoolId": user_pool,
        "ClientName": CLIENT_NAME,
        "GenerateSecret": True,
        "SupportedIdentityProviders": ["COGNITO"],
        "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        "PreventUserExistenceErrors": "ENABLED",
    }


def sign_in_settings(current: Mapping[str, Any], portal_url: str) -> dict[str, Any]:
    """What the app client must have so that the worker portal can sign people in; other addresses stay."""
    return {
        "CallbackURLs": _with(current.get("CallbackURLs"), f"{portal_url}/oauth2/idpresponse"),
        "LogoutURLs": _with(current.get("LogoutURLs"), f"{portal_url}/logout"),
        "AllowedOAuthFlows": _with(current.get("AllowedOAuthFlows"), "code", "implicit"),
        "AllowedOAuthScopes": _with(current.get("AllowedOAuthScopes"), "email", "openid", "profile"),
        "AllowedOAuthFlowsUserPoolClient": True,
        "SupportedIdentityProviders": _with(current.get("SupportedIdentityProviders"), "COGNITO"),
    }


def domain_name(user_pool: str) -> str:
    """The pool's sign-in domain: the same for the same pool, and taken by nobody else in the region."""
    return f"labelround-{_digest(user_pool)}"


def _with(present: list[str] | None, *wanted: str) -> list[str]:
    return [*(present or ()), *(one for one in wanted if one not in (present or ()))]


def _updatable(client: Any, operation: str, current: Mapping[str, Any]) -> dict[str, Any]:
    """The present settings that the update must repeat, since it resets what it does not name."""
    members = client.meta.service_model.operation_model(operation).input_shape.members
    return {name: value for name, value in current.items() if name in members}


def _person(user: Mapping[str, Any]) -> Person:
    attributes = {one["Name"]: one.get("Value", "") for one in user.get("Attributes", ())}
    return Person(attributes.get("email") or user["Username"], user.get("UserStatus") != UNCONFIRMED)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
