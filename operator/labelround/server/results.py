"""What Ground Truth adds to a line of the manifest: the shapes of a labeled and of a failed object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labelround.server.answers import OBJECT_DETECTION
from labelround.server.boxes import Size
from labelround.server.consolidation import Agreed
from labelround.server.jobs import Job, moment_of
from labelround.server.lines import compact, parse_object

DEPTH = 3  # what Ground Truth writes for every picture, gray ones too
EXPIRED = (
    "ClientError: Annotation tasks expired. The data object was not labeled by enough workers in the time given;"
    " send it in another labeling job."
)


MAX_REASON_CHARACTERS = 1024


def declined(reasons: Sequence[str]) -> str:
    """The failure reason of an object that too many workers declined."""
    told = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    return (f"{EXPIRED} Workers declined it: {told}" if told else EXPIRED)[:MAX_REASON_CHARACTERS]


def unreadable(reason: str) -> str:
    """The failure reason of an object whose picture nobody can see."""
    return f"ClientError: The image could not be read: {reason}"[:MAX_REASON_CHARACTERS]


def labeled(job: Job, size: Size, boxes: Sequence[Agreed], now: int) -> dict[str, Any]:
    """The members of a labeled line; without boxes it says that there is nothing to see."""
    class_ids = {label: place for place, label in enumerate(job.labels)}
    return {
        job.attribute: {
            "image_size": [{"width": size.width, "height": size.height, "depth": DEPTH}],
            "annotations": [_annotation(class_ids[agreed.box.label], agreed) for agreed in boxes],
        },
        f"{job.attribute}-metadata": {
            "objects": [{"confidence": agreed.confidence} for agreed in boxes],
            "class-map": {str(class_ids[agreed.box.label]): agreed.box.label for agreed in boxes},
            "type": OBJECT_DETECTION,
            "human-annotated": "yes",
            "creation-date": moment_of(now).strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "job-name": f"labeling-job/{job.name.lower()}",
        },
    }


def failed(job: Job, reason: str) -> dict[str, Any]:
    """The members of a failed line."""
    return {
        f"{job.attribute}-metadata": {"retry-count": 1, "failure-reason": reason, "human-annotated": "true"},
    }


def output_line(text: str, attribute: str, members: dict[str, Any]) -> str:
    """The input line `text` with the result; every other key of the line passes through."""
    entry = parse_object(text.encode())
    for name in (attribute, f"{attribute}-metadata"):
        entry.pop(name, None)
    return compact({**entry, **members})


def whole(number: float) -> float:
    """Numbers as Ground Truth writes them: without a fraction when there is none."""
    return int(number) if number == int(number) else number


def _annotation(class_id: int, agreed: Agreed) -> dict[str, Any]:
    box = agreed.box
    return {
        "class_id": class_id,
        "top": whole(box.top),
        "left": whole(box.left),
        "height": whole(box.height),
        "width": whole(box.width),
    }
