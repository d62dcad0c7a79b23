"""kopf: it watches rounds and hands on what it sees. It decides nothing and writes nothing; no other module knows it.

What kopf does under faults was measured: a handler that patches can lose its object for good. So there is one handler,
`on.event`, no finalizer, annotation or Event of kopf's, and the queue and the relisting do the rest. A watch that ends
in an error is started anew.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import kopf

from labelround.cluster.api import ROUNDS
from labelround.controller.events import COMPONENT

IDENTITY: Any = COMPONENT  # else kopf asks for the name of the process's user, which a container need not have
SERVER_TIMEOUT_SECONDS = 300
CLIENT_TIMEOUT_SECONDS = 330
CONNECT_TIMEOUT_SECONDS = 10
REQUEST_TIMEOUT_SECONDS = 60
PAGE_SIZE = 100
PAUSE_SECONDS = 3.0
BEAT_SECONDS = 1.0
SILENT_SECONDS = 60.0
_log = logging.getLogger(__name__)

Seen = Callable[..., None]


@dataclass
class Watch:
    """Watches the rounds of `namespaces` (none named: of all) and calls `seen(body, deleted=...)` with each change.

    `connect` makes an `ApiClient` of the kubernetes package; it is called again when the API server takes a token no
    longer.
    """

    seen: Seen
    connect: Callable[[], Any]
    namespaces: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _beat: float = field(default=0.0)
    _thread: threading.Thread | None = None

    def start(self, stop: threading.Event) -> None:
        """Watch in a thread, until `stop` is set."""
        self._beat = self.clock()
        self._thread = threading.Thread(target=self._run, args=(stop,), name="watch", daemon=True)
        self._thread.start()

    def join(self, seconds: float) -> None:
        """Wait until the watch has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    def silent(self) -> list[str]:
        """A sentence when the watch's own loop has not turned for a minute."""
        quiet = self.clock() - self._beat
        return [f"the watch has not moved for {quiet:.0f} s"] if self._thread and quiet > SILENT_SECONDS else []

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                asyncio.run(self._watch(stop))
            except Exception as error:  # noqa: BLE001 kopf ends in errors of many kinds, and each begins anew
                _log.warning("the watch ended and begins anew: %s", error)
            self._beat = self.clock()
            stop.wait(PAUSE_SECONDS)

    async def _watch(self, stop: threading.Event) -> None:
        # kopf would wait for a flag of threads in a thread, which holds up the end of a watch that has failed.
        stopping = asyncio.Event()
        beating = asyncio.create_task(self._beats(stop, stopping))
        try:
            await kopf.operator(
                registry=self._registry(),
                standalone=True,
                clusterwide=not self.namespaces,
                namespaces=self.namespaces,
                identity=IDENTITY,
                stop_flag=stopping,
            )
        finally:
            beating.cancel()

    async def _beats(self, stop: threading.Event, stopping: asyncio.Event) -> None:
        """Show that the loop turns, and hand on that it is to end."""
        while True:
            self._beat = self.clock()
            if stop.is_set():
                stopping.set()
            await asyncio.sleep(BEAT_SECONDS)

    def _registry(self) -> kopf.OperatorRegistry:
        registry = kopf.OperatorRegistry()
        group, version = ROUNDS.api_version.split("/")

        @kopf.on.startup(registry=registry)
        async def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
            settings.posting.enabled = False
            settings.scanning.disabled = True
            settings.watching.server_timeout = SERVER_TIMEOUT_SECONDS
            settings.watching.client_timeout = CLIENT_TIMEOUT_SECONDS
            settings.watching.connect_timeout = CONNECT_TIMEOUT_SECONDS
            settings.watching.chunk_size = PAGE_SIZE
            settings.networking.connect_timeout = CONNECT_TIMEOUT_SECONDS
            settings.networking.request_timeout = REQUEST_TIMEOUT_SECONDS

        @kopf.on.login(registry=registry)
        async def login(**_: Any) -> kopf.ConnectionInfo:
            return _connection(self.connect())

        @kopf.on.event(group, version, ROUNDS.plural, registry=registry)
        async def event(event: Mapping[str, Any], **_: Any) -> None:
            self.seen(event["object"], deleted=event["type"] == "DELETED")

        return registry


def _connection(client: Any) -> kopf.ConnectionInfo:
    """The credentials of an `ApiClient`, in kopf's words."""
    configuration = client.configuration
    scheme, _, token = (configuration.get_api_key_with_prefix("BearerToken") or "").rpartition(" ")
    return kopf.ConnectionInfo(
        server=configuration.host,
        ca_path=configuration.ssl_ca_cert,
        insecure=not configuration.verify_ssl,
        scheme=scheme or None,
        token=token or None,
        certificate_path=configuration.cert_file,
        private_key_path=configuration.key_file,
    )
