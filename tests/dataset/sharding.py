"""Conversions in parts, for tests: each part works in a folder of its own, as a pod does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from labelround.dataset.convert import ConversionPlan, Report
from labelround.dataset.scratch import scratch_folder
from labelround.dataset.sharded.finishing import finish
from labelround.dataset.sharded.indexing import index
from labelround.dataset.sharded.writing import write_shard
from labelround.dataset.work import Work
from labelround.progress import NoProgress
from labelround.storage import Buckets, Folder


@dataclass(frozen=True)
class Sharded:
    """One conversion in so many shards."""

    plan: ConversionPlan
    output: Folder
    buckets: Buckets
    shards: int
    job_tables: Mapping[str, Folder] = field(default_factory=dict)

    def index(self) -> None:
        with scratch_folder(None) as folder:
            index(self._work(folder), self.shards)

    def write(self, number: int) -> None:
        with scratch_folder(None) as folder:
            write_shard(self._work(folder), self.shards, number)

    def finish(self) -> Report:
        with scratch_folder(None) as folder:
            return finish(self._work(folder), self.shards)

    def run(self, order: Iterable[int] | None = None) -> Report:
        """All parts, the shards in this order."""
        self.index()
        for number in range(self.shards) if order is None else order:
            self.write(number)
        return self.finish()

    def _work(self, folder: Path) -> Work:
        return Work(self.plan, self.output, self.buckets, NoProgress(), folder, self.job_tables)
