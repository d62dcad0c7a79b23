"""What S3's troubles are to a round: passing or not, and the same words each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from labelround.errors import LabelroundError, ObjectNotFound, StorageDenied, StorageError, Unavailable
from labelround.storage import Bucket, Limits, S3Buckets


def error(code: str, request: int) -> bytes:
    return f"<Error><Code>{code}</Code><Message>m</Message><RequestId>{request}</RequestId></Error>".encode()


class Troubled(BaseHTTPRequestHandler):
    """Answers every request alike, but for its id."""

    answer: tuple[int, str] = (200, "")
    requests = 0

    def log_message(self, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        Troubled.requests += 1
        status, code = self.answer
        if not status:
            return
        content = error(code, Troubled.requests)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """A bucket on a server in trouble."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Troubled)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    session = boto3.Session("key", "secret", region_name="us-east-1")
    url = f"http://127.0.0.1:{server.server_address[1]}"
    yield S3Buckets(url, session=session, limits=Limits(5, retries=1)).open("pictures")
    server.shutdown()
    thread.join()
    server.server_close()


TROUBLES: dict[str, tuple[tuple[int, str], type[LabelroundError]]] = {
    "an internal error": ((500, "InternalError"), Unavailable),
    "a bad gateway": ((502, "BadGateway"), Unavailable),
    "throttling": ((503, "SlowDown"), Unavailable),
    "another way of throttling": ((429, "TooManyRequests"), Unavailable),
    "a cut connection": ((0, ""), Unavailable),
    "no right": ((403, "AccessDenied"), StorageDenied),
    "an unknown key": ((403, "InvalidAccessKeyId"), StorageDenied),
    "no bucket": ((404, "NoSuchBucket"), ObjectNotFound),
    "a request that is wrong": ((400, "InvalidRequest"), StorageError),
}


@pytest.mark.parametrize(("answer", "kind"), TROUBLES.values(), ids=TROUBLES)
def test_each_trouble_is_what_it_is_and_reads_the_same_each_time(
    bucket: Bucket, answer: tuple[int, str], kind: type[LabelroundError]
) -> None:
    """A status that changes with every request would be written with every pass."""
    Troubled.answer = answer
    told = []

    for _ in range(2):
        with pytest.raises(LabelroundError) as caught:
            bucket.read("a.jpg")
        told.append((type(caught.value), str(caught.value)))

    assert told[0] == told[1]
    assert told[0][0] is kind
