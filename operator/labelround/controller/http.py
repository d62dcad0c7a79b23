"""`/healthz`, `/readyz` and `/metrics` of the operator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from labelround.errors import InvalidInput, Problem

REQUEST_SECONDS = 10
TEXT = "text/plain; charset=utf-8"

Check = Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Pages:
    """What the server tells. A check returns what is wrong; nothing wrong is an empty list."""

    registry: CollectorRegistry
    alive: Check
    ready: Check

    def page(self, path: str, accept: str) -> tuple[int, str, bytes]:
        """Status, content type and content of a page."""
        match path.partition("?")[0]:
            case "/metrics":
                encode, content_type = choose_encoder(accept)
                return 200, content_type, encode(self.registry)
            case "/healthz":
                return _verdict(self.alive())
            case "/readyz":
                return _verdict(self.ready())
            case _:
                return 404, TEXT, b"there are /healthz, /readyz and /metrics\n"


@contextmanager
def serving(host: str, port: int, pages: Pages) -> Iterator[int]:
    """Serve the pages in threads of their own; the port. Raises InvalidInput when the address cannot be had."""

    class Handler(BaseHTTPRequestHandler):
        timeout = REQUEST_SECONDS

        def do_GET(self) -> None:
            status, content_type, content = pages.page(self.path, self.headers.get("Accept", ""))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Probes and scrapes are not worth a line."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        what = f"{host or '*'}:{port} cannot be listened on ({error.strerror or error})"
        raise InvalidInput([Problem("http", what, "choose another http.port")]) from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="http", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _verdict(problems: list[str]) -> tuple[int, str, bytes]:
    text = "".join(f"{problem}\n" for problem in problems) or "ok\n"
    return (503 if problems else 200), TEXT, text.encode()
