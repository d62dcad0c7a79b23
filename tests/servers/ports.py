"""Ports of this machine, and waiting for whoever listens on them."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest


def free_port() -> int:
    """A port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(name: str, url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Returns when the process answers at `url`; fails with its log when it ends or stays silent."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 a loopback server
                return
        except OSError:
            pause.wait(0.05)
    pytest.fail(f"{name} did not come up:\n{log.read_text()}")
