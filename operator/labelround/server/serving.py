"""The server on a loopback port, in a thread of this process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from labelround.errors import Failed
from labelround.server.app import application_of
from labelround.server.service import opened
from labelround.server.settings import ServerSettings
from labelround.storage import Buckets

START_SECONDS = 30
KEEP_ALIVE_SECONDS = 60  # longer than clients pause between two polls
STOP_SECONDS = 5


class NotStarted(Failed):
    """The server could not begin to listen."""


@contextmanager
def served(settings: ServerSettings, buckets: Buckets) -> Iterator[str]:
    """The endpoint URL of a server that runs for as long as the context lasts."""
    with opened(settings, buckets) as service, listening(application_of(service), settings.host, settings.port) as url:
        yield url


@contextmanager
def listening(app: ASGIApp, host: str, port: int) -> Iterator[str]:
    """The URL of an application that answers for as long as the context lasts."""
    with contextlib.closing(_listener(host.strip("[]"), port)) as listener:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        with _running(_Server(config), listener):
            yield _url(listener)


class _Server(uvicorn.Server):
    """uvicorn, which says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.ready.set()


@contextmanager
def _running(server: _Server, listener: socket.socket) -> Iterator[None]:
    failures: list[BaseException] = []

    def run() -> None:
        try:
            server.run(sockets=[listener])
        except BaseException as error:  # noqa: BLE001 it is told by the thread that waits
            failures.append(error)
        finally:
            server.ready.set()

    thread = threading.Thread(target=run, name="labelround-server-http", daemon=True)
    thread.start()
    if not server.ready.wait(START_SECONDS) or failures or not server.started:
        server.should_exit = True
        raise NotStarted(f"the labelround server did not start: {failures[0] if failures else 'see its log'}")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(2 * STOP_SECONDS)


def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens. Its protocol is named, or asyncio would not turn off the 40 ms delay of small packets."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
        return listener
    except OSError as error:
        listener.close()
        raise NotStarted(
            f"the server cannot listen on {host}:{port} ({error.strerror}); choose another port, or 0 for any"
        ) from error


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
