"""A small S3, SageMaker and STS on one port, which notes whose credentials every request was signed with."""

from __future__ import annotations

import re
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>{end}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""
REFUSED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not for you</Message></Error></ErrorResponse>"


@dataclass(frozen=True)
class Request:
    """One request: the service, the access key and the token that signed it, and its parameters or path."""

    service: str
    access_key: str
    token: str
    what: str
    parameters: Mapping[str, str]


@dataclass
class RecordedAWS:
    """What the services hold and have been asked. `owners` are buckets' accounts; every other bucket is absent.

    `lifetime` is how long an assumed role lasts. While `hanging`, no request is answered.
    """

    url: str
    owners: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    lifetime: timedelta = timedelta(hours=1)
    refuse_roles: bool = False
    requests: list[Request] = field(default_factory=list)
    hanging: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def of(self, service: str) -> list[Request]:
        """The requests to one service so far."""
        return [request for request in list(self.requests) if request.service == service]

    def signers(self) -> dict[str, set[str]]:
        """The access keys that signed requests, by service."""
        return {request.service: {each.access_key for each in self.of(request.service)} for request in self.requests}

    def answer(self, request: Request, method: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body."""
        if request.service == "sts":
            return self._assume()
        if request.service == "sagemaker":
            return 200, b'{"LabelingJobSummaryList": []}'
        bucket = request.what.split("/")[1]
        if bucket not in self.owners:
            return 404, b""
        if headers.get("x-amz-expected-bucket-owner") not in {None, self.owners[bucket]}:
            return 403, b""
        if method == "PUT":
            self.objects[request.what] = body
        return 200, self.objects.get(request.what, b"")

    def _assume(self) -> tuple[int, bytes]:
        if self.refuse_roles:
            return 403, REFUSED.encode()
        end = (datetime.now(UTC) + self.lifetime).isoformat()
        return 200, ASSUMED.format(key=f"ASSUMED{len(self.of('sts'))}", end=end).encode()


@contextmanager
def recorded_aws() -> Iterator[RecordedAWS]:
    """The services on a free loopback port."""

    class Handler(_Handler):
        """The handler of this server alone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    aws = Handler.aws = RecordedAWS(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield aws
    finally:
        aws.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    aws: RecordedAWS
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = self._request(body)
        self.aws.requests.append(request)
        if self.aws.hanging:
            self.aws.over.wait()
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, content = self.aws.answer(request, self.command, headers, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"e"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _request(self, body: bytes) -> Request:
        scope = re.search(r"Credential=([^/]+)/[0-9]+/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        signer, service = scope.groups() if scope else ("", "")
        parameters = dict(urllib.parse.parse_qsl(body.decode())) if service == "sts" else {}
        token = self.headers.get("x-amz-security-token", "")
        return Request(service, signer, token, urllib.parse.unquote(self.path), parameters)

    do_GET = do_PUT = do_POST = do_HEAD = _respond  # noqa: N815 the names that http.server looks for
