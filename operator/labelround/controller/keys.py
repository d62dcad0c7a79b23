"""How the operator names a round while it works on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class RoundKey(NamedTuple):
    """A round by its place in the cluster. Its uid is not part of it: the object that is there now counts."""

    namespace: str
    name: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> RoundKey:
        """The key of an object, or of its metadata alone."""
        metadata = body["metadata"]
        return cls(metadata["namespace"], metadata["name"])

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"
