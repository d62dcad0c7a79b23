"""The split: the same for the same key, never empty where it can be helped, whole groups together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelround.dataset.split import HASHES, Ballot, Cut, Part, by_share, group_of, place
from labelround.errors import InvalidInput
from labelround.spec.model import Split

shares = st.builds(Split, st.integers(0, 100), st.integers(0, 100), st.integers(0, 100)).filter(
    lambda split: split.train + split.val + split.test > 0
)
hashes = st.integers(0, HASHES - 1) | st.sampled_from([0, HASHES - 1])


def cut_of(split: Split, places: list[int]) -> Cut:
    ballot = Ballot(split)
    for one in places:
        ballot.add(one)
    return ballot.cut()


@given(shares, st.lists(hashes, min_size=1, max_size=12))
def test_neither_train_nor_val_is_empty_with_two_groups(split: Split, places: list[int]) -> None:
    """And the lists named are exactly those with an image; a single group stands in train and in val."""
    cut = cut_of(split, places)

    listed = {part for one in places for part in cut.lists(cut.part(one))}
    assert listed == set(cut.listed)
    assert {Part.TRAIN, Part.VAL} <= listed


@given(shares, st.lists(hashes, min_size=2, max_size=12, unique=True))
def test_at_most_one_group_moves_into_each_empty_part(split: Split, places: list[int]) -> None:
    """Every other image is where its share alone puts it."""
    cut = cut_of(split, places)

    moved = [one for one in places if cut.part(one) is not by_share(split, one)]
    assert set(moved) <= {min(places), max(places)}
    before = {by_share(split, one) for one in places}
    assert len(moved) == (Part.VAL not in before) + (Part.TRAIN not in before)


@given(shares, st.lists(st.lists(hashes, max_size=12), max_size=4))
def test_what_ballots_keep_of_a_part_settles_the_whole(split: Split, parts: list[list[int]]) -> None:
    """Shards hear of their own images alone."""
    together = Ballot(split)
    for places in parts:
        own = Ballot(split)
        for one in places:
            own.add(one)
        for one in own.kept():
            together.add(one)

    assert together.cut() == cut_of(split, [one for places in parts for one in places])


@given(shares, hashes)
def test_shares_are_ranges_of_hashes_in_one_order(split: Split, one: int) -> None:
    """Val, then test, then train; a share of 0 has no hash at all."""
    part = by_share(split, one)

    assert {Part.VAL: split.val, Part.TEST: split.test, Part.TRAIN: split.train}[part] > 0
    assert one == 0 or by_share(split, one - 1) <= part


def test_shares_come_out_as_asked_for() -> None:
    """Of 10,000 keys, 70:20:10 within two percent."""
    split = Split(70, 20, 10, seed=3)
    parts = [by_share(split, place(3, f"camera/{number}.jpg")) for number in range(10_000)]

    assert parts.count(Part.TRAIN) == pytest.approx(7000, abs=200)
    assert parts.count(Part.VAL) == pytest.approx(2000, abs=200)
    assert parts.count(Part.TEST) == pytest.approx(1000, abs=200)


def test_the_hash_of_a_group_never_changes() -> None:
    """A dataset of tomorrow must agree with one of today."""
    assert place(0, "a.jpg") == 16445411131622165421
    assert place(1, "a.jpg") == 10058666395201233861


@pytest.mark.parametrize(
    ("group_by", "key", "group"),
    [
        ("", "cam1/a.jpg", "cam1/a.jpg"),
        (r"^[^/]+", "cam1/a.jpg", "cam1"),
        (r"(\d+)_", "cam1/17_3.jpg", "17"),
        (r"no(match)?", "cam1/a.jpg", "cam1/a.jpg"),
        (r"a(x)?", "cam1/a.jpg", "a"),
    ],
)
def test_a_group_is_the_first_group_or_the_match_or_the_key(group_by: str, key: str, group: str) -> None:
    """In this order."""
    assert group_of(group_by)(key) == group


def test_a_wrong_expression_is_named() -> None:
    """With what Python says about it."""
    with pytest.raises(InvalidInput, match=r"groupBy: '\(' is not a regular expression"):
        group_of("(")
