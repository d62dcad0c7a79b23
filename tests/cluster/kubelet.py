"""The part of a kubelet that the API server asks for logs."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.cluster.container import Log
from tests.cluster.pki import Identity

FindLog = Callable[[str, str], Log | None]


class LogServer:
    """Serves `/containerLogs/NAMESPACE/POD/CONTAINER` as a kubelet does, on `port`."""

    def __init__(self, identity: Identity, find: FindLog) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity.certificate, identity.key)
        handler = type("Handler", (_Handler,), {"find": staticmethod(find)})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="kubelet", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    find: FindLog

    def do_GET(self) -> None:
        place, query = urlsplit(self.path), parse_qs(urlsplit(self.path).query)
        _, _, namespace, pod, container = place.path.split("/")
        log = self.find(namespace, pod)
        if log is None:
            message = f'container "{container}" in pod "{pod}" is waiting to start: ContainerCreating'
            self._begin(400)
            self.wfile.write(message.encode())
            return
        self._begin(200)
        since = query.get("sinceTime", [""])[0].removesuffix("Z")
        tail = int(query.get("tailLines", ["-1"])[0])
        stamped, following, told = "timestamps" in query, "follow" in query, 0
        while True:
            over = log.ended.is_set()
            lines = log.lines[told:]
            told += len(lines)
            wanted = [line for line in lines if line[0] >= since]
            for moment, line in wanted[-tail:] if tail >= 0 else wanted:
                self.wfile.write(f"{moment} {line}\n".encode() if stamped else f"{line}\n".encode())
            self.wfile.flush()
            if over or not following:
                return
            log.ended.wait(0.1)

    def _begin(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""
