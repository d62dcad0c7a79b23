"""What obstore, the operating system and boto3 raise, as errors of `labelround.errors`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from labelround.errors import ObjectExists, ObjectNotFound, StorageDenied, StorageError, StorageFull, Unavailable

# What differs from one try to the next, so that the same trouble always reads the same.
_CHANGING = re.compile(r" in [0-9.]+(?:ns|µs|ms|s)\b(?:, after [^-]*)?(?= +- )|<(RequestId|HostId)>[^<]*</\1>")
_PASSING = re.compile(r"error sending request|timed out|ConnectionError|SlowDown|status code: (?:429|5\d\d)")


class UnaddressableKey(StorageError):
    """A key that the storage library cannot hold: control characters, `//`, `.` or `..` segments."""


@contextmanager
def translated(uri: str) -> Iterator[None]:
    """Turn the errors of obstore, the operating system and boto3 into our own."""
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise ObjectNotFound(uri, "not found") from error
    except (AlreadyExistsError, PreconditionError) as error:
        raise ObjectExists(uri, "is already there") from error
    except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
        raise StorageDenied(uri, f"access denied ({_first_line(error)})", "check the permissions") from error
    except InvalidPathError as error:
        raise UnaddressableKey(uri, f"holds a key that cannot be addressed ({_first_line(error)})") from error
    except (BaseError, OSError, ValueError) as error:
        raise _by_text(uri, error) from error
    except Exception as error:
        if type(error).__module__.startswith("botocore"):
            raise _by_text(uri, error) from error
        raise


def _by_text(uri: str, error: Exception) -> StorageError | Unavailable:
    """obstore reports a full disk, a read-only one or a dead server alike; only the text tells them apart."""
    text = str(error)
    if "os error 28" in text or "os error 122" in text or "No space left" in text:
        return StorageFull(uri, "the disk is full", "free some space and run again")
    if "os error 30" in text or "os error 13" in text or "AccessDenied" in text or "Forbidden" in text:
        return StorageDenied(uri, f"cannot be written or read ({_first_line(error)})", "check the permissions")
    if "NoSuchBucket" in text:
        return ObjectNotFound(uri, "the bucket does not exist", "make it, or correct its name")
    if _PASSING.search(text):
        return Unavailable(f"{uri}: {_first_line(error)}")
    return StorageError(uri, _first_line(error))


def _first_line(error: Exception) -> str:
    return _CHANGING.sub("", str(error).split("\n", 1)[0]).strip()
