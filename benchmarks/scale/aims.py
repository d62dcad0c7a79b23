"""What the operator should hold to with many rounds, and whether it does."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.scale.result import COLD, IDLE, OPERATOR, RESTART, Measured, Result

AIMED_AT = 10_000
STEADY_WITHIN_SECONDS = 300
MOST_MEGABYTES = 300
IDLE_SHARE = 0.01


def share(measured: Measured) -> float:
    """Of one core."""
    return measured.cpu / measured.seconds


def aims(result: Result) -> Iterator[tuple[str, str, bool]]:
    """Each aim, what was measured, and whether it is met."""
    own = {each.name: each for each in result.programs[OPERATOR]}
    peak = max(each.peak for each in own.values())
    within = f"in under {STEADY_WITHIN_SECONDS // 60} minutes"
    for what, name in (("from a start of the operator to a steady state", RESTART), ("from nothing (cold)", COLD)):
        seconds = own[name].seconds
        yield f"{what}, {within}", f"{seconds:.0f} s", own[name].done and seconds < STEADY_WITHIN_SECONDS
    yield f"at most {MOST_MEGABYTES} MB of memory, ever", f"{peak:.0f} MB", peak < MOST_MEGABYTES
    idle = share(own[IDLE])
    yield f"at rest less than {IDLE_SHARE:.0%} of a core", f"{idle:.2%}", idle < IDLE_SHARE
