"""Amounts of a resource as Kubernetes writes them: `2`, `500m`, `1Gi`, `1e3`."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from types import MappingProxyType

RESOURCES = ("cpu", "memory", "ephemeral-storage")
QUANTITY = r"[+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?"

_UNITS = MappingProxyType(
    {
        "": Fraction(1),
        **{unit: Fraction(1, 1000**power) for power, unit in enumerate("mun", 1)},
        **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", 1)},
        **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", 1)},
    }
)


def quantity_problem(text: str) -> str:
    """Why `text` is not an amount."""
    return "" if re.fullmatch(QUANTITY, text) else f"{text!r} is not a quantity such as 2, 500m or 1Gi"


def amount(quantity: int | str) -> Fraction:
    """How much a quantity without a problem is; Kubernetes rounds up to billionths."""
    found = re.fullmatch(r"[+]?([0-9.]+)(.*)", str(quantity))
    number, unit = found.groups() if found else ("0", "")
    factor = _UNITS[unit] if unit in _UNITS else Fraction(10) ** int(unit[1:])
    return Fraction(math.ceil(Fraction(number) * factor * 10**9), 10**9)
