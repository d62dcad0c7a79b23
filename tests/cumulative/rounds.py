"""Rounds made for tests, and the dataset that they add up to, in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.dataset.manifests import World, plan_of, table_rows

from labelround.dataset.convert import convert
from labelround.dataset.cumulative import MergeOptions, MergeResult, merge
from labelround.dataset.report import Report
from labelround.storage import Bucket, Folder, MemoryBuckets

OWNER = "dataset-1"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@dataclass
class Rounds:
    """Makes rounds, and merges them into folders of one bucket."""

    world: World = field(default_factory=lambda: World(MemoryBuckets()))
    _numbers: count[int] = field(default_factory=count)

    @property
    def bucket(self) -> Bucket:
        return self.world.buckets.open("datasets")

    def folder(self, name: str) -> Folder:
        return Folder(self.bucket, name)

    def round(self, lines: Sequence[Mapping[str, Any]], **options: Any) -> Folder:
        """The dataset of a round with these lines in its output manifest."""
        number = next(self._numbers)
        folder = self.folder(f"rounds/{number:04}")
        plan = plan_of(self.world.source(lines, f"round-{number}"), **options)
        convert(plan, folder, self.world.buckets)
        return folder

    def merge(self, output: Folder | str, *rounds: Folder, **options: Any) -> MergeResult:
        """Merge rounds into a folder, at a time that stands still."""
        place = self.folder(output) if isinstance(output, str) else output
        number = next(self._numbers)
        options = {"owner": OWNER, "keep": 10, **options}
        return merge(place, rounds, MergeOptions(**options), clock=lambda: NOW, token=lambda: f"{number:08x}")


def rows(result: MergeResult, name: str = "images.csv") -> list[dict[str, str]]:
    """The rows of a table of a version."""
    return table_rows(result.folder.read(name))


def column(result: MergeResult, name: str, table: str = "images.csv") -> dict[str, str]:
    """One column of a table by the last part of each image's address."""
    return {row["source_ref"].rpartition("/")[2]: row[name] for row in rows(result, table)}


def boxes(result: MergeResult) -> list[tuple[str, ...]]:
    """Every box of a version: image, class, left, top, width and height as they stand in the table."""
    names = ("img_file", "category", "box_left", "box_top", "box_width", "box_height")
    return [tuple(row[name] for name in names) for row in rows(result, "annot.csv")]


def files(folder: Folder) -> dict[str, bytes]:
    """All files below a folder."""
    return {meta.key: folder.read(meta.key) for meta in folder.list()}


def counts(report: Report) -> tuple[int, int]:
    """Images in the dataset, and boxes."""
    return report.images.labeled + report.images.empty, report.boxes.written
