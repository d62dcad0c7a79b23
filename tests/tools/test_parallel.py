"""Work in threads gives its results in order, and stops when it must."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from labelround.parallel import in_threads


def test_results_come_in_the_order_of_their_items() -> None:
    """Even when the first takes longest."""
    last = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            assert last.wait(10)
        if item == 3:
            last.set()
        return item * item

    assert list(in_threads(work, range(8), threads=4)) == [item * item for item in range(8)]


def test_an_endless_stream_is_taken_as_it_is_needed() -> None:
    """Only a window is under way."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in itertools.count():
            taken.append(item)
            yield item

    results = in_threads(str, items(), threads=2)
    first = list(itertools.islice(results, 3))

    assert first == ["0", "1", "2"]
    assert len(taken) <= 7


def test_an_error_is_raised_in_its_place_and_ends_the_work() -> None:
    """What came before it was delivered; what was not begun is dropped."""
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            raise ValueError("two")
        return item

    results = in_threads(work, range(1000), threads=2)

    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert len(begun) < 20
