"""How a server is set up."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from labelround.errors import InvalidInput, Problem
from labelround.server.address import Database
from labelround.server.faults import Faults
from labelround.server.people import Person, name_problems
from labelround.spec.names import BUILT_IN_LAMBDA_ACCOUNTS

Clock = Callable[[], datetime]
Sleep = Callable[[float], None]


def utc_now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of one server. Times are in seconds; rates and `noise` are shares from 0 to 1.

    `answers` is where the simulated workers find their answers: the content of an output manifest, its path or its S3
    address. Without it and without people, a job stays as it is until it is stopped or its tasks expire.
    `answers_attribute` names the label attribute to read where the manifest has several.

    `database` is a file of SQLite, or the address of a PostgreSQL database (`parse_database`).

    `people` label in a browser, each with an address of their own. They and simulated workers exclude each other, and
    their page is for this machine alone.

    `noise` moves each edge of a box by up to that share of the box's width or height; `delay` is the time between two
    answers of one job; `answers_per_tick` bounds how far a job moves at once, and `tick` is the pause between moves.
    `trust_network` lets it listen beyond this machine and answer under every name: whatever keeps strangers away is
    outside. `clock` and `sleep` are the only sources of time.
    """

    database: Database
    region: str = "us-east-1"
    account: str = "000000000000"
    host: str = "127.0.0.1"
    port: int = 0
    trust_network: bool = False
    answers: bytes | str | Path | None = None
    answers_attribute: str = ""
    people: tuple[Person, ...] = ()
    seed: int = 0
    noise: float = 0.0
    decline_rate: float = 0.0
    delay: float = 0.0
    answers_per_tick: int = 100
    tick: float = 0.1
    max_body_bytes: int = 1 << 20
    request_log: Path | None = None
    faults: Faults = field(default_factory=Faults)
    clock: Clock = utc_now
    sleep: Sleep = time.sleep

    def check(self) -> None:
        """Raises InvalidInput with every setting that is wrong."""
        problems = [Problem(name, what, fix) for name, wrong, what, fix in self._findings() if wrong]
        if problems:
            raise InvalidInput(problems)

    def _findings(self) -> list[tuple[str, bool, str, str]]:
        shares = [
            (name, not 0 <= value <= 1, f"is {value}", "choose a share from 0 to 1")
            for name, value in (("noise", self.noise), ("decline_rate", self.decline_rate))
        ]
        people = [("people", True, what, "name each person once") for what in name_problems(self.people)]
        both = bool(self.people) and self.answers is not None
        beyond = bool(self.people) and (self.trust_network or not is_loopback(self.host))
        return [
            *shares,
            *people,
            ("people", both, "cannot label beside simulated workers", "leave the people or the answers out"),
            ("people", beyond, "can only label on this machine: their page has no accounts yet", LABEL_ON_LOOPBACK),
            ("host", not self._may_listen(), f"{self.host} is not a loopback address", LOOPBACK_ONLY),
            ("port", not 0 <= self.port <= 65535, f"is {self.port}", "choose 0 (any) to 65535"),
            ("delay", not 0 <= self.delay < float("inf"), f"is {self.delay}", "choose 0 or more seconds"),
            ("tick", not 0 < self.tick < float("inf"), f"is {self.tick}", "choose more than 0 seconds"),
            ("answers_per_tick", self.answers_per_tick < 1, f"is {self.answers_per_tick}", "choose 1 or more"),
            ("account", not re.fullmatch("[0-9]{12}", self.account), f"is {self.account!r}", "write 12 digits"),
            (
                "region",
                self.region not in BUILT_IN_LAMBDA_ACCOUNTS,
                f"{self.region!r} has no built-in Ground Truth functions",
                f"choose one of {', '.join(BUILT_IN_LAMBDA_ACCOUNTS)}",
            ),
        ]

    def _may_listen(self) -> bool:
        return self.trust_network or is_loopback(self.host)


LABEL_ON_LOOPBACK = "listen on 127.0.0.1 without --trust-network, and reach it from elsewhere with ssh -L"
LOOPBACK_ONLY = (
    "choose 127.0.0.1; the server does not check signatures, so whoever reaches it can read and write the buckets."
    " Where something else keeps strangers away, add --trust-network"
)


def is_loopback(host: str) -> bool:
    """Whether `host` is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
