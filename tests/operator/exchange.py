"""The inside of a proxy: what becomes of one request. All of it runs in the proxy's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import socket
import struct
import time
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from tests.operator.dialects import Dialect, Kubernetes
from tests.operator.faults import Answer, Cut, Delay, Fault, Garbage, Hang, Moment, Rule, Seen, WatchError
from tests.operator.rubbish import rubbish
from yarl import URL

KEPT_BYTES = 1 << 16
NOT_PASSED_ON = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect", "content-length"}
)
NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset


class _Dropped(Exception):
    """The connection was cut; there is nobody to answer."""


@dataclass(frozen=True)
class _Stream:
    """A watch that runs."""

    response: web.StreamResponse
    ended: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Exchange:
    """Takes requests to `server` and brings answers back. `rules` and `requests` are the proxy's own lists."""

    server: str
    dialect: Dialect
    client: aiohttp.ClientSession
    rules: list[Rule]
    requests: list[Seen]
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _streams: list[_Stream] = field(default_factory=list)

    async def end_watches(self, code: int | None) -> None:
        """End the running watches, after an ERROR event with that code if one is given."""
        for stream in self._streams:
            if code is not None:
                await stream.response.write(_error_event(code))
            stream.ended.set()

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request: note it, do to it what the rules say, answer."""
        started = time.monotonic()
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await request.content.read()
        seen = self._note(request, body)
        try:
            response = await self._answer(request, body, seen)
            seen.status = response.status
            return response
        except (_Dropped, aiohttp.ClientError, OSError):
            seen.status = seen.status or 0  # what the server said stands, though the client may not hear it
            reset(request.transport)
            return web.Response()  # to nobody
        finally:
            seen.seconds = time.monotonic() - started

    def _note(self, request: web.BaseRequest, body: bytes) -> Seen:
        path, _, query = request.raw_path.partition("?")
        operation = self.dialect.operation(request.method, path, query, request.headers)
        seen = Seen(
            number=len(self.requests),
            method=request.method,
            path=path,
            query=query,
            operation=operation,
            mutating=self.dialect.mutates(operation),
            user_agent=request.headers.get("User-Agent", ""),
            time=time.time(),
            sent=body[:KEPT_BYTES],
            headers=request.headers,
        )
        self.requests.append(seen)
        return seen

    def _rule(self, seen: Seen, *, after: bool) -> Rule | None:
        return next((rule for rule in list(self.rules) if rule.after is after and rule.takes(seen)), None)

    async def _answer(self, request: web.BaseRequest, body: bytes, seen: Seen) -> web.StreamResponse:
        rule = self._rule(seen, after=False)
        match rule.fault if rule else None:
            case Answer(status, code):
                return _response(*self.dialect.refusal(status, code))
            case Hang():
                await _lifted(rule)
                raise _Dropped
            case Cut(Moment.BEFORE, _) as cut:
                await _act(cut)
                raise _Dropped
            case Delay(seconds):
                await asyncio.sleep(seconds)
            case WatchError(code):
                return _response(200, "application/json", _error_event(code))
            case Garbage(kind) if not kind.forwarded:
                return _response(200, "text/html", rubbish(kind, b""))
        return await self._forward(request, body, seen, rule.fault if rule else None)

    async def _forward(
        self, request: web.BaseRequest, body: bytes, seen: Seen, fault: Fault | None
    ) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_PASSED_ON}
        async with self.client.request(
            request.method,
            URL(self.server + request.raw_path, encoded=True),
            headers=headers,
            data=io.BytesIO(body) if body or request.method in {"POST", "PUT", "PATCH"} else None,
            skip_auto_headers=NOT_ADDED,
            allow_redirects=False,
        ) as answer:
            seen.status = answer.status
            if seen.operation.startswith("watch ") or "follow=true" in seen.query:
                return await self._stream(request, answer)
            content = await answer.read()
            if isinstance(fault, Garbage):
                return _response(200, answer.content_type, rubbish(fault.rubbish, content))
            response = _copied(answer, content)
            rule = self._rule(seen, after=True)
            cut = rule.fault if rule else fault
            if isinstance(cut, Cut):
                if cut.moment is Moment.MIDDLE:
                    await _half(request, response, content)
                await _act(cut)
                raise _Dropped
            return response

    async def _stream(self, request: web.BaseRequest, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """Pass on a watch line by line, until either side ends it."""
        response = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
        await response.prepare(request)
        stream = _Stream(response)
        self._streams.append(stream)
        tasks = [asyncio.create_task(self._pump(answer, response)), asyncio.create_task(stream.ended.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streams.remove(stream)
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        if any(isinstance(end, aiohttp.ClientError | OSError) for end in ends):
            raise _Dropped
        await response.write_eof()
        return response

    async def _pump(self, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
        rest = b""
        async for chunk in answer.content.iter_any():
            lines, newline, rest = (rest + chunk).rpartition(b"\n")
            await self.flowing.wait()
            if newline:
                await response.write(lines + newline)
        await response.write(rest)


def reset(transport: asyncio.BaseTransport | None) -> None:
    """Close a connection the hard way."""
    if not isinstance(transport, asyncio.Transport):
        return
    peer: socket.socket | None = transport.get_extra_info("socket")
    if peer is not None:
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


async def _lifted(rule: Rule | None) -> None:
    while rule is not None and not rule.lifted.is_set():
        await asyncio.sleep(0.02)


async def _act(cut: Cut) -> None:
    if cut.act is not None:
        await asyncio.to_thread(cut.act)


async def _half(request: web.BaseRequest, response: web.StreamResponse, content: bytes) -> None:
    """Send the head of an answer and half of what follows."""
    begun = web.StreamResponse(status=response.status, headers=response.headers)
    begun.content_length = len(content)
    await begun.prepare(request)
    await begun.write(content[: len(content) // 2])


def _copied(answer: aiohttp.ClientResponse, content: bytes) -> web.StreamResponse:
    kept = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_ON}
    if answer.method != "HEAD":
        return web.Response(status=answer.status, body=content, headers=kept)
    head = web.StreamResponse(status=answer.status, headers=kept)
    head.content_length = answer.content_length
    return head


def _response(status: int, content_type: str, content: bytes) -> web.Response:
    headers = {"Retry-After": "1"} if status == 429 else {}
    return web.Response(status=status, body=content, content_type=content_type, headers=headers)


def _error_event(code: int) -> bytes:
    _, _, status = Kubernetes().refusal(code, "")
    return json.dumps({"type": "ERROR", "object": json.loads(status)}).encode() + b"\n"
