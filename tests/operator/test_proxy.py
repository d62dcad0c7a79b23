"""The proxy that other tests rely on does what it is told, and nothing else."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.operator.dialects import S3, Dialect, Kubernetes, Labeling
from tests.operator.faults import (
    Answer,
    Cut,
    Delay,
    Garbage,
    Hang,
    Moment,
    Rubbish,
    Rule,
    WatchError,
    effect,
    first_of_each,
    nth,
    on,
)
from tests.operator.proxy import Proxy
from tests.servers.waiting import until

ROUNDS = "/apis/labelround.dev/v1alpha1/namespaces/default/labelingrounds"
CONTENT = json.dumps({"kind": "Thing", "metadata": {"name": "a"}, "items": [1, 2], "count": 3}).encode()


class Server(ThreadingHTTPServer):
    """Answers everything with CONTENT, and watches with one line until `more` is set, and then one more."""

    daemon_threads = True

    def __init__(self) -> None:
        self.more = threading.Event()
        self.got: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.got.append(f"{self.command} {self.path} {self.headers.get('Host')}")
        if "watch=true" in self.path:
            self._watch()
            return
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(CONTENT)

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def _watch(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b'4\r\n{"a"\r\n6\r\n: 1}\n{\r\n')
        self.server.more.wait(10)
        self.wfile.write(b'7\r\n"b":2}\n\r\n0\r\n\r\n')

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    """A server to stand before."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.more.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A proxy before it that speaks of Kubernetes."""
    with Proxy(server.url, Kubernetes()) as proxy:
        yield proxy


@contextmanager
def connected(proxy: Proxy, timeout: float = 5) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)
    try:
        yield connection
    finally:
        connection.close()


def ask(proxy: Proxy, method: str = "GET", path: str = ROUNDS, timeout: float = 5) -> tuple[int, bytes]:
    """Status and content of an answer."""
    with connected(proxy, timeout) as connection:
        connection.request(method, path, b"{}" if method != "GET" else None)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_requests_pass_unchanged_and_are_noted(proxy: Proxy, server: Server) -> None:
    """Odd paths keep every byte, the Host stays the client's, and each request has a name."""
    path = f"{ROUNDS}/a%23b%20c%2Fd?limit=2&x=%3F"

    answers = [ask(proxy, path=path), ask(proxy, "PATCH", f"{ROUNDS}/a/status")]

    assert answers == [(200, CONTENT)] * 2
    assert server.got[0] == f"GET {path} 127.0.0.1:{proxy.port}"
    assert [(seen.operation, seen.status, seen.mutating) for seen in proxy.requests] == [
        ("get labelingrounds", 200, False),
        ("patch labelingrounds/status", 200, True),
    ]


def test_a_head_without_a_body_keeps_its_length(proxy: Proxy) -> None:
    """S3 clients read an object's size from it."""
    with connected(proxy) as connection:
        connection.request("HEAD", "/bucket/key")
        answer = connection.getresponse()

    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))


def test_a_fault_meets_the_requests_it_is_for_and_ends_with_its_context(proxy: Proxy, server: Server) -> None:
    """Twice 429 for status writes alone; then all is as before."""
    status = f"{ROUNDS}/a/status"

    with proxy.fault(Answer(429), on("patch labelingrounds/status"), times=2) as rule:
        during = [ask(proxy, "PATCH", status)[0], ask(proxy)[0], *(ask(proxy, "PATCH", status)[0] for _ in "ab")]

    assert during == [429, 200, 429, 200]
    assert len(rule.met) == 2
    assert len(server.got) == 2


@pytest.mark.parametrize(
    ("dialect", "status", "text"),
    [
        (Kubernetes(), 410, b'"reason": "Expired"'),
        (Kubernetes(), 401, b'"reason": "Unauthorized"'),
        (Labeling(), 429, b'"__type": "ThrottlingException"'),
        (S3(), 503, b"<Code>SlowDown</Code>"),
    ],
)
def test_a_refusal_is_in_the_words_of_the_api(server: Server, dialect: Dialect, status: int, text: bytes) -> None:
    """Clients read their error from the body, not from the number alone."""
    with Proxy(server.url, dialect) as proxy, proxy.fault(Answer(status)):
        answered, content = ask(proxy)

    assert answered == (400 if isinstance(dialect, Labeling) else status)
    assert text in content


def test_a_request_that_hangs_is_cut_when_the_fault_ends(proxy: Proxy, server: Server) -> None:
    """It never reaches the server, and a client without patience is let go."""
    with proxy.fault(Hang()) as hanging:
        with pytest.raises(TimeoutError):
            ask(proxy, timeout=0.2)
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(ask, proxy)
            until(lambda: proxy.count() == 2, "the second request")
            hanging.lifted.set()
            cut = waiting.exception(5)

    assert isinstance(cut, http.client.RemoteDisconnected | ConnectionError)
    assert server.got == []


