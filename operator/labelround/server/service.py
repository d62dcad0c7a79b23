"""One running server without its HTTP side: the database, the operations, and the thread that moves jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine as SQLEngine

from labelround.errors import Conflict, Unavailable
from labelround.server.answers import Answers, read_answers
from labelround.server.database import locked, open_database
from labelround.server.desk import Desk
from labelround.server.engine import Engine
from labelround.server.entrance import Entrance
from labelround.server.jobs import milliseconds
from labelround.server.lock import Check
from labelround.server.operations import Operations
from labelround.server.requestlog import RequestLog
from labelround.server.settings import ServerSettings
from labelround.server.shapes import service_model
from labelround.server.sources import open_answers
from labelround.server.store import JobStore
from labelround.server.tasks import Tasks
from labelround.server.taskstore import TaskStore
from labelround.storage import Buckets

logger = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Service:
    """What the HTTP side needs."""

    settings: ServerSettings
    operations: Operations
    request_log: RequestLog | None = None
    desk: Desk | None = None

    def log_request(self, **entry: Any) -> None:
        """Note one request, and its time. A log that cannot be written fails no request."""
        if not self.request_log:
            return
        try:
            self.request_log.write({"time": self.settings.clock().isoformat(), **entry})
        except OSError as error:
            logger.warning("the request log cannot be written: %s", error.strerror)


@contextmanager
def opened(settings: ServerSettings, buckets: Buckets) -> Iterator[Service]:
    """A service whose jobs move for as long as the context lasts.

    Raises InvalidInput for wrong settings or answers, Conflict for a database that another server uses, and Unavailable
    for one that does not answer.
    """
    settings.check()
    with ExitStack() as stack:
        check = stack.enter_context(locked(settings.database))
        engine = open_database(settings.database)
        stack.callback(engine.dispose)
        log = RequestLog(settings.request_log) if settings.request_log else None
        if log:
            stack.callback(log.close)
        store = JobStore(engine)
        workers = Engine(store, buckets, settings, _answers(settings, buckets))
        service_model()
        stack.enter_context(_moving(workers, settings.tick, check))
        _announce(settings, workers.answers)
        yield Service(settings, Operations(store, buckets, settings), log, _desk(engine, buckets, settings))


def _desk(engine: SQLEngine, buckets: Buckets, settings: ServerSettings) -> Desk | None:
    """Where people label; None when the settings name nobody."""
    if not settings.people:
        return None
    store = TaskStore(engine, lambda: milliseconds(settings.clock()))
    return Desk(Tasks.opened(store, buckets, settings), Entrance(settings, store))


def _answers(settings: ServerSettings, buckets: Buckets) -> Answers | None:
    if settings.answers is None:
        return None
    lines, name = open_answers(settings.answers, buckets)
    return read_answers(lines, name, settings.answers_attribute)


@contextmanager
def _moving(engine: Engine, pause: float, check: Check) -> Iterator[None]:
    """Tick in a thread, while the database is had alone; a tick that fails is tried again, with growing pauses."""
    stop = threading.Event()

    def run() -> None:
        failures = 0
        while not stop.wait(max(pause, min(pause * 2**failures, LONGEST_PAUSE_SECONDS))):
            try:
                if check():
                    engine.look_anew()
                engine.tick()
                failures = 0
            except (Conflict, Unavailable) as error:
                failures = min(failures + 1, 16)
                logger.warning("labeling jobs have to wait: %s", error)
            except Exception:
                failures = min(failures + 1, 16)
                logger.exception("labeling jobs could not be moved")

    thread = threading.Thread(target=run, name="labelround-server-jobs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _announce(settings: ServerSettings, answers: Answers | None) -> None:
    people = ", ".join(person.name for person in settings.people) or "none"
    workers = f"simulated, with answers for {len(answers.by_reference)} images" if answers else people
    logger.info("server started", extra={"database": str(settings.database), "workers": workers})
    if active := settings.faults.active():
        logger.warning("faults are on", extra={"faults": list(active)})
