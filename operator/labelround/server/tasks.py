"""Labeling by people: which picture somebody gets, and what becomes of their answer. Safe in threads."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from labelround.errors import Unavailable
from labelround.images import BadImage, read_header, upright
from labelround.server.boxes import Box, Size
from labelround.server.jobs import Job, milliseconds
from labelround.server.people import person_id
from labelround.server.settings import ServerSettings
from labelround.server.sources import readable_size
from labelround.server.taskstore import Task, TaskFinished, TaskLost, TaskStore
from labelround.server.work import UnreadableImage
from labelround.storage import Buckets
from labelround.uri import ObjectURI

MAX_IMAGE_BYTES = 40 * 1024 * 1024
MAX_BOXES = 2000
MAX_DECLINE_CHARACTERS = 200


class BadAnswer(Exception):
    """The answer cannot be kept; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture whose every reader sees the stored raster, and its media type."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """What the page asks for. `worker` is a worker id throughout, and every picture and answer is that worker's own."""

    store: TaskStore
    buckets: Buckets
    settings: ServerSettings

    @classmethod
    def opened(cls, store: TaskStore, buckets: Buckets, settings: ServerSettings) -> Tasks:
        """With the people of the settings made known."""
        store.register((person_id(settings.region, person.name), person.name) for person in settings.people)
        return cls(store, buckets, settings)

    def next(self, worker: str) -> Task | None:
        """The picture that the worker has, or else the next one; None while there is none.

        One unreadable picture is passed over, and no more at once. Raises Unavailable when a job's pictures are away
        and no other job has one.
        """
        self.store.put_back(worker)
        has_passed = False
        away: dict[int, Unavailable] = {}
        while (task := self.store.held(worker)) is None:
            free = self._free(worker, away)
            if free is None:
                for problem in away.values():
                    raise problem
                return None
            job, place, source_ref = free
            try:
                size = readable_size(source_ref, self.buckets)
            except Unavailable as error:
                away[job.id] = error
            except UnreadableImage as error:
                if has_passed:
                    return None
                self.store.note_unreadable(job, place, secrets.token_hex(16), str(error))
                has_passed = True
            else:
                self.store.grant(job, worker, place, secrets.token_hex(16), size)
        return task

    def _free(self, worker: str, away: Collection[int]) -> tuple[Job, int, str] | None:
        """The job, place and address of the next picture that the worker may take, of a job that is not `away`."""
        for job in self.store.running():
            is_over = milliseconds(self.settings.clock()) >= job.tasks_expire
            if job.id in away or is_over or self.store.is_sated(job, self.settings.faults):
                continue
            found = self.store.free(job, worker)
            if found is not None:
                return (job, *found)
        return None

    def answer(self, worker: str, lease: str, boxes: Sequence[Box]) -> None:
        """Keep an answer; it is on disk when this returns. Raises BadAnswer and TaskLost."""
        found = self.store.find(worker, lease)
        if len(boxes) > MAX_BOXES:
            raise BadAnswer(f"there are {len(boxes)} boxes; at most {MAX_BOXES} can be kept")
        for number, box in enumerate(boxes, 1):
            if problem := _problem(box, found.size, self.store.job(found).labels):
                raise BadAnswer(f"box {number} {problem}")
        self.store.save(worker, lease, tuple(boxes))

    def decline(self, worker: str, lease: str, reason: str) -> None:
        """Hand a picture back, for a reason. Raises BadAnswer and TaskLost."""
        told = " ".join(reason.split())
        if not told or len(told) > MAX_DECLINE_CHARACTERS or not told.isprintable():
            raise BadAnswer(f"a reason has 1 to {MAX_DECLINE_CHARACTERS} printable characters")
        self.store.save(worker, lease, None, told)

    def picture(self, worker: str, lease: str) -> Picture:
        """The picture of a task in the worker's hands. Raises TaskLost, BadImage and errors of storage."""
        uri = ObjectURI.parse(self.store.task(worker, lease).source_ref)
        content = self.buckets.open(uri.bucket).read(uri.key, at_most=MAX_IMAGE_BYTES)
        header = read_header(lambda start, length: content[start : start + length], len(content))
        return Picture(upright(content), f"image/{header.format.value.lower()}")


def _problem(box: Box, size: Size, labels: Sequence[str]) -> str:
    """Why a box cannot be kept, or an empty string."""
    if box.label not in labels:
        return f"has the label {box.label!r}, which the job does not have"
    if box.width < 1 or box.height < 1:
        return "is less than a pixel wide or high"
    if box.left < 0 or box.top < 0 or box.right > size.width or box.bottom > size.height:
        return f"does not lie inside the picture, which has {size.width} x {size.height} pixels"
    return ""


__all__ = ["BadAnswer", "BadImage", "Picture", "Task", "TaskFinished", "TaskLost", "Tasks"]
