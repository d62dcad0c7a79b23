"""Waiting for a store that is away for a while, or asks to slow down."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from labelround.errors import LabelroundError, Unavailable

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
TOLD_EVERY_SECONDS = 30.0

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(eq=False)
class Patience:
    """How many seconds a store is waited for that has answered before; one that never has may be a wrong address.

    Every caller waits by itself, longer each time, so that many threads ask less and less of a store in trouble.
    """

    seconds: float = 0.0
    answered: bool = False
    told: float = float("-inf")

    def tell(self, error: Unavailable, now: float) -> None:
        """Say what is waited for, now and then."""
        if now - self.told >= TOLD_EVERY_SECONDS:
            self.told = now
            logger.warning("%s; it is asked again", error)


class Patient(Protocol):
    """Something with patience."""

    @property
    def patience(self) -> Patience: ...


Caller = TypeVar("Caller", bound=Patient)


def patiently(
    call: Callable[Concatenate[Caller, Arguments], Result],
) -> Callable[Concatenate[Caller, Arguments], Result]:
    """Call the method again while the store is unavailable, for as long as there is patience."""

    @wraps(call)
    def until_answered(self: Caller, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        patience, began, pause = self.patience, 0.0, FIRST_PAUSE_SECONDS
        while True:
            try:
                result = call(self, *arguments, **named)
            except Unavailable as error:
                now = time.monotonic()
                began = began or now
                if not patience.answered or now - began >= patience.seconds:
                    raise
                patience.tell(error, now)
                time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 no secret
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            except LabelroundError:
                patience.answered = True
                raise
            else:
                patience.answered = True
                return result

    return until_answered
