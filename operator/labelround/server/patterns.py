"""The regular expressions of AWS's service models, which are Java's, as Python's.

They differ in three things that the models use: `\\p{L}` and its kin, what `.` leaves out, and which digits are `\\d`.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache
from itertools import groupby

_CATEGORY = re.compile(r"\\p\{([A-Z])\}")
# What `.` does not match in Java; in Python it is the line feed alone.
_ANY_BUT_LINE_ENDS = "[^\\n\\r\\x85\\u2028\\u2029]"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, to be used with `fullmatch`."""
    return re.compile(_translated(pattern), re.ASCII)


def _translated(pattern: str) -> str:
    """The pattern in Python's syntax."""
    parts: list[str] = []
    place = 0
    in_class = False
    while place < len(pattern):
        piece = pattern[place]
        if piece == "\\":
            if category := _CATEGORY.match(pattern, place):
                ranges = _ranges()[category[1]]
                parts.append(ranges if in_class else f"[{ranges}]")
                place = category.end()
                continue
            piece = pattern[place : place + 2]
        elif piece == "[":
            in_class = True
        elif piece == "]":
            in_class = False
        parts.append(_ANY_BUT_LINE_ENDS if piece == "." and not in_class else piece)
        place += len(piece)
    return "".join(parts)


@cache
def _ranges() -> dict[str, str]:
    """The characters of each Unicode category (`L`: letters), as the inside of a character class."""
    parts: dict[str, list[str]] = {}
    points = range(sys.maxunicode + 1)
    for category, group in groupby(points, lambda point: unicodedata.category(chr(point))[0]):
        run = list(group)
        parts.setdefault(category, []).append(f"\\U{run[0]:08x}-\\U{run[-1]:08x}")
    return {category: "".join(ranges) for category, ranges in parts.items()}
