"""What differs between two datasets, down to the box."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.cumulative.rounds import Rounds
from tests.dataset.manifests import Drawn, failed, line

from labelround.dataset.cumulative import compare
from labelround.dataset.cumulative.difference import LISTED_IMAGES, ClassCounts, Counts
from labelround.spec.model import Split

PEN = ("pen", 10, 10, 20, 20)
MOVED = ("pen", 12, 10, 20, 20)
PENCIL = ("pencil", 10, 10, 20, 20)

CHANGES: dict[str, tuple[Sequence[Drawn], Sequence[Drawn], Counts]] = {
    "nothing": ([PEN, PENCIL], [PENCIL, PEN], Counts(unchanged=2)),
    "a box more": ([PEN], [PEN, PENCIL], Counts(added=1, unchanged=1)),
    "a box less": ([PEN, PENCIL], [PEN], Counts(removed=1, unchanged=1)),
    "a box elsewhere": ([PEN], [MOVED], Counts(changed=1)),
    "another class in its place": ([PEN], [PENCIL], Counts(changed=1)),
    "another class elsewhere": ([MOVED], [PENCIL], Counts(added=1, removed=1)),
    "one moved and one more": ([PEN], [MOVED, ("pen", 50, 50, 5, 5)], Counts(added=1, changed=1)),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_boxes_of_an_image_are_compared(old: Sequence[Drawn], new: Sequence[Drawn], expected: Counts) -> None:
    """A box is changed when another has its place, or when the image has another of its class instead."""
    rounds = Rounds()

    found = compare(rounds.round([line("a.jpg", *old)]), rounds.round([line("a.jpg", *new)]))

    assert found.boxes == expected
    assert found.images == (Counts(unchanged=1) if expected.is_same else Counts(changed=1))
    assert found.is_same == expected.is_same


def test_images_are_counted_and_named() -> None:
    """A failed image is in neither dataset."""
    rounds = Rounds()
    old = rounds.round([line("gone.jpg", PEN), line("kept.jpg", PEN), line("other.jpg"), failed("no.jpg")])
    new = rounds.round([line("come.jpg", PEN), line("kept.jpg", PEN), line("other.jpg", PEN), failed("not.jpg")])

    found = compare(old, new)

    address = "s3://pictures/pens/images/"
    assert found.images == Counts(added=1, removed=1, changed=1, unchanged=1)
    assert (found.added, found.removed, found.changed) == (
        [f"{address}come.jpg"],
        [f"{address}gone.jpg"],
        [f"{address}other.jpg"],
    )
    assert found.relabeled == 1


def test_a_split_and_a_name_that_changed_are_told() -> None:
    """The boxes are the same."""
    rounds = Rounds()
    lines = [line("a.png"), line("b.jpg")]
    old = rounds.round(lines, split=Split(50, 50, seed=1))
    new = rounds.round([line("a.jpg"), *lines], split=Split(50, 50, seed=6))

    found = compare(old, new)

    assert (found.renamed, found.relabeled) == (1, 0)
    assert found.moved > 0
    assert not found.is_same


def test_classes_are_compared_by_name() -> None:
    """Another order alone is a difference: a model that was trained on one is wrong on the other."""
    rounds = Rounds()
    old = rounds.round([line("a.jpg", PEN)], labels=("pencil", "pen"))
    new = rounds.round([line("a.jpg", PEN)], labels=("pen", "cap"))

    found = compare(old, new)

    assert found.classes == [
        ClassCounts("pencil", 0, None),
        ClassCounts("pen", 1, 0, Counts(unchanged=1)),
        ClassCounts("cap", None, 1),
    ]
    assert found.images.is_same
    assert not found.is_same


def test_a_long_list_of_images_is_cut_and_the_counts_are_not() -> None:
    """Memory stays bounded."""
    rounds = Rounds()
    old = rounds.round([line("a.jpg")])
    new = rounds.round([line(f"{n}.jpg") for n in range(LISTED_IMAGES + 5)])

    found = compare(old, new)

    assert found.images.added == LISTED_IMAGES + 5
    assert len(found.added) == LISTED_IMAGES
