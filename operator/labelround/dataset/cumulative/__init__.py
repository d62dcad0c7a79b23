"""Rounds that add up: one dataset that grows by merging others, version by version; and what differs between two.

Names, splits and class ids are settled by the first dataset that has something to say of them, and labels by the last.
So both are the same whether datasets are merged one by one or all at once.
"""

from labelround.dataset.cumulative.difference import Difference, compare
from labelround.dataset.cumulative.merge import merge
from labelround.dataset.cumulative.options import MergeOptions, MergeResult

__all__ = ["Difference", "MergeOptions", "MergeResult", "compare", "merge"]
