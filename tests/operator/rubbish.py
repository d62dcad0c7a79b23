"""Answers that are none."""

from __future__ import annotations

import json
from typing import Any

from tests.operator.faults import Rubbish

PAGE = b"<!DOCTYPE html><html><title>Sign in</title><p>Please sign in to use this network.</p></html>"


def rubbish(kind: Rubbish, answer: bytes) -> bytes:
    """What is sent in place of the server's `answer`."""
    match kind:
        case Rubbish.HTML:
            return PAGE
        case Rubbish.TRUNCATED:
            return answer[: len(answer) // 2]
        case Rubbish.WRONG_TYPES:
            return json.dumps(_wrong(json.loads(answer or b"{}"))).encode()


def _wrong(value: Any) -> Any:
    """The same names with values of other types: an object keeps its own at the top alone."""
    if isinstance(value, dict):
        return {name: _other_type(member) for name, member in value.items()}
    return _other_type(value)


def _other_type(value: Any) -> Any:
    match value:
        case dict():
            return list(value)
        case list():
            return {"items": len(value)}
        case bool() | int() | float():
            return str(value)
        case _:
            return 7
