"""People who label at a `Place`, without a browser: what the page asks for is asked directly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PIL import Image
from tests.server.labeling import Place, request, task

from labelround.server.boxes import Box
from labelround.server.jobs import milliseconds
from labelround.server.people import Person, person_id
from labelround.server.tasks import Tasks
from labelround.server.taskstore import Task, TaskStore

NAMES = ("anna", "ben", "cleo")
PEN = Box("pen", 10, 20, 30, 40)


def draw_pictures(place: Place, size: tuple[int, int] = (100, 80)) -> None:
    """The pictures that the manifest of a place names."""
    for name in place.names:
        path = place.bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (200, 180, 90)).save(path, "JPEG")


@dataclass
class Crew:
    """Three people at a place; the job's requests go to a server that runs."""

    place: Place

    def __post_init__(self) -> None:
        draw_pictures(self.place)
        self.place.change(answers=None, people=tuple(map(Person, NAMES)))

    @cached_property
    def tasks(self) -> Tasks:
        clock = self.place.settings.clock
        store = TaskStore(self.place.engine.store.engine, lambda: milliseconds(clock()))
        return Tasks.opened(store, self.place.buckets, self.place.settings)

    def begin(self, api: Any, **changes: Any) -> None:
        """A job that people can work at."""
        api.create_labeling_job(**request(HumanTaskConfig=task(**changes)))
        self.place.tick()

    def next(self, name: str = "anna") -> Task:
        """The picture that somebody gets."""
        found = self.tasks.next(self.id(name))
        assert found is not None
        return found

    def has_nothing(self, name: str = "anna") -> bool:
        return self.tasks.next(self.id(name)) is None

    def draw(self, name: str = "anna", *boxes: Box) -> Task:
        """The next picture, answered with the boxes."""
        found = self.next(name)
        self.tasks.answer(self.id(name), found.lease.id, boxes)
        return found

    def decline(self, name: str, reason: str) -> Task:
        found = self.next(name)
        self.tasks.decline(self.id(name), found.lease.id, reason)
        return found

    def finish(self) -> None:
        """Everybody is content; let the job end."""
        for name in NAMES:
            self.tasks.store.close_answers(self.id(name))
        self.place.clock.turn(1)
        self.place.finish()

    def id(self, name: str) -> str:
        return person_id(self.place.settings.region, name)
