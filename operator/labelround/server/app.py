"""The ASGI application: AWS JSON 1.1 over HTTP (`POST /` with `X-Amz-Target: SageMaker.<Operation>`), and the page."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from labelround.server.incoming import check_host, parsed, read_body
from labelround.server.page import PAGE_ROUTES, not_routed
from labelround.server.refusal import Refusal
from labelround.server.service import Service, opened
from labelround.server.settings import ServerSettings
from labelround.storage import Buckets

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET_PREFIX = "SageMaker."


def application(settings: ServerSettings, buckets: Buckets) -> Starlette:
    """An application that opens its own service when it starts, and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        with opened(settings, buckets) as service:
            app.state.service = service
            yield

    return _routed(lifespan=lifespan)


def application_of(service: Service) -> Starlette:
    """An application for a service that is open already."""
    app = _routed()
    app.state.service = service
    return app


def _routed(**settings: Any) -> Starlette:
    """Without redirects, which would repeat the name that a request came under to whoever it was pointed here by."""
    app = Starlette(routes=_ROUTES, exception_handlers={HTTPException: not_routed}, **settings)
    app.router.redirect_slashes = False
    return app


async def _answer(request: Request) -> Response:
    service: Service = request.app.state.service
    started = time.monotonic()
    request_id = str(uuid.uuid4())
    operation = _operation(request)
    body: dict[str, Any] = {}
    try:
        if not service.settings.trust_network:
            check_host(request)
        body = parsed(await read_body(request, service.settings.max_body_bytes))
        content, code, status = await run_in_threadpool(service.operations.call, operation, body), "", 200
    except ClientDisconnect:
        content, code, status = {}, "RequestTimeout", 400
    except Refusal as refusal:
        content, code, status = {"__type": refusal.code, "Message": refusal.message}, refusal.code, refusal.status
    except Exception:
        logger.exception("a request failed", extra={"operation": operation, "request_id": request_id})
        code, status = "InternalFailure", 500
        content = {"__type": code, "Message": f"The server failed; its log tells more under {request_id}"}
    name = body.get("LabelingJobName")
    service.log_request(
        operation=operation,
        job=name if isinstance(name, str) else None,
        status=status,
        code=code,
        request_id=request_id,
        seconds=round(time.monotonic() - started, 6),
    )
    encoded = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
    return Response(encoded, status, {"x-amzn-RequestId": request_id}, CONTENT_TYPE)


_ROUTES = [Route("/", _answer, methods=["POST"]), *PAGE_ROUTES]


def _operation(request: Request) -> str:
    """The operation that is asked for; empty when the header names none of SageMaker's."""
    target = request.headers.get("x-amz-target", "")
    return target.removeprefix(TARGET_PREFIX) if target.startswith(TARGET_PREFIX) else ""
