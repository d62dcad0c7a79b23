"""Waiting for a condition, and not a moment longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def until(condition: Callable[[], Value], what: str | Callable[[], str], seconds: float = 30) -> Value:
    """The first value of `condition` that is true; fails with `what` was waited for, after `seconds`."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            text = what if isinstance(what, str) else what()
            raise AssertionError(f"not within {seconds:g} s: {text}")
        pause.wait(0.02)
    return value
