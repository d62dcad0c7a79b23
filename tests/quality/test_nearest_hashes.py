"""The search for near hashes, against comparing each with each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.dataset.quality.fingerprints import FARTHEST_LOOK
from labelround.dataset.quality.nearest import AT_ONCE, nearest

whole = st.integers(0, 2**64 - 1)
flips = st.sets(st.integers(0, 63), max_size=12)


def moved(hashed: int, bits: set[int]) -> int:
    """The hash with some bits turned."""
    for bit in bits:
        hashed ^= 1 << bit
    return hashed


@st.composite
def two_lists(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Hashes, of which many lie near each other."""
    others = draw(st.lists(whole, max_size=12))
    near = st.builds(moved, st.sampled_from(others), flips) if others else whole
    return draw(st.lists(near | whole, max_size=12)), others


def compared(hashes: list[int], others: list[int], limit: int) -> list[tuple[int, int]]:
    """Place and distance of the nearest, the slow way."""
    result = []
    for one in hashes:
        found = [((one ^ other).bit_count(), place) for place, other in enumerate(others)]
        distance, place = min(found, default=(limit + 1, -1))
        result.append((place, distance) if distance <= limit else (-1, -1))
    return result


def searched(hashes: list[int], others: list[int], limit: int, at_once: int = AT_ONCE) -> list[tuple[int, int]]:
    first, second = (np.array(each, dtype=np.uint64) for each in (hashes, others))
    places, distances = nearest(first, second, limit, at_once=at_once)
    return list(zip(places.tolist(), distances.tolist(), strict=True))


@given(two_lists(), st.integers(0, FARTHEST_LOOK))
def test_the_nearest_is_the_one_that_comparing_all_finds(lists: tuple[list[int], list[int]], limit: int) -> None:
    """And of equally near ones the first."""
    assert searched(*lists, limit) == compared(*lists, limit)


@pytest.mark.parametrize("at_once", [1, 50, 1000])
def test_many_partners_are_compared_in_steps(at_once: int) -> None:
    """Whatever the size of a step; one query with more partners than that is a step by itself."""
    numbers = np.random.default_rng(3)
    base = int(numbers.integers(2**62))
    hashes, others = (
        [moved(base, set(numbers.integers(0, 64, 3).tolist())) for _ in range(count)] for count in (40, 90)
    )

    found = searched(hashes, others, 6, at_once)

    assert found == compared(hashes, others, 6)
