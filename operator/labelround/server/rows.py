"""Rows of the database as values, and values as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from labelround.groundtruth.api import JobStatus
from labelround.server.boxes import Box, Size
from labelround.server.jobs import Job, ObjectState
from labelround.server.schema import answers
from labelround.server.work import Closed, Given

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class InputObject:
    """One data object of a manifest; `kept` when its line already has the label and it is not sent out."""

    place: int
    line: str
    source_ref: str
    kept: bool


@dataclass(frozen=True, slots=True)
class OutputObject:
    """One data object with its result; `members` is empty while it has none."""

    place: int
    line: str
    source_ref: str
    state: ObjectState
    members: dict[str, Any]
    given: tuple[Given, ...] = ()


def job_of(row: RowMapping) -> Job:
    values = {name: value for name, value in row.items() if name != "name_key"}
    return Job(
        **values
        | {
            "request": json.loads(row["request"]),
            "labels": tuple(json.loads(row["labels"])),
            "status": JobStatus(row["status"]),
            "ending": JobStatus(row["ending"]) if row["ending"] else None,
        }
    )


def input_row(job: Job, item: InputObject) -> dict[str, Any]:
    state = ObjectState.KEPT if item.kept else ObjectState.OPEN
    return {
        "job_id": job.id,
        "place": item.place,
        "line": item.line,
        "source_ref": item.source_ref,
        "state": state.value,
    }


def output_object(row: RowMapping, given: tuple[Given, ...] = ()) -> OutputObject:
    return OutputObject(
        row["place"], row["line"], row["source_ref"], ObjectState(row["state"]), json.loads(row["members"]), given
    )


def answer_row(job: Job, given: Given) -> dict[str, Any]:
    boxes = None
    if given.boxes is not None:
        boxes = json.dumps([[box.label, box.left, box.top, box.width, box.height] for box in given.boxes])
    return {
        "job_id": job.id,
        "place": given.index,
        "turn": given.turn,
        "worker": given.worker,
        "boxes": boxes,
        "width": given.size.width,
        "height": given.size.height,
        "accepted": given.accepted,
        "submitted": given.submitted,
    }


def closed_row(job: Job, closed: Closed, time: int) -> dict[str, Any]:
    """The parameters with which an object is closed."""
    return {
        "of_job": job.id,
        "at_place": closed.index,
        "new_state": closed.state.value,
        "new_members": json.dumps(closed.members),
        "new_closed": time,
    }


def given_at(connection: Connection, job: Job, places: list[int]) -> dict[int, tuple[Given, ...]]:
    """The turns taken at the objects of those places, each in order."""
    turns: dict[int, tuple[Given, ...]] = {}
    for start in range(0, len(places), CHUNK):
        chosen = (answers.c.job_id == job.id, answers.c.place.in_(places[start : start + CHUNK]))
        rows = connection.execute(select(answers).where(*chosen).order_by(answers.c.place, answers.c.turn))
        for row in rows:
            boxes = None if row.boxes is None else tuple(Box(*box) for box in json.loads(row.boxes))
            size = Size(row.width, row.height)
            one = Given(row.place, row.turn, row.worker, boxes, size, row.accepted, row.submitted)
            turns[row.place] = (*turns.get(row.place, ()), one)
    return turns
