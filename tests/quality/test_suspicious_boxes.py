"""Which boxes are suspicious, judged picture by picture."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.dataset.boxes import Box
from labelround.dataset.quality.figures import BoxFigures
from labelround.dataset.quality.suspicion import (
    LIMITS,
    Limits,
    Suspected,
    Suspicion,
    intersection_over_union,
    suspected,
)

WIDTH, HEIGHT = 200, 100

CASES: dict[str, tuple[list[Box], list[tuple[Suspicion, int]]]] = {
    "a side under a hundredth is tiny": ([(0, 5, 5, 1.9, 50)], [(Suspicion.TINY, 0)]),
    "so is the other side": ([(0, 5, 5, 50, 0.9)], [(Suspicion.TINY, 0)]),
    "a hundredth itself is not": ([(0, 5, 5, 2, 1)], []),
    "nine tenths of the area are huge": ([(0, 0, 0, 180, 100)], [(Suspicion.HUGE, 0)]),
    "a little less is not": ([(0, 0, 0, 179, 100)], []),
    "the whole picture is told apart from huge": ([(0, 0, 0, 200, 100)], [(Suspicion.FULL_IMAGE, 0)]),
    "so is nearly the whole": ([(0, 1, 0, 198, 99)], [(Suspicion.FULL_IMAGE, 0)]),
    "a box on another of its class overlaps": (
        [(0, 10, 10, 50, 50), (0, 10, 10, 50, 40)],
        [(Suspicion.OVERLAP, 1)],
    ),
    "one of another class does not": ([(0, 10, 10, 50, 50), (1, 10, 10, 50, 40)], []),
    "half of the area is no overlap": ([(0, 10, 10, 50, 50), (0, 10, 10, 50, 25)], []),
    "a box may be of two kinds": (
        [(0, 0, 0, 200, 100), (0, 0, 0, 199, 100)],
        [(Suspicion.FULL_IMAGE, 0), (Suspicion.FULL_IMAGE, 1), (Suspicion.OVERLAP, 1)],
    ),
    "of three on one place, two lie on the first": (
        [(0, 0, 0, 50, 50), (0, 0, 0, 50, 49), (0, 0, 0, 50, 48)],
        [(Suspicion.OVERLAP, 1), (Suspicion.OVERLAP, 2)],
    ),
}

sides = st.floats(0.001, 60).map(lambda side: round(side, 3))
boxes = st.tuples(st.integers(0, 2), sides, sides, sides, sides)
near = st.lists(boxes, max_size=8).flatmap(
    # The same boxes again, moved a little: most pairs made at random do not even touch.
    lambda made: (
        st.lists(st.tuples(st.sampled_from(made), st.floats(-2, 2)), max_size=4).map(
            lambda moved: [*made, *((box[0], box[1] + by, *box[2:]) for box, by in moved)]
        )
        if made
        else st.just(made)
    )
)


@pytest.mark.parametrize("case", CASES)
def test_a_box_is_judged_by_its_sides_its_area_and_its_kin(case: str) -> None:
    """By the usual limits, on a picture of 200 x 100 pixels."""
    drawn, expected = CASES[case]

    found = list(suspected(drawn, WIDTH, HEIGHT))

    assert [(each.kind, each.box) for each in found] == expected


def test_the_limits_are_those_that_are_given() -> None:
    """Each moves one judgement."""
    drawn: list[Box] = [(0, 5, 5, 10, 50), (0, 0, 0, 120, 100), (0, 0, 0, 120, 60)]

    found = list(suspected(drawn, WIDTH, HEIGHT, Limits(tiny=0.06, huge=0.6, overlap=0.6)))

    assert found == [
        Suspected(Suspicion.TINY, 0, 0.05),
        Suspected(Suspicion.HUGE, 1, 0.6),
        Suspected(Suspicion.OVERLAP, 2, 0.6, 1),
    ]


@given(near, st.floats(0.05, 1))
def test_overlaps_are_those_that_comparing_all_pairs_finds(drawn: list[Box], limit: float) -> None:
    """The sweep along left edges leaves out none, and names for each box the one it overlaps most."""
    least = limit - 1e-4
    pairs: dict[int, list[float]] = {}
    for one, other in combinations(range(len(drawn)), 2):
        overlap = intersection_over_union(drawn[one], drawn[other])
        if drawn[one][0] == drawn[other][0] and overlap >= least:
            pairs.setdefault(other, []).append(overlap)

    found = [each for each in suspected(drawn, 1e6, 1e6, Limits(0, 1, limit)) if each.kind is Suspicion.OVERLAP]

    assert {each.box: each.value for each in found} == {box: max(overlaps) for box, overlaps in pairs.items()}
    assert all(each.other is not None and each.other < each.box for each in found)


@given(boxes, boxes)
def test_an_overlap_is_a_share_and_the_same_both_ways(one: Box, other: Box) -> None:
    """A box overlaps itself wholly."""
    overlap = intersection_over_union(one, other)

    assert 0 <= overlap <= 1 + 1e-9
    assert overlap == pytest.approx(intersection_over_union(other, one))
    assert intersection_over_union(one, one) == pytest.approx(1, abs=1e-6)


@given(st.lists(near, max_size=4), st.integers(0, 4))
def test_figures_add_up_wherever_the_pictures_are_parted(pictures: list[list[Box]], cut: int) -> None:
    """As shards part them."""
    whole, first, second = BoxFigures(), BoxFigures(), BoxFigures()
    for number, drawn in enumerate(pictures):
        whole.count(drawn, WIDTH, HEIGHT)
        (first if number < cut else second).count(drawn, WIDTH, HEIGHT)

    first.add(second)

    count = sum(map(len, pictures))
    assert first == whole
    assert sum(whole.sizes) == sum(whole.centers) == count
    assert max(whole.suspicious) <= whole.suspected <= min(count, sum(whole.suspicious))


def test_the_usual_limits_are_those_of_the_page() -> None:
    """docs/quality.md gives them in words."""
    assert Limits(tiny=0.01, huge=0.9, overlap=0.8) == LIMITS
