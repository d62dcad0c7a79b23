"""Lengths of time, as people write them and as kubectl shows them."""

from __future__ import annotations

import re
from datetime import datetime

import click

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
YEAR_DAYS = 365


def seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    """`90s`, `45m`, `3h`, `2d`, `1h30m`, or a plain number of seconds; None when nothing was given."""
    if value is None:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    if not re.fullmatch(r"(\d+[smhd])+", value):
        raise click.BadParameter(f"{value!r} is not a length of time; write 90s, 45m, 3h, 2d or 1h30m")
    return float(sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", value)))


def shown(elapsed: float) -> str:
    """A length of time in at most two units, as in kubectl's AGE column."""
    total = max(int(elapsed), 0)
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if total < 120:
        return f"{total}s"
    if minutes < 10:
        return _two(minutes, "m", total % 60, "s")
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * YEAR_DAYS:
        return f"{days}d"
    return _two(days // YEAR_DAYS, "y", days % YEAR_DAYS, "d")


def moment(text: str) -> datetime | None:
    """A time of the Kubernetes API, in RFC 3339; None for anything else."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read if read.tzinfo else None


def since(text: str, now: datetime) -> str:
    """How long ago a time of the Kubernetes API was; `?` when it is none."""
    then = moment(text)
    return shown((now - then).total_seconds()) if then else "?"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
