"""The steps that a conversion in one process and one in shards have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from labelround.dataset.claim import claim
from labelround.dataset.counts import Joined
from labelround.dataset.describing import DESCRIPTIONS, described
from labelround.dataset.formats import REPORT
from labelround.dataset.gathering import Parts, gathered
from labelround.dataset.imagetable import Entry
from labelround.dataset.merging import fixed_files, merge, merge_job_tables
from labelround.dataset.owned import OwnedFiles, previous_files
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.preparing import Said
from labelround.dataset.previewing import draw_previews, preview_files
from labelround.dataset.report import Report
from labelround.dataset.shard import ShardPlan, Tally, write_parts
from labelround.dataset.split import PART_WORDS, Cut
from labelround.dataset.summary import Written, report_of
from labelround.dataset.writing import Copy, copy_images, write_labels
from labelround.progress import Progress
from labelround.spec.model import ImagesMode
from labelround.storage import Buckets, Folder
from labelround.uri import SCHEME


@dataclass(frozen=True, slots=True)
class Range:
    """The images from number `start` to before `stop`. `entries` gives them in order, as often as it is called."""

    start: int
    stop: int
    entries: Callable[[], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all shards together came to. `parts` are their folders in order, `pictures` the images to draw."""

    said: Said
    joined: Joined
    cut: Cut
    tally: Tally
    parts: Parts
    pictures: Callable[[], Iterable[Entry]]


@dataclass(frozen=True, slots=True)
class Work:
    """One conversion at work: what is asked for, where it reads and writes, and a folder on disk of its own.

    `job_tables` names folders that get the `annot.csv` of one labeling job each.
    """

    plan: ConversionPlan
    output: Folder
    buckets: Buckets
    progress: Progress
    scratch: Path
    job_tables: Mapping[str, Folder]

    @property
    def copies(self) -> bool:
        """Whether the images go into the dataset."""
        return self.plan.images_mode is ImagesMode.COPY

    def begin(self, owned: OwnedFiles, previous: Report | None, wanted: Iterable[str]) -> None:
        """Claim the folder, and clear it of what is not `wanted`: the paths of all files that will be there.

        In an order that lets an interrupted run be taken up again.
        """
        owned.note(present=previous_files(self.output, previous), wanted=chain(wanted, DESCRIPTIONS))
        claim(self.output, self.plan.owner)
        owned.begin(self.scratch)
        self.output.delete(REPORT)
        owned.delete_stale()

    def image_files(self, name: str) -> Iterator[str]:
        """The files that the dataset has of the image `name`, but for a copy that lies in the folder of its split."""
        if not self.plan.format.gathers:
            yield self.plan.format.label_file(name)
        if self.copies and not self.plan.format.by_split:
            yield from self.plan.format.image_files(name, ())

    def split_copies(self, parts: Parts, cut: Cut) -> Iterator[Copy]:
        """The copies that lie in the folders of their split, which no shard knows for good."""
        if not self.copies or not self.plan.format.by_split:
            return
        for picture in gathered(parts, self.plan.labels):
            unchanged = self.plan.check_images and not picture.reason
            lists = (PART_WORDS[one] for one in cut.lists(picture.part))
            for path in self.plan.format.image_files(picture.name, lists):
                yield Copy(picture.source_ref.removeprefix(SCHEME), path, unchanged)

    def fixed(self, cut: Cut) -> list[str]:
        """The files that the dataset has whatever its images are."""
        return fixed_files(self.plan.format, self.plan.labels, cut.listed)

    def write_shard(self, images: Range, cut: Cut, prefix: str, folder: Path) -> Tally:
        """Write the label files of one shard, and copies of its images when asked for; its parts go into `folder`."""
        tally = Tally()
        count = images.stop - images.start
        gathers = self.plan.format.gathers
        self.progress.start("writing tables" if gathers else "writing label files", count, "images")
        entries = self._told(images.entries()) if gathers else images.entries()
        files = write_parts(entries, self._shard_plan(cut, prefix), folder, tally)
        write_labels(files, self.output, self.progress)
        if self.copies and not self.plan.format.by_split:
            self._copy(self._copies(images), count)
        return tally

    def _told(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The images, each of which is progress where there are no files that are."""
        for entry in entries:
            yield entry
            self.progress.advance()

    def _copies(self, images: Range) -> Iterator[Copy]:
        for entry in images.entries():
            if entry.state.in_dataset:
                unchanged = self.plan.check_images and entry.orientation == 1
                for path in self.plan.format.image_files(entry.name, ()):
                    yield Copy(entry.ref, path, unchanged)

    def _copy(self, copies: Iterable[Copy], count: int) -> None:
        self.progress.start("copying images", count, "images")
        for copied in copy_images(copies, self.output, self.buckets):
            self.progress.advance(copied)

    def _shard_plan(self, cut: Cut, prefix: str) -> ShardPlan:
        jobs = {number: source.job for number, source in enumerate(self.plan.sources) if source.job in self.job_tables}
        return ShardPlan(self.plan.format, self.plan.labels, cut, prefix, jobs, tuple(self.job_tables))

    def complete(self, made: Outcome) -> Report:
        """Merge the parts, draw the previews, describe it, and write the report, which makes the dataset complete."""
        layout, labels = self.plan.format, self.plan.labels
        if self.copies and layout.by_split:
            self._copy(self.split_copies(made.parts, made.cut), sum(made.tally.splits))
        digest, hashes = merge(made.parts, layout, labels, made.cut, self.output, self.scratch)
        merge_job_tables(made.parts, self.job_tables, self.scratch)
        names = [entry.name for entry in made.pictures()]
        warnings = draw_previews(made.pictures(), len(names), labels, self.output, self.buckets, self.progress)
        written = Written(self.fixed(made.cut), digest, preview_files(names), warnings)
        report = report_of(self.plan, made.said, made.joined, made.cut, made.tally, written)
        report, descriptions = described(report, hashes)
        for name, content in descriptions.items():
            self.output.write(name, content)
        self.output.write(REPORT, report.to_json())
        return report
