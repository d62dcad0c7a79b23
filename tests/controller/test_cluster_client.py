"""The Kubernetes API's answers as errors, over HTTP from a server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from kubernetes import client

from labelround.cluster.api import JOBS, ROUNDS, ObjectAbsent, ObjectChanged, ObjectTaken, RequestRefused
from labelround.cluster.client import KubernetesCluster
from labelround.errors import Unavailable


@contextmanager
def answering(status: int, content: bytes) -> Iterator[KubernetesCluster]:
    """A cluster whose API server has one answer."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 the names of http.server

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_address[1]}")
        configuration.retries = False
        try:
            yield KubernetesCluster(client.ApiClient(configuration), read_timeout=5.0)
        finally:
            server.shutdown()
            thread.join()


def told(reason: str, message: str = "no") -> bytes:
    """A Status object."""
    return json.dumps({"kind": "Status", "reason": reason, "message": message}).encode()


ANSWERS: dict[str, tuple[int, bytes, type[Exception]]] = {
    "absent": (404, told("NotFound"), ObjectAbsent),
    "taken": (409, told("AlreadyExists"), ObjectTaken),
    "changed": (409, told("Conflict"), ObjectChanged),
    "forbidden": (403, told("Forbidden"), RequestRefused),
    "invalid": (422, told("Invalid"), RequestRefused),
    "a token that has run out": (401, told("Unauthorized"), Unavailable),
    "too many requests": (429, told("TooManyRequests"), Unavailable),
    "a list that is too old": (410, told("Expired"), Unavailable),
    "an error within": (500, b"<html>oops</html>", Unavailable),
    "a proxy in between": (502, b"", Unavailable),
    "rubbish": (200, b"{", Unavailable),
    "something else": (200, b"[]", Unavailable),
}


@pytest.mark.parametrize(("status", "content", "error"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_is_the_error_that_says_what_to_do(status: int, content: bytes, error: type[Exception]) -> None:
    """Read again, rename, wait, or give up."""
    with answering(status, content) as cluster, pytest.raises(error):
        cluster.get(ROUNDS, "team-a", "pens-1")


def test_the_message_of_the_api_server_is_passed_on() -> None:
    """With what was asked."""
    with answering(403, told("Forbidden", "pens may not")) as cluster, pytest.raises(RequestRefused) as refused:
        cluster.create(JOBS, "team-a", {"metadata": {"name": "a"}})

    assert str(refused.value) == "POST /apis/batch/v1/namespaces/team-a/jobs: pens may not"
    assert refused.value.status == 403


def test_nobody_at_the_address_is_told_in_the_same_words_each_time() -> None:
    """A message that differs from one try to the next would be a write and an Event each."""
    with answering(200, b"{}") as cluster:
        pass
    messages = set()

    for _ in range(3):
        with pytest.raises(Unavailable) as away:
            cluster.get(ROUNDS, "team-a", "pens-1")
        messages.add(str(away.value))

    assert len(messages) == 1
    assert "does not answer" in messages.pop()


@pytest.mark.parametrize(("status", "reason"), [(404, "NotFound"), (409, "Conflict")])
def test_deleting_what_is_gone_is_fine(status: int, reason: str) -> None:
    """Absent, or another object of that name."""
    with answering(status, told(reason)) as cluster:
        cluster.delete(ROUNDS, "team-a", "pens-1", uid="uid-1")


def test_a_list_goes_on_where_a_page_ends() -> None:
    """And an empty one may say null."""
    answer: dict[str, Any] = {"metadata": {}, "items": None}

    with answering(200, json.dumps(answer).encode()) as cluster:
        found = list(cluster.list(ROUNDS))

    assert found == []
