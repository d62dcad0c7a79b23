"""The page on which people label, over HTTP: its files, its JSON calls and the pictures.

Everything below `/tasks/` is for browsers that came in by an address of `Person.entrance`, and for requests that the
page itself makes: neither other web pages, under whatever name, nor other workers get at it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from labelround.errors import StorageError, Unavailable
from labelround.images import BadImage
from labelround.server.desk import Desk
from labelround.server.entrance import SESSION_MILLISECONDS
from labelround.server.incoming import check_host, parsed, read_body
from labelround.server.refusal import Refusal
from labelround.server.tasks import BadAnswer, TaskFinished, TaskLost

logger = logging.getLogger(__name__)

FILES = Path(__file__).parent / "static"
MEDIA_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
ENTERED = b"<!doctype html><title>labelround</title><p>Opening the pictures."
SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Endpoint = Callable[[Request], Awaitable[Response]]


def _guarded(endpoint: Callable[[Request, Desk], Awaitable[Response]]) -> Endpoint:
    """The endpoint behind the checks that hold for all of them; what it refuses becomes JSON."""

    async def answer(request: Request) -> Response:
        try:
            check_host(request)
            response = await endpoint(request, _desk(request))
        except Refusal as refusal:
            response = _refused(refusal)
        except ClientDisconnect:
            response = _refused(Refusal("Gone", "The request was cut off"))
        except Exception:
            logger.exception("a request of the page failed", extra={"path": request.url.path})
            response = _refused(Refusal("Failed", "The server failed; its log tells more", 500))
        return _safe(response)

    return answer


def _safe(response: Response) -> Response:
    """With the headers that every answer has to have."""
    response.headers.update({name: text for name, text in SAFE.items() if name not in response.headers})
    return response


async def not_routed(request: Request, error: Exception) -> Response:
    """What is asked for at an address or in a way that there is none of, with the same care."""
    try:
        if not request.app.state.service.settings.trust_network:
            check_host(request)
    except Refusal as refusal:
        return _safe(_refused(refusal))
    if not isinstance(error, HTTPException):
        raise error
    return _safe(Response(error.detail, error.status_code, error.headers, "text/plain"))


def _desk(request: Request) -> Desk:
    desk: Desk | None = request.app.state.service.desk
    if desk is None:
        raise Refusal("NoPeople", "Nobody labels here; start the server with --worker NAME", 404)
    return desk


def _refused(refusal: Refusal) -> Response:
    return JSONResponse({"error": refusal.code, "message": refusal.message}, refusal.status)


async def _enter(request: Request, desk: Desk) -> Response:
    """Take a token for a cookie. The page is then opened from here: a cookie for this site alone is not sent along
    a redirect that another site began."""
    if request.method == "HEAD":
        return Response(media_type="text/html")  # whoever looks at links before they are opened uses up none
    secret = await run_in_threadpool(desk.entrance.enter, request.query_params.get("token", ""))
    known = secret or await run_in_threadpool(_worker_of, request, desk)
    if not known:
        raise Refusal("UsedUp", "This address was used already, or is old; start labelround again for another", 403)
    response = Response(ENTERED, media_type="text/html", headers={"Refresh": "0; url=/tasks/"})
    if secret:
        seconds = SESSION_MILLISECONDS // 1000
        response.set_cookie(_cookie(request), secret, seconds, path="/", httponly=True, samesite="strict")
    return response


async def _file(request: Request, _desk: Desk) -> Response:
    """One of the page's own files, which hold nothing secret."""
    name = request.path_params.get("name") or "index.html"
    if name not in files():
        raise Refusal("NotFound", "There is no such file", 404)
    return Response(files()[name], media_type=MEDIA_TYPES[Path(name).suffix], headers={"Cache-Control": "no-cache"})


async def _picture(request: Request, desk: Desk) -> Response:
    """The picture of one's own task."""
    worker = await _worker(request, desk)
    try:
        picture = await run_in_threadpool(desk.tasks.picture, worker, request.path_params["lease"])
    except TaskLost as error:
        raise _lost(error) from None
    except Unavailable as error:
        raise Refusal("Unavailable", str(error), 503) from None
    except (StorageError, BadImage) as error:
        raise Refusal("Unreadable", f"The picture cannot be read: {error}", 422) from None
    return Response(picture.content, media_type=picture.media_type)


def _call(name: str) -> Endpoint:
    """A JSON call of the page to the method `name` of the desk."""

    async def call(request: Request, desk: Desk) -> Response:
        _check_origin(request)
        worker = await _worker(request, desk)
        body = parsed(await read_body(request, request.app.state.service.settings.max_body_bytes))
        method: Callable[[str, Mapping[str, Any]], dict[str, Any]] = getattr(desk, name)
        try:
            return JSONResponse(await run_in_threadpool(method, worker, body))
        except TaskLost as error:
            raise _lost(error) from None
        except BadAnswer as error:
            raise Refusal("BadAnswer", f"The answer was not saved: {error}", 400) from None
        except Unavailable as error:
            raise Refusal("Unavailable", str(error), 503) from None

    return _guarded(call)


def _lost(error: TaskLost) -> Refusal:
    """Whether the picture may come back to its worker: a page drops what it keeps of those that cannot."""
    code = "Finished" if isinstance(error, TaskFinished) else "Lost"
    return Refusal(code, f"You no longer have this picture: {error}", 409)


def _check_origin(request: Request) -> None:
    """Only the page itself changes anything: no other web page, and no other port of this machine."""
    if request.headers.get("origin") != f"http://{request.headers.get('host')}":
        raise Refusal("AccessDenied", "Only the page itself may ask for this", 403)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal("AccessDenied", "The request is not application/json", 415)


async def _worker(request: Request, desk: Desk) -> str:
    """Whose request it is."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refusal("AccessDenied", "Only the page itself may ask for this", 403)
    worker = await run_in_threadpool(_worker_of, request, desk)
    if worker is None:
        raise Refusal("SignedOut", "Open the address that labelround has printed", 401)
    return worker


def _worker_of(request: Request, desk: Desk) -> str | None:
    return desk.entrance.worker(request.cookies.get(_cookie(request), ""))


def _cookie(request: Request) -> str:
    """Cookies do not tell ports apart; their names do."""
    port = request.headers.get("host", "").rpartition(":")[2]
    return f"labelround-{port if port.isdigit() else 80}"


@cache
def files() -> dict[str, bytes]:
    """The page's files by their names below `/tasks/`; a request can name no other."""
    found = (path for path in FILES.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(FILES).as_posix(): path.read_bytes() for path in found}


PAGE_ROUTES = [
    Route("/enter", _guarded(_enter), methods=["GET"]),
    *(
        Route(f"/tasks/{name}", _call(name), methods=["POST"])
        for name in ("next", "answer", "decline", "back", "finish")
    ),
    Route("/tasks/pictures/{lease}", _guarded(_picture), methods=["GET"]),
    Route("/tasks/", _guarded(_file), methods=["GET"]),
    Route("/tasks/{name:path}", _guarded(_file), methods=["GET"]),
]
