"""Label category configuration files: the labels of a labeling job, in the order of their class ids.

{"document-version": "2018-11-28", "labels": [{"label": "pencil"}, {"label": "pen"}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from labelround.errors import InvalidManifest, Problem
from labelround.spec.names import LABEL_MAX_LENGTH


def read_labels(content: bytes, name: str) -> tuple[str, ...]:
    """The labels of the file `name`. Unknown members are ignored, and so is the version.

    Raises InvalidManifest with every problem of the file.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise InvalidManifest([Problem(name, f"is not JSON ({error})", _SHAPE)]) from None
    labels = document.get("labels") if isinstance(document, dict) else None
    if not isinstance(labels, list) or not labels:
        raise InvalidManifest([Problem(f"{name}: labels", "is not a list of labels", _SHAPE)])
    problems = [Problem(f"{name}: labels[{index}]", what) for index, what in _problems(labels)]
    if problems:
        raise InvalidManifest(problems)
    return tuple(one["label"] for one in labels)


_SHAPE = 'write {"labels": [{"label": "pencil"}, {"label": "pen"}]}'


def _problems(labels: list[object]) -> Iterator[tuple[int, str]]:
    """The entries that are wrong, by their place."""
    places: dict[str, int] = {}
    for index, entry in enumerate(labels):
        label = entry.get("label") if isinstance(entry, dict) else None
        if not isinstance(label, str):
            yield index, f"is not an object with a label; {_SHAPE}"
        elif not 1 <= len(label) <= LABEL_MAX_LENGTH:
            yield index, f"has {len(label)} characters; a label has 1 to {LABEL_MAX_LENGTH}"
        elif label in places:
            yield index, f"repeats labels[{places[label]}] ({label!r}); labels are unique"
        else:
            places[label] = index
