"""What the page is told: tasks, answers and progress, as JSON. All texts in it are data, to be shown as text."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from labelround.errors import LabelroundError
from labelround.server.boxes import Box
from labelround.server.entrance import Entrance
from labelround.server.instructions import Instructions, read_instructions
from labelround.server.jobs import Job
from labelround.server.sources import MAX_TEMPLATE_BYTES
from labelround.server.tasks import BadAnswer, Task, Tasks
from labelround.uri import ObjectURI

Content = dict[str, Any]
EDGES = ("left", "top", "width", "height")


@dataclass(frozen=True, slots=True)
class Desk:
    """The side of the server that people's browsers talk to. Safe in threads."""

    tasks: Tasks
    entrance: Entrance
    _instructions: dict[int, Instructions] = field(default_factory=dict)
    _reading: threading.Lock = field(default_factory=threading.Lock)

    def next(self, worker: str, _request: Mapping[str, Any]) -> Content:
        """The worker's next picture, and how far everything is."""
        task = self.tasks.next(worker)
        return {
            "worker": self.entrance.names[worker],
            "task": self._task(worker, task) if task else None,
            "progress": self._progress(worker, task),
            "earlier": [self._earlier(worker, each) for each in self.tasks.store.revisable(worker)],
        }

    def answer(self, worker: str, request: Mapping[str, Any]) -> Content:
        """Keep the boxes of a picture; when this returns they are on disk."""
        boxes = request.get("boxes")
        if not isinstance(boxes, list):
            raise BadAnswer("boxes is not a list")
        self.tasks.answer(worker, _text(request, "lease"), [_box(number, one) for number, one in enumerate(boxes, 1)])
        return {"saved": True}

    def decline(self, worker: str, request: Mapping[str, Any]) -> Content:
        """Hand a picture back."""
        self.tasks.decline(worker, _text(request, "lease"), _text(request, "reason"))
        return {"saved": True}

    def back(self, worker: str, request: Mapping[str, Any]) -> Content:
        """Go back to an earlier answer."""
        task = self.tasks.store.reopen(worker, _text(request, "lease"))
        return {"task": self._task(worker, task), "progress": self._progress(worker, task)}

    def finish(self, worker: str, _request: Mapping[str, Any]) -> Content:
        """The worker's answers stay as they are."""
        self.tasks.store.close_answers(worker)
        return {"finished": True}

    def _task(self, worker: str, task: Task) -> Content:
        job, lease = task.job, task.lease
        instructions = self._of(job)
        return {
            "lease": lease.id,
            "draft": _draft(worker, task),
            "job": job.name,
            "title": job.request["HumanTaskConfig"]["TaskTitle"],
            "name": ObjectURI.parse(task.source_ref).key,
            "labels": list(job.labels),
            "width": lease.size.width,
            "height": lease.size.height,
            "boxes": None if task.boxes is None else [asdict(box) for box in task.boxes],
            "declined": lease.reason,
            "instructions": asdict(instructions),
        }

    def _earlier(self, worker: str, task: Task) -> Content:
        return {
            "lease": task.lease.id,
            "draft": _draft(worker, task),
            "name": ObjectURI.parse(task.source_ref).key,
            "boxes": len(task.boxes or ()),
            "declined": task.lease.reason,
        }

    def _progress(self, worker: str, task: Task | None) -> list[Content]:
        """Of the job at hand, or of all that run."""
        running = [job for job in self.tasks.store.running() if task is None or job.id == task.job.id]
        return [{"job": job.name, **self.tasks.store.progress(job, worker)} for job in running]

    def _of(self, job: Job) -> Instructions:
        """The instructions of a job, read once; none while its template cannot be read."""
        if job.id not in self._instructions:
            uri = ObjectURI.parse(job.request["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"])
            try:
                content = self.tasks.buckets.open(uri.bucket).read(uri.key, at_most=MAX_TEMPLATE_BYTES)
            except LabelroundError:
                return Instructions()
            with self._reading:
                if job.id not in self._instructions:
                    self._instructions[job.id] = read_instructions(content.decode("utf-8", "replace"))
        return self._instructions[job.id]


def _draft(worker: str, task: Task) -> str:
    """Under which name a browser keeps what this worker draws on the picture; several may share the browser."""
    return f"{worker}:{task.job.reference_code}:{task.lease.place}"


def _text(request: Mapping[str, Any], name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str):
        raise BadAnswer(f"{name} is not a text")
    if any(one == "\0" or "\ud800" <= one <= "\udfff" for one in value):
        raise BadAnswer(f"{name} holds what is no character")  # and what no database takes
    return value


def _box(number: int, value: Any) -> Box:
    """A box in whole pixels."""
    if not isinstance(value, dict) or not isinstance(value.get("label"), str):
        raise BadAnswer(f"box {number} has no label")
    for edge in EDGES:
        if isinstance(value.get(edge), bool) or not isinstance(value.get(edge), int):
            raise BadAnswer(f"box {number} needs {edge} as a whole number of pixels")
    return Box(value["label"], *(value[edge] for edge in EDGES))
