"""Classes by name: a line's own class ids mean nothing outside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labelround.errors import InvalidManifest, Problem

MAX_UNKNOWN = 1000


@dataclass(slots=True)
class Unknown:
    """A class name that is not in the labels: its lowest class id, where it was first, and how many boxes have it."""

    name: str
    class_id: int
    where: str
    boxes: int = 0


class UnknownClasses(InvalidManifest):
    """Boxes have classes that the labels do not name. `names` lists them by class id, then as first seen."""

    def __init__(self, problems: Iterable[Problem], names: Iterable[str], total: int) -> None:
        super().__init__(problems, total=total)
        self.names = tuple(names)


class Classes:
    """The labels, and what else the manifests name."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._labels = labels
        self._index = {label: index for index, label in enumerate(labels)}
        self._unknown: dict[str, Unknown] = {}
        self.source = ""
        self.line = 0

    def index(self, name: str, class_id: int) -> int:
        """The class id in the dataset; -1 for an unknown name, which is noted with the place `source` and `line`."""
        index = self._index.get(name)
        if index is not None:
            return index
        unknown = self._unknown.get(name)
        if unknown is None:
            if len(self._unknown) >= MAX_UNKNOWN:
                return -1
            unknown = self._unknown[name] = Unknown(name, class_id, f"{self.source}:{self.line}")
        unknown.class_id = min(unknown.class_id, class_id)
        unknown.boxes += 1
        return -1

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """The unknown names by class id, then as first seen."""
        return tuple(sorted(self._unknown.values(), key=lambda one: one.class_id))

    def problem(self) -> Problem | None:
        """One problem that lists all unknown names; None when there is none."""
        unknown = self.unknown
        if not unknown:
            return None
        described = ", ".join(f"{one.name!r} ({one.boxes} boxes, first at {one.where})" for one in unknown)
        if not self._labels:
            return Problem("labels", f"no classes were named; the boxes have {described}", "name them")
        return Problem(
            "labels",
            f"do not name {'this class' if len(unknown) == 1 else 'these classes'} of boxes: {described}",
            self._nearest(unknown) or f"add what is missing to {', '.join(map(repr, self._labels))}, at its end",
        )

    def _nearest(self, unknown: tuple[Unknown, ...]) -> str:
        """What to do when names differ by the space around them alone."""
        pairs = [
            f"{one.name!r} and {label!r}"
            for one in unknown
            for label in self._labels
            if one.name.strip() == label.strip()
        ]
        if not pairs:
            return ""
        return f"{'; '.join(pairs)} differ only by space around the name; write the label as the manifest does"
