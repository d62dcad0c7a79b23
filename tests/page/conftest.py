"""A browser for every module of tests: Playwright's loop must not run beside other modules' own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.chart.helm import built
from tests.page.studio import Studio, studio

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. Skips with the way to get it when it is not to be had, and fails in CI."""
    program = built("chromium.sh")
    options = [] if os.geteuid() else ["--no-sandbox"]  # which Chromium refuses to set up for root
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=options) as browser:
        yield browser


@pytest.fixture
def open_studio(tmp_path: Path, browser: Browser) -> Callable[..., AbstractContextManager[Studio]]:
    """A server with a job for people; its workers come in with the browser."""
    return partial(studio, tmp_path, browser)