@pytest.mark.parametrize("moment", Moment)
def test_a_cut_connection_tells_nothing_and_calls_back(proxy: Proxy, server: Server, moment: Moment) -> None:
    """The callback runs before the client knows; only `before` keeps the request from the server."""
    called: list[int] = []

    with (
        proxy.fault(Cut(moment, lambda: called.append(len(server.got))), times=1),
        pytest.raises((OSError, http.client.HTTPException)),
    ):
        ask(proxy, "POST")

    assert called == [moment is not Moment.BEFORE]
    assert [seen.succeeded for seen in proxy.requests] == [moment is not Moment.BEFORE]
    assert ask(proxy)[0] == 200


@pytest.mark.parametrize("kind", Rubbish)
def test_rubbish_is_no_answer_although_it_says_so(proxy: Proxy, server: Server, kind: Rubbish) -> None:
    """Half a JSON text, a page, or JSON of other types."""
    with proxy.fault(Garbage(kind)):
        status, content = ask(proxy)

    assert status == 200
    assert content != CONTENT
    assert bool(server.got) is kind.forwarded
    assert [seen.succeeded for seen in proxy.requests] == [kind.forwarded]
    if kind is Rubbish.WRONG_TYPES:
        assert json.loads(content) == {"kind": 7, "metadata": ["name"], "items": {"items": 2}, "count": "3"}


def test_a_delayed_request_arrives_in_the_end(proxy: Proxy) -> None:
    """Slow, and right."""
    with proxy.fault(Delay(0.1)):
        answer = ask(proxy)

    assert answer == (200, CONTENT)
    assert proxy.requests[0].seconds >= 0.1


def test_a_watch_streams_whole_lines(proxy: Proxy, server: Server) -> None:
    """What arrives in pieces is passed on line by line, at once."""
    with connected(proxy) as connection:
        connection.request("GET", f"{ROUNDS}?watch=true")
        answer = connection.getresponse()
        first = answer.readline()
        server.more.set()
        rest = answer.read()

    assert (first, rest) == (b'{"a": 1}\n', b'{"b":2}\n')
    assert proxy.requests[0].operation == "watch labelingrounds"


def test_a_running_watch_can_end_with_an_error_event(proxy: Proxy) -> None:
    """As an API server ends one whose resource version is too old."""
    with connected(proxy) as connection:
        connection.request("GET", f"{ROUNDS}?watch=true")
        answer = connection.getresponse()
        answer.readline()
        proxy.end_watches(410)
        event = json.loads(answer.read())

    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_a_new_watch_can_begin_with_an_error_event(proxy: Proxy, server: Server) -> None:
    """The server is not asked."""
    with proxy.fault(WatchError(500), on("watch labelingrounds")):
        event = json.loads(ask(proxy, path=f"{ROUNDS}?watch=true")[1])

    assert event["object"]["code"] == 500
    assert server.got == []


def test_a_running_watch_can_be_reset(proxy: Proxy) -> None:
    """Its client sees a broken connection, no end."""
    with connected(proxy) as connection:
        connection.request("GET", f"{ROUNDS}?watch=true")
        answer = connection.getresponse()
        answer.readline()
        proxy.cut()
        with pytest.raises((OSError, http.client.HTTPException)):
            answer.read()


def test_in_a_black_hole_a_watch_is_silent_and_goes_on_afterwards(proxy: Proxy, server: Server) -> None:
    """Nothing is lost that was sent meanwhile."""
    with connected(proxy, timeout=0.3) as connection:
        connection.request("GET", f"{ROUNDS}?watch=true")
        answer = connection.getresponse()
        answer.readline()
        with proxy.black_hole():
            server.more.set()
            with pytest.raises(TimeoutError):
                ask(proxy, timeout=0.2)
        rest = answer.read()

    assert rest == b'{"b":2}\n'


def test_a_proxy_that_is_down_refuses_connections_and_comes_back_at_its_address(proxy: Proxy) -> None:
    """As a server that is restarted."""
    with proxy.down(), pytest.raises(ConnectionRefusedError):
        ask(proxy)

    assert ask(proxy)[0] == 200


def test_one_rule_counts_over_several_proxies(server: Server) -> None:
    """The third effect of all, wherever it happens, and no read."""
    called: list[str] = []
    rule = Rule(Cut(Moment.AFTER, lambda: called.append("now")), nth(3, effect))

    with ExitStack() as stack:
        proxies = [stack.enter_context(Proxy(server.url, Kubernetes())) for _ in "ab"]
        for proxy in proxies:
            stack.enter_context(proxy.ruled(rule))
        answers = [ask(proxies[0], "POST"), ask(proxies[1], "POST"), ask(proxies[1])]
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(proxies[0], "POST")
        answers.append(ask(proxies[0], "POST"))

    assert [status for status, _ in answers] == [200] * 4
    assert called == ["now"]


def test_a_rule_can_pick_the_first_of_each_kind(proxy: Proxy) -> None:
    """So that a client that tries again gets through the second time."""
    where = first_of_each(lambda seen: seen.operation, on("create jobs", "patch jobs"))
    jobs = "/apis/batch/v1/namespaces/default/jobs"

    with proxy.fault(Answer(500), where):
        answers = [ask(proxy, *call)[0] for call in [("POST", jobs), ("PATCH", f"{jobs}/a")] * 2]

    assert answers == [500, 500, 200, 200]
