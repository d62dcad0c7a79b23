"""The people who label in a browser: their names, the ids that Ground Truth's files know them by, and their way in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who labels. `token` opens the page for them, once; a name says who they are, also after a restart."""

    name: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def entrance(self, endpoint: str) -> str:
        """The address that this person opens."""
        return f"{endpoint}/enter?token={self.token}"


def person_id(region: str, name: str) -> str:
    """The worker id of a person, in the form that Ground Truth gives those of private teams."""
    digest = hashlib.sha256(f"labelround person {name}".encode()).hexdigest()
    return f"private.{region}.{digest[:16]}"


def name_problems(people: Collection[Person]) -> Iterator[str]:
    """What is wrong with the names of people, as sentences."""
    names = [person.name for person in people]
    for name in dict.fromkeys(names):
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            yield f"{name!r} is not a name of 1 to {LONGEST_NAME} printable characters"
        elif names.count(name) > 1:
            yield f"{name!r} is named twice"
