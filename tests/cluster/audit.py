"""The audit log of an API server: who asked for what, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: [system:apiserver]
  - level: None
    nonResourceURLs: [/healthz*, /livez*, /readyz*]
  - level: Metadata
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `status` is the HTTP status of the answer; `resource` is the plural, empty for a plain path."""

    user: str
    agent: str
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    status: int
    path: str
    time: str


def calls(log: Path, who: str = "") -> list[Call]:
    """The requests of a user, or of all user agents that begin with `who`, in the order of their answers."""
    found: dict[str, Call] = {}
    if log.exists():
        with log.open(encoding="utf-8") as lines:
            for line in lines:
                if who in line and line.endswith("\n"):  # one half written is not answered yet
                    event = json.loads(line)
                    call = _call(event)
                    if call.user == who or call.agent.startswith(who):
                        found[event["auditID"]] = call  # a watch is told twice: when it starts and when it ends
    return list(found.values())


def _call(event: Mapping[str, Any]) -> Call:
    about = event.get("objectRef", {})
    return Call(
        user=event["user"].get("username", ""),
        agent=event.get("userAgent", ""),
        verb=event["verb"],
        resource=about.get("resource", ""),
        subresource=about.get("subresource", ""),
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        status=event.get("responseStatus", {}).get("code", 0),
        path=event["requestURI"],
        time=event["requestReceivedTimestamp"],
    )
