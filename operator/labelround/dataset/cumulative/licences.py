"""SPDX licence expressions: what has to be kept all at once."""

from __future__ import annotations

import re

_TERM = r"(?:\([^()]*\)|\b(?!(?:AND|OR|WITH)\b)[^()\s]+(?: WITH [^()\s]+)?)"
_ALL = re.compile(f"{_TERM}(?: AND {_TERM})*")


def conjuncts(expression: str) -> list[str]:
    """What stands between the ANDs of an expression, without brackets around it; all of it has to be kept.

    An expression with an OR beside them is one, since AND binds closer.
    """
    if not _ALL.fullmatch(expression):
        return [expression]
    return [term.removeprefix("(").removesuffix(")") for term in re.findall(_TERM, expression)]
