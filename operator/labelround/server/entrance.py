"""Who a browser belongs to: a one-time token opens the page, and a cookie keeps it open."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from labelround.server.jobs import milliseconds
from labelround.server.people import Person, person_id
from labelround.server.settings import ServerSettings
from labelround.server.taskstore import TaskStore

SESSION_MILLISECONDS = 30 * 24 * 3600 * 1000


@dataclass(slots=True)
class Entrance:
    """The people who may come in. Safe in threads; the database holds digests alone."""

    settings: ServerSettings
    store: TaskStore
    _tokens: dict[str, str] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._tokens = dict(self._known(self.settings.people))

    def enter(self, token: str) -> str | None:
        """The secret for the cookie of whoever opens the page with an unused token; None for any other."""
        with self._lock:
            worker = self._tokens.pop(_digest(token), None)
        if worker is None:
            return None
        secret = secrets.token_urlsafe(32)
        self.store.begin_session(_digest(secret), worker)
        return secret

    def worker(self, secret: str) -> str | None:
        """The worker id behind a cookie, while the session lasts and the settings name this person."""
        began_after = milliseconds(self.settings.clock()) - SESSION_MILLISECONDS
        worker = self.store.session(_digest(secret), began_after) if secret else None
        return worker if worker in self.names else None

    @property
    def names(self) -> dict[str, str]:
        """The people who may label, by their worker ids."""
        return {person_id(self.settings.region, person.name): person.name for person in self.settings.people}

    def _known(self, people: Iterable[Person]) -> Iterable[tuple[str, str]]:
        return ((_digest(person.token), person_id(self.settings.region, person.name)) for person in people)


def _digest(secret: str) -> str:
    """Secrets are random, so that a plain digest cannot be turned around."""
    return hashlib.sha256(secret.encode()).hexdigest()
