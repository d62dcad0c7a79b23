"""Requests as they come in: from whom they may come, and what they hold. A Refusal for any other."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from labelround.server.refusal import Refusal
from labelround.server.settings import is_loopback


def check_host(request: Request) -> None:
    """Answer only to names of this machine: a web page whose name was pointed here later is not one."""
    host = request.headers.get("host", "")
    name, _, port = host.rpartition(":")
    if not (name and port.isdigit()):
        name = host
    if not is_loopback(name.lower()):
        raise Refusal("AccessDeniedException", f"The Host {host!r} is not a loopback address", 403)


async def read_body(request: Request, at_most: int) -> bytes:
    """The whole body."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > at_most:
            raise Refusal("RequestEntityTooLargeException", f"The request has more than {at_most} bytes", 413)
    return bytes(body)


def parsed(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty body is an empty one."""
    try:
        content = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise Refusal("SerializationException", "The request is not JSON") from None
    if not isinstance(content, dict):
        raise Refusal("SerializationException", "The request is not a JSON object")
    return content
