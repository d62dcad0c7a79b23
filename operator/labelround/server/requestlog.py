"""A log of all requests as JSON lines, for tests that count calls."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelround.errors import StorageDenied


class RequestLog:
    """Appends one line a request; a line is whole or absent, also with several processes."""

    def __init__(self, path: Path) -> None:
        """Raises StorageDenied when the file cannot be opened."""
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageDenied(str(path), f"cannot be opened ({error.strerror})", "name another file") from error

    def write(self, entry: Mapping[str, Any]) -> None:
        os.write(self._file, f"{json.dumps(entry, ensure_ascii=False)}\n".encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        os.close(self._file)
