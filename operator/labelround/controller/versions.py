"""Which version of each round has been looked at, so that an event that tells nothing new costs nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from labelround.controller.keys import RoundKey


@dataclass
class Versions:
    """`resourceVersion`s by round. They grow: the Kubernetes API promises that they compare as whole numbers.

    While a pass works on a round, what a watch tells of it is kept until the pass ends: mostly it is the pass's own
    writing that comes back.
    """

    _known: dict[RoundKey, str] = field(default_factory=dict)
    _held: dict[RoundKey, str | None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_news(self, key: RoundKey, version: str) -> bool:
        """Whether a pass has to look at this version; it is known from now on."""
        with self._lock:
            if not _is_newer(version, self._known.get(key)):
                return False
            if key in self._held:
                if _is_newer(version, self._held[key]):
                    self._held[key] = version
                return False
            self._known[key] = version
            return True

    def begin(self, key: RoundKey) -> None:
        """A pass begins."""
        with self._lock:
            self._held[key] = None

    def handled(self, key: RoundKey, version: str) -> None:
        """The pass has read or written this version."""
        with self._lock:
            self._known[key] = version

    def end(self, key: RoundKey) -> bool:
        """The pass ends; whether another version than the pass's last was told meanwhile."""
        with self._lock:
            held = self._held.pop(key, None)
            return held is not None and _is_newer(held, self._known.get(key))

    def forget(self, key: RoundKey) -> None:
        """The round is gone."""
        with self._lock:
            self._known.pop(key, None)

    def known(self) -> set[RoundKey]:
        """The rounds that are known at this moment."""
        with self._lock:
            return set(self._known)


def _is_newer(version: str, known: str | None) -> bool:
    if known is None:
        return True
    if version.isdecimal() and known.isdecimal():
        return int(version) > int(known)
    return version != known
