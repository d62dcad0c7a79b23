"""What happened when, for whoever reads why a soak failed, and for the numbers of its page."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class Chronicle:
    """Kept by several threads at once."""

    lines: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.time)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, text: str, *, count: str = "") -> None:
        """Write a line; `count` is under which name it counts."""
        now = time.time()
        with self._lock:
            moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
            self.lines.append(f"{moment} {now - self.began:7.1f} s  {text}")
            if count:
                self.counts[count] += 1

    def __str__(self) -> str:
        with self._lock:
            return "\n".join(self.lines)
