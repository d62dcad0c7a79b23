"""Looking at something again and again, through outages of the Kubernetes API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from labelround.cluster.api import RequestRefused
from labelround.errors import LabelroundError, Unavailable

Seen = TypeVar("Seen")

SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, and until when. `timeout` None means for ever; 0 looks once."""

    poll_seconds: float = 2.0
    timeout: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def looks(look: Callable[[], Seen], pace: Pace, tell: Callable[[str], None], *, patient: bool) -> Iterator[Seen]:
    """What `look` sees, again and again until the time is up.

    An outage is told once and waited out. The first look may fail, unless `patient`; a refusal of it (no rights, say)
    always ends it, and a later one counts as an outage, since credentials are renewed and webhooks come back.
    """
    end = None if pace.timeout is None else pace.clock() + pace.timeout
    answered, told = False, False
    while True:
        try:
            seen = look()
        except (Unavailable, RequestRefused) as error:
            if not answered and not (patient and isinstance(error, Unavailable)):
                raise
            if not told:
                tell(f"{_first_line(error)}; trying again")
            told = True
        else:
            if told:
                tell("the Kubernetes API answers again")
            answered, told = True, False
            yield seen
        left = None if end is None else end - pace.clock()
        if left is not None and left <= 0:
            return
        pace.sleep(pace.poll_seconds if left is None else min(pace.poll_seconds, left))


@dataclass
class Teller:
    """Tells a line for each change: at once on a terminal, else at most one for each subject in ten seconds.

    What was held back is told with the next look, if it still holds then.
    """

    tell: Callable[[str], None]
    terminal: bool
    clock: Callable[[], float] = time.monotonic
    _told: dict[str, tuple[str, float]] = field(default_factory=dict)

    def change(self, subject: str, line: str, *, urgent: bool = False) -> None:
        """Tell `line` about `subject` unless it was the last one told; `urgent` does not wait."""
        now = self.clock()
        last, when = self._told.get(subject, ("", float("-inf")))
        if line == last or not (urgent or self.terminal or now - when >= SECONDS_BETWEEN_LINES):
            return
        self._told[subject] = (line, now)
        self.tell(line)


def _first_line(error: LabelroundError) -> str:
    return str(error).splitlines()[0]
