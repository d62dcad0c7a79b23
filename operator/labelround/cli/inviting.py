"""Showing people the way to the page on which they label."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from labelround.server.people import Person

PORTS = range(20_000, 30_000)
"""Below those that systems give out by themselves."""
TAKEN = (
    "warning: this round's own port {port} is taken, so the page opens at another. Drawings that were not saved yet are"
    " in the browser under http://127.0.0.1:{port}; to see them, end what has the port and start this command again"
)


def login_name() -> str:
    """Who is logged in; answers carry the name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "worker"


def page_port(uid: str, state: Path) -> int:
    """The own port of a round whose state is kept there, so that its page has the same address when it goes on.

    0, which stands for any, when it is taken; that is told, with where drawings are.
    """
    digest = hashlib.sha256(f"{uid} {state.absolute()}".encode("utf-8", "surrogateescape")).digest()
    port = PORTS[int.from_bytes(digest[:4]) % len(PORTS)]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            click.echo(TAKEN.format(port=port), err=True)
            return 0
    return port


def show_the_way(people: Sequence[Person], endpoint: str, *, open_page: bool) -> None:
    """Print each person's address, which opens the page once, and open it for a single one."""
    for person in people:
        click.echo(f"{person.name} labels here: {person.entrance(endpoint)}", err=True)
    if open_page and len(people) == 1 and _has_a_screen():
        webbrowser.open(people[0].entrance(endpoint))


def _has_a_screen() -> bool:
    """Without one, a browser of the terminal would take the terminal."""
    screens = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in {"darwin", "win32"} or any(os.environ.get(name) for name in screens)
