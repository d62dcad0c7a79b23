"""The errors labelround raises, split by what the caller does next.

::

    LabelroundError
    ├── InvalidInput          a person changes a file, the spec or an option; trying again cannot help
    │   ├── InvalidRound      the LabelingRound itself
    │   └── InvalidManifest   an input, output or answers manifest, or a label category file
    ├── Conflict              somebody else's work is in the way; a person decides
    ├── Unavailable           wait and try again: throttled, unreachable, a quota that frees itself
    ├── Unfinished            the work goes on, but nobody watches it any more
    └── Failed                give up
        └── StorageError      one object or folder could not be read or written
            ├── ObjectNotFound
            ├── ObjectExists
            ├── ObjectTooLarge
            ├── StorageDenied
            └── StorageFull

Every error names the field or file, what is wrong and what to do. `InvalidInput` carries all problems of one
input at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an input.

    `where` is a field path (`spec.labels[2]`) or a file with its line (`output.manifest:17`); `fix` may be empty
    when `what` already says it.
    """

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.where}: {self.what}{fix}"


class LabelroundError(Exception):
    """The base of all errors a caller may want to catch. `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class InvalidInput(LabelroundError):
    """An input is wrong and nothing was written.

    `problems` holds the problems at hand; `total` may be larger when the reader stopped keeping them.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, problems: Iterable[Problem], *, total: int | None = None) -> None:
        self.problems = tuple(problems)
        self.total = max(total or 0, len(self.problems))
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if self.total > len(lines):
            lines.append(f"... and {self.total - len(lines)} more of {self.total} problems")
        return "\n".join(lines)


class InvalidRound(InvalidInput):
    """The LabelingRound is wrong."""


class InvalidManifest(InvalidInput):
    """A manifest or a label category file is wrong."""


class Conflict(LabelroundError):
    """Somebody else's work is in the way. `reason` is the condition reason, such as `PrefixInUse`."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class Unavailable(LabelroundError):
    """A service cannot answer now; the same call may succeed later. `reason` is the condition reason."""

    def __init__(self, message: str, reason: str = "ServiceUnavailable") -> None:
        self.reason = reason
        super().__init__(message)


class Unfinished(LabelroundError):
    """The round is not finished and this process no longer waits for it."""

    exit_code: ClassVar[int] = 4


class Failed(LabelroundError):
    """Something failed for good."""


class StorageError(Failed):
    """An object or folder could not be read or written. `uri` is `s3://bucket/key` or a path."""

    def __init__(self, uri: str, what: str, fix: str = "") -> None:
        self.uri = uri
        super().__init__(str(Problem(uri, what, fix)))


class ObjectNotFound(StorageError):
    """There is no such object."""


class ObjectExists(StorageError):
    """A conditional write found an object in its place."""


class ObjectTooLarge(StorageError):
    """An object is larger than anything that could be meant by it."""


class StorageDenied(StorageError):
    """The credentials or the file permissions do not allow it."""


class StorageFull(StorageError):
    """The disk is full."""
