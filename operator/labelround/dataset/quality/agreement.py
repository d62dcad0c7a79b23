"""How far several workers agree on the boxes of a picture: what one drew, compared with what another did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from itertools import combinations

from labelround.dataset.boxes import Box
from labelround.dataset.quality.suspicion import intersection_over_union

SAME_OBJECT = 0.5
"""Boxes of one class that overlap so much are taken for the same object, as in COCO's and Ground Truth's measures."""
SHOWN_IMAGES = 20


@dataclass(frozen=True, slots=True)
class Answered:
    """What workers answered about one picture: the boxes of each, whose class ids are those of `names`."""

    source_ref: str
    answers: tuple[tuple[Box, ...], ...]


@dataclass(frozen=True, slots=True)
class ClassAgreement:
    """One class. `pairs` of boxes agree; `boxes` is how many there were in all comparisons of two workers.

    `agreement` is the share of the latter that have a partner, 1 when all have, and `overlap` the mean intersection
    over union of partners; both are None where there is nothing to say.
    """

    name: str
    boxes: int
    pairs: int
    agreement: float | None
    overlap: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of `images` with an answer `compared` had several. `lowest` are those on which workers agree least, with how far.

    A picture on which all saw nothing counts as one on which they agree, and adds no boxes.
    """

    images: int
    compared: int
    total: ClassAgreement
    classes: tuple[ClassAgreement, ...]
    lowest: tuple[tuple[str, float], ...]


def percent(share: float | None) -> str:
    """A share as a person reads it; `-` for none."""
    return "-" if share is None else f"{share:.1%}"


@dataclass
class _Sums:
    """What two workers have of each class, over all pictures and all pairs of workers."""

    boxes: Counter[int] = field(default_factory=Counter)
    pairs: Counter[int] = field(default_factory=Counter)
    overlaps: dict[int, float] = field(default_factory=dict)

    def add(self, one: Sequence[Box], other: Sequence[Box]) -> None:
        for class_id, *_ in (*one, *other):
            self.boxes[class_id] += 1
        for class_id, overlap in partners(one, other):
            self.pairs[class_id] += 1
            self.overlaps[class_id] = self.overlaps.get(class_id, 0.0) + overlap

    def of(self, name: str, class_ids: Iterable[int]) -> ClassAgreement:
        ids = list(class_ids)
        boxes, pairs = (sum(counts[each] for each in ids) for counts in (self.boxes, self.pairs))
        overlap = sum(self.overlaps.get(each, 0.0) for each in ids)
        return ClassAgreement(
            name, boxes, pairs, 2 * pairs / boxes if boxes else None, overlap / pairs if pairs else None
        )


def partners(one: Sequence[Box], other: Sequence[Box]) -> Iterator[tuple[int, float]]:
    """Class id and overlap of the boxes of two workers that are one object: the most alike first, each box once."""
    alike = sorted(
        (-overlap, mine, theirs)
        for mine, box in enumerate(one)
        for theirs, another in enumerate(other)
        if box[0] == another[0] and (overlap := intersection_over_union(box, another)) >= SAME_OBJECT
    )
    taken: tuple[set[int], set[int]] = (set(), set())
    for overlap, mine, theirs in alike:
        if mine not in taken[0] and theirs not in taken[1]:
            taken[0].add(mine)
            taken[1].add(theirs)
            yield one[mine][0], -overlap


def agreement(pictures: Iterable[Answered], name: Callable[[int], str]) -> Agreement:
    """Compare the answers to each picture, every worker with every other. `name` gives that of a class by its id."""
    sums, images, compared = _Sums(), 0, 0
    lowest: list[tuple[float, str]] = []
    for picture in pictures:
        images += 1
        if len(picture.answers) < 2:
            continue
        compared += 1
        own = _Sums()
        for one, other in combinations(picture.answers, 2):
            own.add(one, other)
            sums.add(one, other)
        level = own.of("", own.boxes).agreement
        if level is not None and level < 1:
            push = heappush if len(lowest) < SHOWN_IMAGES else heappushpop
            push(lowest, (-level, picture.source_ref))
    classes = tuple(sums.of(name(class_id), [class_id]) for class_id in sorted(sums.boxes))
    least = tuple((ref, -level) for level, ref in sorted(lowest, key=lambda each: (-each[0], each[1])))
    return Agreement(images, compared, sums.of("", sums.boxes), classes, least)
