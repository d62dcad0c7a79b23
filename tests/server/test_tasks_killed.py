"""The server is killed while people label, before and after each write of its database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import event
from tests.server.crew import Crew
from tests.server.labeling import Front, Place

from labelround.server.boxes import Box


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product may catch it."""


class Countdown:
    """Kills at the `left`-th commit; before its effect when `early`."""

    def __init__(self, left: int, early: bool) -> None:
        self.left = left
        self.early = early

    def commit(self, connection: Any) -> None:
        self.left -= 1
        if self.left == 0:
            if not self.early:
                connection.connection.dbapi_connection.execute("COMMIT")
            raise Killed


def label(crew: Crew, saved: dict[int, Box]) -> None:
    """Anna draws a box on every picture, each elsewhere; `saved` holds what she was told is saved."""
    for _ in range(20):
        task = crew.tasks.next(crew.id("anna"))
        if task is None:
            break
        box = Box("pen", 10 + task.lease.place, 20, 30, 40)
        crew.tasks.answer(crew.id("anna"), task.lease.id, [box])
        saved[task.lease.place] = box
        crew.place.clock.turn(1)
        crew.place.tick()
    crew.finish()


def killed_and_restarted(crew: Crew, countdown: Countdown) -> tuple[bool, dict[int, Box]]:
    """Label with a server that dies at a commit, then with one that does not: whether it died, and what was saved."""
    saved: dict[int, Box] = {}
    died = False
    with crew.place.serving() as api:
        crew.begin(api)
        event.listen(crew.tasks.store.engine, "commit", countdown.commit)
        try:
            label(crew, saved)
        except Killed:
            died = True
    del crew.__dict__["tasks"]
    with crew.place.serving():
        crew.place.clock.turn(40)
        label(crew, dict(saved))
    return died, saved


def test_no_saved_answer_is_lost_and_none_counts_twice(tmp_path: Path, front: Front) -> None:
    """Wherever the server dies; what was not told as saved is drawn again."""
    deaths = 0
    for early in (True, False):
        for number in range(1, 60):
            crew = Crew(Place(tmp_path / f"{number}-{early}", front))
            died, saved = killed_and_restarted(crew, Countdown(number, early))
            deaths += died

            lines = crew.place.output()
            for place, box in saved.items():
                [drawn] = lines[place]["pens"]["annotations"]
                assert (drawn["left"], drawn["width"]) == (box.left, box.width)
            assert all(len(line["pens"]["annotations"]) == 1 for line in lines)
            responses = [text for name, text in crew.place.files().items() if "worker-response" in name]
            assert [len(json.loads(text)["answers"]) for text in responses] == [1, 1, 1, 1]
            if not died:
                break

    assert deaths >= 30
