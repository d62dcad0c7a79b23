"""Consolidation of several workers' boxes, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.server.boxes import Box, intersection_over_union
from labelround.server.consolidation import SAME_OBJECT, consolidate

LABELS = st.sampled_from(["pen", "pencil"])
SIDES = st.integers(1, 12)
PLACES = st.integers(0, 12)
BOXES = st.builds(Box, LABELS, PLACES, PLACES, SIDES, SIDES)
FLOATS = st.floats(0, 1000, allow_nan=False)
FLOAT_BOXES = st.builds(Box, LABELS, FLOATS, FLOATS, FLOATS, FLOATS)
SOME_BOXES = st.lists(BOXES, max_size=4)
ANSWERS = st.lists(SOME_BOXES, min_size=2, max_size=5)
PEN = Box("pen", 10, 10, 10, 10)


@given(FLOAT_BOXES, FLOAT_BOXES)
def test_likeness_is_symmetric_and_between_0_and_1(one: Box, other: Box) -> None:
    """For any two boxes, also without area."""
    likeness = intersection_over_union(one, other)

    assert 0 <= likeness <= 1
    assert likeness == intersection_over_union(other, one)


@given(FLOAT_BOXES)
def test_a_box_is_like_itself(box: Box) -> None:
    """Also one without area."""
    assert intersection_over_union(box, box) == 1


def test_likeness_of_two_boxes_is_shared_over_united_area() -> None:
    """50 of 150 square pixels; touching boxes share none."""
    assert intersection_over_union(PEN, Box("pen", 15, 10, 10, 10)) == 50 / 150
    assert intersection_over_union(PEN, Box("pen", 20, 10, 10, 10)) == 0


@given(SOME_BOXES)
def test_one_workers_boxes_are_taken_as_they_are(boxes: list[Box]) -> None:
    """In their order, repeated ones too, with confidence 0."""
    result = consolidate([boxes])

    assert [agreed.box for agreed in result] == boxes
    assert all(agreed.confidence == 0 for agreed in result)


@given(ANSWERS, st.randoms())
def test_neither_the_order_of_workers_nor_that_of_boxes_matters(answers: list[list[Box]], random: object) -> None:
    """Nobody's answer counts more because it came first."""
    shuffled = [list(boxes) for boxes in answers]
    for boxes in shuffled:
        random.shuffle(boxes)  # type: ignore[attr-defined]
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert consolidate(shuffled) == consolidate(answers)


@given(st.sets(BOXES, max_size=4), st.integers(2, 9))
def test_workers_who_agree_fully_get_their_boxes_back(boxes: set[Box], workers: int) -> None:
    """With confidence 1 and unchanged edges."""
    result = consolidate([sorted(boxes)] * workers)

    assert [agreed.box for agreed in result] == sorted(boxes)
    assert all(agreed.confidence == 1 for agreed in result)


@given(ANSWERS)
def test_each_result_lies_within_the_boxes_of_a_majority(answers: list[list[Box]]) -> None:
    """Its edges are averages, so no result is outside of what workers drew, and none is drawn by few."""
    for agreed in consolidate(answers):
        box = agreed.box
        drawn = [one for boxes in answers for one in boxes if one.label == box.label]
        near = [boxes for boxes in answers if any(one.label == box.label for one in boxes)]

        assert 2 * len(near) > len(answers)
        assert min(one.left for one in drawn) - 1e-9 <= box.left
        assert box.right <= max(one.right for one in drawn) + 1e-9
        assert box.width > 0
        assert box.height > 0
        assert SAME_OBJECT <= agreed.confidence <= 1


@given(ANSWERS)
def test_there_are_never_more_results_than_any_majority_drew(answers: list[list[Box]]) -> None:
    """A box counts for one result at most."""
    total = sum(len(set(boxes)) for boxes in answers)

    result = consolidate(answers)

    assert len(result) * (len(answers) // 2 + 1) <= total


@given(ANSWERS, SIDES)
def test_moving_all_boxes_moves_the_results(answers: list[list[Box]], distance: int) -> None:
    """Only differences of places count."""

    def moved(boxes: Sequence[Box]) -> list[Box]:
        return [Box(box.label, box.left + distance, box.top, box.width, box.height) for box in boxes]

    expected = moved([agreed.box for agreed in consolidate(answers)])
    result = [agreed.box for agreed in consolidate([moved(boxes) for boxes in answers])]

    assert [box.left for box in result] == pytest.approx([box.left for box in expected])
    assert [box.width for box in result] == pytest.approx([box.width for box in expected])


def test_boxes_of_two_labels_are_never_one_object() -> None:
    """However well they fit."""
    assert consolidate([[PEN], [Box("pencil", 10, 10, 10, 10)]]) == ()


def test_a_box_that_only_half_of_the_workers_drew_is_left_out() -> None:
    """A majority is more than half."""
    assert consolidate([[PEN], []]) == ()
    assert len(consolidate([[PEN], [PEN], []])) == 1


def test_edges_are_averaged_and_confidence_is_the_mean_likeness() -> None:
    """Three workers; the pairs overlap by 2/3, 2/3 and 1."""
    shifted = Box("pen", 12, 10, 10, 10)

    [agreed] = consolidate([[PEN], [PEN], [shifted]])

    likeness = [intersection_over_union(*pair) for pair in combinations([PEN, PEN, shifted], 2)]
    assert agreed.box == Box("pen", pytest.approx(32 / 3), 10, pytest.approx(10), 10)  # type: ignore[arg-type]
    assert agreed.confidence == round(sum(likeness) / 3, 2)


def test_a_chain_of_boxes_is_not_one_object() -> None:
    """The first and the last do not overlap enough, so one of them stays out."""
    chain = [Box("pen", left, 0, 10, 10) for left in (0, 3, 6)]

    [agreed] = consolidate([[box] for box in chain])

    assert agreed.box.width == 10
    assert agreed.box.left in {1.5, 4.5}
