"""What a round is told of trouble: never an address or a role of the operator's.

A round's status and Events are read in its namespace, and error messages of services name roles, accounts behind them
and addresses that are the administrator's affair. The log has them in full.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ADDRESS = re.compile(r"\bhttps?://[^\s\"'<>),;]+")
_IDENTITY = re.compile(r"\barn:aws[a-z-]*:(iam|sts)::[^\s\"'<>),;]+")
_SERVICE_ACCOUNT = re.compile(r"\bsystem:serviceaccount:[^\s\"'<>),;]+")
ADDRESS, IDENTITY = "(address)", "(identity)"


def discreet(text: str, shown: str = "") -> str:
    """The text without addresses, but for those below `shown`, and without the names of roles and ServiceAccounts."""
    told = _SERVICE_ACCOUNT.sub(IDENTITY, _IDENTITY.sub(IDENTITY, text))
    return _ADDRESS.sub(lambda found: found[0] if shown and found[0].startswith(shown) else ADDRESS, told)


def discreet_status(status: Mapping[str, Any]) -> dict[str, Any]:
    """A status whose messages are discreet. The page of the workers is for everybody."""
    portal = status.get("workerPortalURL", "")
    conditions = [{**each, "message": discreet(each["message"], portal)} for each in status.get("conditions", ())]
    return {**status, "conditions": conditions}
