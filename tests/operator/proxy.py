"""An HTTP proxy on loopback before one server: it notes every request and does wrong what a test asks for.

    with Proxy(server_url, Kubernetes(), ca=certificate) as proxy:
        use(proxy.url)
        with proxy.fault(Answer(429), on("patch labelingrounds/status")):
            ...
        assert proxy.count("create jobs") == 1

Clients speak plain HTTP to it; it speaks to the server as the server's address says, with the client's own headers. It
runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from tests.operator.dialects import Dialect
from tests.operator.exchange import Exchange, reset
from tests.operator.faults import Fault, Hang, Rule, Seen, Where, every

HOST = "127.0.0.1"
PATIENCE = 30.0


@dataclass
class Proxy:
    """Before one server. `ca` is the certificate of an HTTPS server's authority, in PEM."""

    server: str
    dialect: Dialect
    ca: str = field(default="", repr=False)
    requests: list[Seen] = field(default_factory=list, repr=False)
    port: int = 0
    _rules: list[Rule] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def count(self, *operations: str) -> int:
        """How many requests for these operations there were; for all, when none is named."""
        return sum(not operations or seen.operation in operations for seen in list(self.requests))

    def succeeded(self, *operations: str) -> list[Seen]:
        """The requests for these operations that the server said it has carried out, though the client may not know."""
        return [seen for seen in list(self.requests) if seen.operation in operations and seen.succeeded]

    @contextlib.contextmanager
    def fault(self, fault: Fault, where: Where = every, *, times: int | None = None) -> Iterator[Rule]:
        """Do wrong for as long as the context lasts."""
        rule = Rule(fault, where, times)
        with self.ruled(rule):
            yield rule

    @contextlib.contextmanager
    def ruled(self, rule: Rule) -> Iterator[None]:
        """Follow a rule, which other proxies may follow too."""
        self._rules.append(rule)
        try:
            yield
        finally:
            rule.lifted.set()
            self._rules.remove(rule)

    @contextlib.contextmanager
    def black_hole(self) -> Iterator[None]:
        """Let nothing through, as if the cable were cut; watches stay open and go on afterwards."""
        self._loop.call_soon_threadsafe(self._exchange.flowing.clear)
        try:
            with self.fault(Hang()):
                yield
        finally:
            self._loop.call_soon_threadsafe(self._exchange.flowing.set)

    @contextlib.contextmanager
    def down(self) -> Iterator[None]:
        """Nobody listens: connections are refused, and those that were open are reset."""
        self._call(self._close_listener())
        try:
            yield
        finally:
            self._call(self._listen())

    def cut(self) -> None:
        """Reset every open connection, running watches included."""
        self._call(self._reset_all())

    def end_watches(self, code: int | None = None) -> None:
        """End the running watches, after an ERROR event with that code if one is given."""
        self._call(self._exchange.end_watches(code))

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), name="proxy", daemon=True)
        self._thread.start()
        if not ready.wait(PATIENCE):
            raise TimeoutError("the proxy did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for rule in self._rules:
            rule.lifted.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE)

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the proxy's thread, and wait until it is done."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.create_default_context(cadata=self.ca) if self.ca else True
        connector = aiohttp.TCPConnector(limit=0, ssl=context, keepalive_timeout=5)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as client:
            self._exchange = Exchange(self.server, self.dialect, client, self._rules, self.requests)
            self._exchange.flowing.set()
            self._protocols = web.Server(
                self._exchange.serve, access_log=None, handler_cancellation=True, auto_decompress=False
            )
            await self._listen()
            ready.set()
            await self._stop.wait()
            await self._close_listener()
            await self._protocols.shutdown(1)

    async def _listen(self) -> None:
        self._listener = await self._loop.create_server(self._protocols, HOST, self.port, reuse_address=True)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _close_listener(self) -> None:
        self._listener.close()
        await self._reset_all()

    async def _reset_all(self) -> None:
        for protocol in self._protocols.connections:
            reset(protocol.transport)
        await asyncio.sleep(0)
