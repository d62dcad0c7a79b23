"""What an API server says to a LabelingRound, without keeping it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.cluster.access import ControlPlane

from labelround.cluster.api import ROUNDS, Resource
from labelround.cluster.client import connect

THREADS = 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """`status` is the HTTP status; `causes` are the fields that are wrong, each with the reason."""

    status: int
    message: str
    causes: tuple[tuple[str, str], ...]

    @property
    def accepted(self) -> bool:
        return self.status < 300


class Judge:
    """An API server that is asked by dry runs. Unknown fields are refused, as kubectl has them refused."""

    def __init__(self, control_plane: ControlPlane, namespace: str = "default") -> None:
        self._client = connect(kubeconfig=str(control_plane.kubeconfig), threads=THREADS)
        self.namespace = namespace

    def create(self, document: Mapping[str, Any], resource: Resource = ROUNDS) -> Verdict:
        """What creating it would bring."""
        url = f"{self._client.configuration.host}{resource.path(self.namespace)}"
        return self._ask("POST", url, document, "application/json")

    def update(self, name: str, patch: Mapping[str, Any]) -> Verdict:
        """What a merge patch of a round that is there would bring."""
        url = f"{self._client.configuration.host}{ROUNDS.path(self.namespace, name)}"
        return self._ask("PATCH", url, patch, "application/merge-patch+json")

    def create_each(self, documents: Iterable[Mapping[str, Any]]) -> list[Verdict]:
        """What creating each would bring, in their order."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(self.create, documents))

    def _ask(self, method: str, url: str, body: Mapping[str, Any], kind: str) -> Verdict:
        query = urlencode({"dryRun": "All", "fieldValidation": "Strict"})
        headers = {"Content-Type": kind, "Accept": "application/json"}
        answer = self._client.rest_client.request(method, f"{url}?{query}", headers=headers, body=body)
        content = json.loads(answer.read())
        if answer.status < 300:
            return Verdict(answer.status, "", ())
        causes = content.get("details", {}).get("causes", ())
        found = tuple((cause.get("field", ""), cause["message"]) for cause in causes)
        return Verdict(answer.status, content["message"], found)
