"""The operator's three pages over HTTP."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Gauge

from labelround.controller.http import Pages, serving
from labelround.errors import InvalidInput

HOST = "127.0.0.1"


def pages(alive: list[str] | None = None, ready: list[str] | None = None) -> Pages:
    registry = CollectorRegistry()
    Gauge("answer", "Of it all.", registry=registry).set(42)
    return Pages(registry, lambda: alive or [], lambda: ready or [])


def fetched(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_an_operator_that_is_well_says_so() -> None:
    """To the probes of a Pod."""
    with serving(HOST, 0, pages()) as port:
        answers = [fetched(port, path) for path in ("/healthz", "/readyz")]

    assert answers == [(200, "ok\n")] * 2


def test_an_operator_that_is_not_says_why() -> None:
    """Alive is one thing and ready another."""
    with serving(HOST, 0, pages(["the watch hangs"], ["nothing was listed"])) as port:
        answers = [fetched(port, path) for path in ("/healthz", "/readyz?verbose")]

    assert answers == [(503, "the watch hangs\n"), (503, "nothing was listed\n")]


def test_the_metrics_are_prometheus_text() -> None:
    """Of the registry that was passed in, and of no other."""
    with serving(HOST, 0, pages()) as port:
        status, text = fetched(port, "/metrics")

    assert status == 200
    assert "answer 42.0" in text
    assert "python_gc" not in text


def test_any_other_page_is_none() -> None:
    """With a word on which there are."""
    with serving(HOST, 0, pages()) as port:
        status, text = fetched(port, "/")

    assert status == 404
    assert "/metrics" in text


def test_an_address_that_is_taken_is_a_wrong_setting() -> None:
    """Told as a sentence that names it."""
    with serving(HOST, 0, pages()) as port, pytest.raises(InvalidInput) as refused, serving(HOST, port, pages()):
        pass

    assert f"{HOST}:{port} cannot be listened on" in str(refused.value)
    assert "http.port" in str(refused.value)
