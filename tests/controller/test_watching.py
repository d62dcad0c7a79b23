"""The watch over kopf: it begins anew after every error, and ends when it is told to."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from kubernetes import client
from tests.servers.waiting import until

from labelround.controller import watching
from labelround.controller.watching import Watch

WAIT_SECONDS = 30


@contextmanager
def broken_api_server(asked: list[str]) -> Iterator[client.ApiClient]:
    """An API server without API groups; `asked` grows by one each time that a watch begins."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            broken = self.path == "/apis"
            if broken:
                asked.append(self.path)
            content = b'{"kind": "Status", "code": 404}' if broken else b'{"kind": "APIVersions", "versions": []}'
            self.send_response(404 if broken else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        configuration = client.Configuration(host=f"http://127.0.0.1:{server.server_address[1]}")
        try:
            yield client.ApiClient(configuration)
        finally:
            server.shutdown()
            thread.join()


def nobody() -> str:
    raise KeyError("getpwuid(): uid not found: 65532")


def test_the_user_of_the_process_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container, whose user stands in no list."""
    monkeypatch.setattr(getpass, "getuser", nobody)
    asked: list[str] = []
    stop = threading.Event()
    with broken_api_server(asked) as connection:
        watch = Watch(lambda *_, **__: None, lambda: connection, ("default",))
        watch.start(stop)
        until(lambda: asked, "the watch begins")
        stop.set()
        watch.join(WAIT_SECONDS)


def test_a_watch_that_fails_begins_anew_and_still_ends_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """kopf gives up where there is no API; the process goes on, and asks again."""
    monkeypatch.setattr(watching, "PAUSE_SECONDS", 0.05)
    asked: list[str] = []
    stop = threading.Event()
    with broken_api_server(asked) as connection:
        watch = Watch(lambda *_, **__: None, lambda: connection, ("default",))
        watch.start(stop)
        until(lambda: len(asked) >= 2, "the watch begins anew")
        stop.set()
        watch.join(WAIT_SECONDS)

    assert watch._thread is not None
    assert not watch._thread.is_alive()
