"""Processes that end with the tests, however these end, and leave no file."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

# Below the ports that outgoing connections take: a client that retries a stopped server could otherwise take its port.
LOWEST_PORT, PORTS = 20_000, 12_000
# Waits until the tests' end of the pipe is closed, then kills what is still theirs and removes the folder.
GUARD = """
read -r _
for file in "$1"/pid/*; do
  pid=${file##*/}
  cat "/proc/$pid/cmdline" "/proc/$pid/environ" 2>/dev/null | grep -qaF "$1" && kill -KILL "$pid"
done
for _ in 1 2 3 4 5 6 7 8 9; do rm -rf "$1" && break; sleep 0.2; done
"""


class ProcessFamily:
    """Processes with a folder in common, whose path stands in each command line or environment. Close it at the end.

    Whoever starts such a process by another way puts a file with its number into `pid` in the folder.
    """

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"labelround-{name}-"))
        (self.folder / "pid").mkdir()
        (self.folder / "log").mkdir()
        self._members: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = subprocess.Popen(
            ["bash", "-c", GUARD, "guard", str(self.folder)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        """Start a member; its output goes to a log of its name."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which then close this
            )
        (self.folder / "pid" / str(process.pid)).touch()
        self._members[name] = process

    def runs(self, name: str) -> bool:
        return name in self._members and self._members[name].poll() is None

    def kill(self, name: str) -> None:
        """SIGKILL; it is gone on return."""
        process = self._members.pop(name)
        process.kill()
        process.wait()
        (self.folder / "pid" / str(process.pid)).unlink()

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def close(self) -> None:
        """End them all; the folder is gone on return."""
        for name in list(self._members):
            self.kill(name)
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback address that nobody uses now, and that no outgoing connection can take."""
    while True:
        port = LOWEST_PORT + secrets.randbelow(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
