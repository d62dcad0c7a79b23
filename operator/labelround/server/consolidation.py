"""One set of boxes from the boxes of several workers.

Boxes of different workers with one label and an intersection over union of at least one half are taken for the same
object; those that more than half of the workers drew are kept, at the average of their edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import fsum

from labelround.server.boxes import Box, intersection_over_union

SAME_OBJECT = 0.5


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consolidated box. `confidence` is how much the workers agree, 0 to 1; 0 when only one was asked."""

    box: Box
    confidence: float


def consolidate(answers: Sequence[Sequence[Box]]) -> tuple[Agreed, ...]:
    """The boxes on which the workers agree; each answer holds one worker's boxes, in the order they were drawn.

    One worker's boxes are taken as they are. With several workers the result does not depend on their order, nor on
    that of their boxes: it is sorted by label and place.
    """
    if len(answers) == 1:
        return tuple(Agreed(box, 0) for box in answers[0])
    clusters = [cluster for cluster in _clusters(answers) if 2 * len(cluster.workers) > len(answers)]
    return tuple(sorted((cluster.agreed() for cluster in clusters), key=lambda agreed: agreed.box))


@dataclass(frozen=True)
class _Cluster:
    """Boxes taken for one object: each distinct box, with the workers that drew it."""

    members: tuple[tuple[Box, frozenset[int]], ...]

    @property
    def workers(self) -> frozenset[int]:
        return frozenset().union(*(workers for _, workers in self.members))

    @property
    def boxes(self) -> list[Box]:
        """One box a worker, in an order that does not depend on the workers'."""
        return sorted(box for box, workers in self.members for _ in workers)

    def fits(self, other: _Cluster) -> bool:
        """Whether all boxes of both can be one object, at most one from each worker."""
        return not self.workers & other.workers and all(
            intersection_over_union(one, another) >= SAME_OBJECT
            for (one, _), (another, _) in product(self.members, other.members)
        )

    def agreed(self) -> Agreed:
        boxes = self.boxes
        left, top, right, bottom = (
            fsum(getattr(box, edge) for box in boxes) / len(boxes) for edge in ("left", "top", "right", "bottom")
        )
        likeness = [intersection_over_union(one, other) for one, other in combinations(boxes, 2)]
        confidence = round(fsum(likeness) / len(likeness), 2)
        return Agreed(Box(boxes[0].label, left, top, right - left, bottom - top), confidence)


def _clusters(answers: Sequence[Iterable[Box]]) -> Iterator[_Cluster]:
    """Boxes grouped greedily, the most alike first.

    Equal boxes are one from the start; so ties between pairs never depend on who drew a box.
    """
    drawn: dict[Box, set[int]] = {}
    for worker, boxes in enumerate(answers):
        for box in boxes:
            drawn.setdefault(box, set()).add(worker)
    cluster_of = {box: _Cluster(((box, frozenset(workers)),)) for box, workers in drawn.items()}
    for one, other in _alike(sorted(drawn)):
        mine, theirs = cluster_of[one], cluster_of[other]
        if mine is not theirs and mine.fits(theirs):
            merged = _Cluster(mine.members + theirs.members)
            cluster_of.update((box, merged) for box, _ in merged.members)
    yield from {id(cluster): cluster for cluster in cluster_of.values()}.values()


def _alike(boxes: Sequence[Box]) -> list[tuple[Box, Box]]:
    """All pairs that may be one object, the most alike first."""
    pairs = (
        (-intersection_over_union(one, other), one, other)
        for one, other in combinations(boxes, 2)
        if one.label == other.label
    )
    return [(one, other) for likeness, one, other in sorted(pairs) if -likeness >= SAME_OBJECT]
