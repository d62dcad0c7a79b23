"""Ground Truth output manifests to a YOLO or Darknet dataset.

First every line is read, checked and sorted, and all is decided: the state of each image, its name, its split. Only
then is anything written. The report comes last; without it the dataset is not complete.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from labelround import __version__
from labelround.dataset.claim import check_claim, claim
from labelround.dataset.database import open_database
from labelround.dataset.formats import PREVIEWS, REPORT
from labelround.dataset.merging import fixed_files, merge, merge_job_tables
from labelround.dataset.owned import OwnedFiles, previous_files
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.preparing import Indexed, Settled, index_manifests, settle
from labelround.dataset.report import LARGEST_REPORT, REPORT_VERSION, Report
from labelround.dataset.scratch import scratch_folder
from labelround.dataset.shard import ShardPlan, Tally, write_parts
from labelround.dataset.source import ManifestSource
from labelround.dataset.summary import Written, report_of
from labelround.dataset.writing import copy_images, write_labels
from labelround.errors import InvalidInput, ObjectNotFound, ObjectTooLarge, Problem
from labelround.progress import NoProgress, Progress
from labelround.spec.model import ImagesMode
from labelround.storage import Buckets, Folder

__all__ = ["ConversionPlan", "ManifestSource", "Report", "convert", "read_report"]


def convert(
    plan: ConversionPlan,
    output: Folder,
    buckets: Buckets,
    *,
    shards: int = 1,
    progress: Progress | None = None,
    scratch: Path | None = None,
    job_tables: Mapping[str, Folder] | None = None,
) -> Report:
    """Convert, and return the report that is in `output` as report.json.

    `buckets` opens the buckets of the images, which are read for checks, copies and previews alone. The result is the
    same for any number of `shards`. `job_tables` names folders that get the `annot.csv` of one job each. `scratch` is
    a folder for temporary files. When the dataset is there already, nothing is written.

    Raises InvalidInput (nothing was written), Conflict when the folder is another's, and StorageError.
    """
    check_output(output, plan.owner)
    rules = plan.rules(output)
    told = progress or NoProgress()
    with scratch_folder(scratch) as folder, open_database(folder / "index.db") as connection:
        indexed = index_manifests(plan, connection, folder, told)
        previous = read_report(output)
        if previous is not None and _is_current(previous, plan, indexed):
            OwnedFiles(connection, output).end()
            return previous
        settled = settle(indexed, plan, rules, connection, buckets, told)
        work = _Conversion(plan, output, buckets, indexed, settled, told, folder, dict(job_tables or {}))
        return work.write(connection, previous, shards)


def read_report(output: Folder) -> Report | None:
    """The report of a complete dataset; None when there is none, or none that this version can read."""
    try:
        return Report.parse(output.read(REPORT, at_most=LARGEST_REPORT))
    except (ObjectNotFound, ObjectTooLarge):
        return None


def check_output(output: Folder, owner: str) -> None:
    """Whether `owner` may write into the folder: it is claimed by the owner, or empty.

    Raises Conflict for another's claim, and InvalidInput for files that no conversion wrote.
    """
    if check_claim(output, owner) is None:
        found = next((meta for meta in islice(output.list(), 2) if meta.key), None)
        if found is not None:
            what = f"is not empty ({found.key} is there) and no labelround dataset"
            raise InvalidInput([Problem(output.uri(), what, "choose a new folder")])


def _is_current(report: Report, plan: ConversionPlan, indexed: Indexed) -> bool:
    """Whether the report is of this very conversion."""
    return (
        report.labelround == __version__
        and report.version == REPORT_VERSION
        and report.owner == plan.owner
        and report.format == plan.output_format.value
        and report.classes == plan.labels
        and report.options == plan.options(indexed.prefix)
        and report.inputs_digest == indexed.digest
    )


@dataclass(frozen=True, slots=True)
class _Conversion:
    """One conversion whose every decision is made."""

    plan: ConversionPlan
    output: Folder
    buckets: Buckets
    indexed: Indexed
    settled: Settled
    progress: Progress
    scratch: Path
    job_tables: dict[str, Folder]

    def write(self, connection: sqlite3.Connection, previous: Report | None, shards: int) -> Report:
        """Write everything, in the order that lets an interrupted run be taken up again."""
        owned = OwnedFiles(connection, self.output)
        owned.note(present=previous_files(self.output, previous), wanted=self._wanted())
        claim(self.output, self.plan.owner)
        owned.begin(self.scratch)
        self.output.delete(REPORT)
        owned.delete_stale()
        tally = Tally()
        parts = [self._write_shard(number, shards, tally) for number in range(shards)]
        layout, labels = self.plan.format, self.plan.labels
        digest = merge(parts, layout, labels, self.settled.cut.listed, self.output, self.scratch)
        merge_job_tables(parts, self.job_tables, self.scratch)
        warnings = self._write_previews()
        files = Written(self._fixed(), self._previews(), digest)
        report = report_of(self.plan, self.indexed, self.settled, tally, files, warnings)
        self.output.write(REPORT, report.to_json())
        owned.end()
        return report

    def _write_shard(self, number: int, shards: int, tally: Tally) -> Path:
        """Write the label files of one shard, and copies of its images when asked for; the folder of its parts."""
        table, count = self.settled.table, self.settled.count
        start, stop = number * count // shards, (number + 1) * count // shards
        part = self.scratch / f"part-{number}"
        part.mkdir()
        own = Tally()
        self.progress.start("writing label files", stop - start, "images")
        files = write_parts(table.entries(start, stop), self._shard_plan(), part, own)
        write_labels(files, self.output, self.progress)
        tally.add(own)
        if self.plan.images_mode is ImagesMode.COPY:
            self.progress.start("copying images", stop - start, "images")
            entries = (entry for entry in table.entries(start, stop) if entry.state.in_dataset)
            copies = copy_images(entries, self.plan.format, self.output, self.buckets, self.plan.check_images)
            for copied in copies:
                self.progress.advance(copied)
        return part

    def _shard_plan(self) -> ShardPlan:
        jobs = {number: source.job for number, source in enumerate(self.plan.sources) if source.job in self.job_tables}
        plan, prefix = self.plan, self.indexed.prefix
        return ShardPlan(plan.format, plan.labels, self.settled.cut, prefix, jobs, tuple(self.job_tables))

    def _write_previews(self) -> list[str]:
        """Draw the chosen images; the warnings about those that could not be drawn."""
        if not self.settled.pictures:
            return []
        from labelround.dataset.pictures import pictures, reader
        from labelround.dataset.preview import write_previews

        self.progress.start("drawing previews", len(self.settled.pictures), "images")
        chosen = pictures(self.settled.table, self.settled.pictures)
        folder = self.output.child(PREVIEWS)
        return write_previews(chosen, self.plan.labels, folder, reader(self.buckets), self.progress)

    def _wanted(self) -> Iterator[str]:
        """The paths of all files that the dataset will have, but for the report."""
        layout, copied = self.plan.format, self.plan.images_mode is ImagesMode.COPY
        for name in self.settled.table.names():
            yield layout.label_file(name)
            if copied:
                yield layout.image_file(name)
        yield from self._fixed()
        yield from self._previews()

    def _fixed(self) -> list[str]:
        return fixed_files(self.plan.format, self.plan.labels, self.settled.cut.listed)

    def _previews(self) -> list[str]:
        if not self.settled.pictures:
            return []
        from labelround.dataset.preview import INDEX, file_name

        drawn = [
            file_name(entry.name)
            for number in self.settled.pictures
            for entry in self.settled.table.entries(number, number + 1)
        ]
        return [f"{PREVIEWS}/{name}" for name in [*drawn, INDEX]]
