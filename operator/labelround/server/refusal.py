"""What the server answers when it says no: AWS's error codes."""

from __future__ import annotations

from collections.abc import Sequence


class Refusal(Exception):
    """One refused request. `code` is AWS's error name, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


def invalid(*messages: str) -> Refusal:
    """A ValidationException that tells all `messages`."""
    return Refusal("ValidationException", "; ".join(messages))


def constraint_violations(violations: Sequence[str]) -> Refusal:
    """A ValidationException in the words of AWS's own request validation."""
    noun = "error" if len(violations) == 1 else "errors"
    return Refusal("ValidationException", f"{len(violations)} validation {noun} detected: {'; '.join(violations)}")
