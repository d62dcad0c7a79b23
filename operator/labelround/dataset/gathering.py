"""The images of a dataset with their boxes, from its sorted tables: what files are made of that hold all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

from labelround.dataset.formats import ANNOTATIONS, IMAGES
from labelround.dataset.split import PART_WORDS, Part
from labelround.dataset.tables import long_cells, rows_of


class PartFolder(Protocol):
    """The parts of one shard."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The part `name` as a stream of byte chunks."""
        ...


Parts = Sequence[PartFolder]
"""Those of all shards, in order."""


class BoxRow(NamedTuple):
    """One row of `annot.csv`, the `number`-th from 1. The box is in pixels, each number as the table writes it."""

    number: int
    class_id: int
    left: str
    top: str
    width: str
    height: str


class Gathered(NamedTuple):
    """One image of the dataset: the `number`-th row of `images.csv` from 1, with its boxes."""

    number: int
    source_ref: str
    name: str
    part: Part
    width: str
    height: str
    reason: str
    boxes: list[BoxRow]


def gathered(parts: Parts, labels: Sequence[str]) -> Iterator[Gathered]:
    """The images of the dataset in key order; one at a time is in memory."""
    boxes = _boxes(_rows(parts, ANNOTATIONS), labels)
    with long_cells():
        for number, row in enumerate(_rows(parts, IMAGES), start=1):
            source_ref, name, _, split, _, count, width, height, reason = row
            if split:
                own = list(islice(boxes, int(count)))
                yield Gathered(number, source_ref, name, _PARTS[split], width, height, reason, own)


_PARTS = dict(zip(PART_WORDS, Part, strict=True))


def _rows(parts: Parts, name: str) -> Iterator[list[str]]:
    for folder in parts:
        yield from rows_of(folder.chunks(name))


def _boxes(rows: Iterable[list[str]], labels: Sequence[str]) -> Iterator[BoxRow]:
    class_ids = {label: class_id for class_id, label in enumerate(labels)}
    for number, (_, category, left, top, width, height, _, _) in enumerate(rows, start=1):
        yield BoxRow(number, class_ids[category], left, top, width, height)
