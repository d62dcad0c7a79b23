"""What a run of the benchmark has found, and its file."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

COLD, RESTART, STEADY, IDLE = "cold", "restart", "steady", "idle"
OPERATOR, TIMER = "operator", "kopf timer"


@dataclass(frozen=True)
class Measured:
    """One stretch of a program's life. `seconds` is how long it lasted, `cpu` the program's own CPU seconds.

    `servers` are the CPU seconds of the others, by name. Memory is in MB, `peak` the most since the program began.
    `passes` counts looks at rounds; `done` says whether it came to the end that was waited for.
    """

    name: str
    seconds: float
    cpu: float
    memory: float
    peak: float
    passes: float
    servers: dict[str, float]
    kubernetes: dict[str, int]
    labeling: dict[str, int]
    s3: dict[str, int]
    done: bool = True


@dataclass(frozen=True, slots=True)
class Windows:
    """In seconds: from one poll to the next, how long each stretch is watched, and how long a calm is one."""

    poll: float
    steady: float
    idle: float
    quiet: float


LONG = Windows(poll=60.0, steady=150.0, idle=150.0, quiet=15.0)
SHORT = Windows(poll=15.0, steady=40.0, idle=30.0, quiet=8.0)


@dataclass(frozen=True)
class Result:
    """A whole run. `created` is how many seconds it took to create the rounds, `wrong` what did not come right."""

    rounds: int
    date: str
    machine: str
    versions: dict[str, str]
    windows: Windows
    created: float
    programs: dict[str, list[Measured]]
    wrong: list[str]


def decode(content: bytes) -> Result:
    """What was encoded."""
    return msgspec.json.decode(content, type=Result)
