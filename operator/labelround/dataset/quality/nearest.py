"""The nearest of many 64-bit hashes by the number of bits that differ, without comparing each with each.

Two hashes that differ in so few bits as `limit` agree wholly in at least one of `limit + 1` bands of their bits. So
only hashes with a band in common are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from labelround.dataset.quality.fingerprints import LOOK_BITS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Hashes: TypeAlias = npt.NDArray[np.uint64]
    Numbers: TypeAlias = npt.NDArray[np.int64]

AT_ONCE = 1 << 21
"""Pairs that are compared in one step: they take 16 bytes each, several times."""
_DISTANCE_SHIFT = 40
"""A pair as one number, so that the smallest is the nearest and of equal ones the first: distance, then place."""
_PLACE = (1 << _DISTANCE_SHIFT) - 1
_NONE = (1 << 63) - 1


def nearest(hashes: Hashes, others: Hashes, limit: int, *, at_once: int = AT_ONCE) -> tuple[Numbers, Numbers]:
    """For each of `hashes` the place of the nearest of `others` and its distance; -1 and -1 when none is so near.

    `limit` is the most bits in which two may differ. Of several that are equally near the first is taken. So many
    pairs are compared `at_once`, or all of one hash.
    """
    import numpy as np

    queries, of_query = np.unique(hashes, return_inverse=True)
    known, places = np.unique(others, return_index=True)
    best = np.full(len(queries), _NONE, dtype=np.int64)
    if len(known):
        for shift, mask in _bands(limit):
            _compare_band(queries, known, places, (shift, mask), best, at_once)
    far = (best == _NONE) | (best >> _DISTANCE_SHIFT > limit)
    return np.where(far, -1, best & _PLACE)[of_query], np.where(far, -1, best >> _DISTANCE_SHIFT)[of_query]


def _bands(limit: int) -> Iterator[tuple[np.uint64, np.uint64]]:
    """Shift and mask of each band; together they are all 64 bits."""
    import numpy as np

    edges = [number * LOOK_BITS // (limit + 1) for number in range(limit + 2)]
    for start, end in pairwise(edges):
        yield np.uint64(start), np.uint64((1 << (end - start)) - 1)


def _compare_band(
    queries: Hashes,
    known: Hashes,
    places: Numbers,
    band: tuple[np.uint64, np.uint64],
    best: Numbers,
    at_once: int,
) -> None:
    """Compare each query with all known hashes that have its band, noting in `best` what is nearer than before."""
    import numpy as np

    shift, mask = band
    keys = (known >> shift) & mask
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order]
    wanted = (queries >> shift) & mask
    starts = np.searchsorted(sorted_keys, wanted, side="left")
    counts = np.searchsorted(sorted_keys, wanted, side="right") - starts
    for chosen in _steps(counts, at_once):
        many = counts[chosen]
        ends = np.cumsum(many)
        firsts = ends - many
        within = np.arange(ends[-1]) - np.repeat(firsts, many)
        partners = order[np.repeat(starts[chosen], many) + within]
        distances = np.bitwise_count(np.repeat(queries[chosen], many) ^ known[partners]).astype(np.int64)
        pairs = (distances << _DISTANCE_SHIFT) | places[partners]
        best[chosen] = np.minimum(best[chosen], np.minimum.reduceat(pairs, firsts))


def _steps(counts: Numbers, at_once: int) -> Iterator[Numbers]:
    """The queries that have partners, so many at a time that their pairs fit into memory; one always does."""
    import numpy as np

    having = np.flatnonzero(counts)
    totals = np.cumsum(counts[having])
    start = 0
    while start < len(having):
        before = totals[start - 1] if start else 0
        end = max(int(np.searchsorted(totals, before + at_once, side="right")), start + 1)
        yield having[start:end]
        start = end
