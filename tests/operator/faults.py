"""What a proxy can do wrong, and when: faults are values, a rule says which requests meet one.

with proxy.fault(Answer(429), on("patch labelingrounds/status"), times=3): ...
with proxy.fault(Cut(Moment.AFTER, act=operator.kill), on("CreateLabelingJob"), times=1): ...
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(slots=True)
class Seen:
    """One request as a proxy saw it. `time` is in Unix seconds; `status` is None while there is no answer.

    A status of 0 means that the connection was cut before the server had answered. `fault` is what the proxy did to it.
    """

    number: int
    method: str
    path: str
    query: str
    operation: str
    mutating: bool
    user_agent: str
    time: float
    status: int | None = None
    seconds: float = 0.0
    fault: Fault | None = None
    sent: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether the server has done what was asked; a page of somebody in between has a fine status, too."""
        reached = not isinstance(self.fault, Garbage) or self.fault.rubbish.forwarded
        return reached and self.status is not None and 200 <= self.status < 300


Where = Callable[[Seen], bool]


class Moment(Enum):
    """When a connection is cut."""

    BEFORE = "the request never reaches the server"
    MIDDLE = "half of the answer arrives"
    AFTER = "the server has done what was asked, and nothing of its answer arrives"


class Rubbish(Enum):
    """What is no answer, although its status is 200."""

    HTML = "a page of somebody in between; the request never reaches the server"
    TRUNCATED = "the first half of the answer, as if it were all"
    WRONG_TYPES = "the answer's JSON with texts for numbers, numbers for texts and lists for objects"

    @property
    def forwarded(self) -> bool:
        """Whether the server gets the request."""
        return self is not Rubbish.HTML


@dataclass(frozen=True, slots=True)
class Answer:
    """Say no with a status, in the words of the API; `code` is the API's own name for the error."""

    status: int
    code: str = ""


@dataclass(frozen=True, slots=True)
class Hang:
    """Take the request and never answer. When the rule ends the connection is cut."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Answer rubbish."""

    rubbish: Rubbish


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the connection; `act` is called at that moment."""

    moment: Moment = Moment.BEFORE
    act: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """Let the server wait for the request."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WatchError:
    """Begin a watch, send an ERROR event with that code, and end."""

    code: int


Fault = Answer | Hang | Garbage | Cut | Delay | WatchError


@dataclass
class Rule:
    """A fault for the requests that `where` picks, at most `times` of them. May serve several proxies.

    `where` is asked when the request arrives; for `Moment.AFTER` when the server has answered, so that it can look at
    `status`.
    """

    fault: Fault
    where: Where
    times: int | None = None
    met: list[Seen] = field(default_factory=list)
    lifted: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def after(self) -> bool:
        return isinstance(self.fault, Cut) and self.fault.moment is Moment.AFTER

    def takes(self, seen: Seen) -> bool:
        """Whether the request meets this fault; counts it if it does."""
        with self._lock:
            spent = self.times is not None and len(self.met) >= self.times
            if self.lifted.is_set() or spent or not self.where(seen):
                return False
            self.met.append(seen)
            seen.fault = self.fault
            return True


def every(_seen: Seen) -> bool:
    """All requests."""
    return True


def mutating(seen: Seen) -> bool:
    """Requests that change something, but for the Lease, which is renewed for ever."""
    return seen.mutating and not seen.operation.endswith(" leases")


def effect(seen: Seen) -> bool:
    """Requests that have changed something; for `Moment.AFTER`."""
    return mutating(seen) and seen.succeeded


def on(*operations: str) -> Where:
    """Requests for one of these operations."""
    return lambda seen: seen.operation in operations


def nth(number: int, where: Where) -> Where:
    """The `number`-th of the requests that `where` picks, from 1, and no other."""
    count = 0

    def picked(seen: Seen) -> bool:
        nonlocal count
        count += where(seen)
        return where(seen) and count == number

    return picked


def first_of_each(key: Callable[[Seen], Hashable], where: Where) -> Where:
    """Of the requests that `where` picks the first with each key."""
    known: set[Hashable] = set()

    def picked(seen: Seen) -> bool:
        if not where(seen) or key(seen) in known:
            return False
        known.add(key(seen))
        return True

    return picked
