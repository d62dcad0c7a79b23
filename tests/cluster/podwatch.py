"""The pods of a control plane, as they come, change and go."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlencode

from urllib3.exceptions import HTTPError

from labelround.cluster.api import PODS

PAUSE_SECONDS = 0.1


class PodWatch:
    """Endless, until it is closed from another thread; lists and watches anew when the API was away."""

    def __init__(self, client: Any, selector: str, namespace: str | None) -> None:
        self._client = client
        self._path = PODS.path(namespace)
        self._selector = selector
        self._closed = threading.Event()
        self._response: Any = None

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """`ADDED`, `MODIFIED` or `DELETED`, and the pod; one that was there before may be told again."""
        while not self._closed.is_set():
            try:
                yield from self._once()
            except (HTTPError, OSError, ValueError):
                self._closed.wait(PAUSE_SECONDS)

    def close(self) -> None:
        self._closed.set()
        response = self._response
        if response is not None:
            response.shutdown()

    def _once(self) -> Iterator[tuple[str, dict[str, Any]]]:
        page = json.loads(self._get({}).read())
        if "items" not in page:
            raise ValueError(page)
        for pod in page["items"]:
            yield "ADDED", pod
        self._response = self._get({"watch": "true", "resourceVersion": page["metadata"]["resourceVersion"]})
        with closing(self._response):
            yield from self._read(self._response)

    def _read(self, response: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        rest = b""
        for part in () if self._closed.is_set() else response.stream(65536):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield event["type"], event["object"]

    def _get(self, query: dict[str, str]) -> Any:
        rest = self._client.rest_client
        url = f"{self._client.configuration.host}{self._path}?{urlencode({'labelSelector': self._selector} | query)}"
        headers = {"Accept": "application/json", "User-Agent": self._client.user_agent}
        return rest.pool_manager.request("GET", url, headers=headers, preload_content=False, timeout=300, retries=False)
