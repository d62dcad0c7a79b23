"""Rounds that add up: the version of a dataset that follows from the one before and from further datasets."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from labelround.dataset.card import title
from labelround.dataset.claim import claim
from labelround.dataset.convert import check_apart, check_output
from labelround.dataset.cumulative.licences import conjuncts
from labelround.dataset.cumulative.options import MergeOptions, MergeResult
from labelround.dataset.cumulative.records import Records
from labelround.dataset.cumulative.registry import Registry
from labelround.dataset.cumulative.settling import Settling
from labelround.dataset.cumulative.source import Source, SourceImage, open_sources, read_images
from labelround.dataset.cumulative.writing import VersionPlan
from labelround.dataset.database import open_database
from labelround.dataset.formats import CONFLICTS, format_of
from labelround.dataset.plan import label_problems, rules_in
from labelround.dataset.report import Origin, Report
from labelround.dataset.scratch import scratch_folder
from labelround.dataset.split import group_of
from labelround.dataset.versions import (
    TOKEN_BYTES,
    VERSIONS,
    History,
    Merged,
    Version,
    read_history,
    read_index,
    record,
    remove,
    tidy,
    version_folder,
)
from labelround.errors import InvalidInput, ObjectNotFound, Problem, Unavailable
from labelround.progress import NoProgress, Progress
from labelround.spec.model import OutputFormat
from labelround.storage import Folder
from labelround.uri import SCHEME


def merge(
    output: Folder,
    datasets: Sequence[Folder],
    options: MergeOptions,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    token: Callable[[], str] = lambda: secrets.token_hex(TOKEN_BYTES),
    progress: Progress | None = None,
    scratch: Path | None = None,
) -> MergeResult:
    """Merge datasets, the later over the earlier and all over what is in `output`, into its next version.

    When they bring nothing new the version stays, and it comes back. `token` names an attempt; no two give the same.
    Killed at any moment and run again, it completes; of two at once that would make the same version, one does.

    Raises InvalidInput (nothing was written), Conflict when the folder is another's, Unavailable when another process
    was quicker or a dataset changed while it was read, and StorageError.
    """
    check_apart(output, datasets)
    check_output(output, options.owner)
    sources = open_sources(datasets)
    history = read_history(output, read_index(output))
    before = _before(output, history)
    _check_options(options, before)
    fresh = sources[_overlap(history.merged, [one.report.digest for one in sources]) :]
    if before is not None and not fresh and options.output_format in (None, OutputFormat(before.report.format)):
        tidy(output, history, options.keep)
        return _unchanged(before, history)
    world = _World(output, options, history, progress or NoProgress(), clock, token)
    with scratch_folder(scratch) as folder, open_database(folder / "index.db") as connection:
        return _Merging.of(world, before, fresh, connection, folder).run()


def _before(output: Folder, history: History) -> Source | None:
    """The version before. Raises Unavailable when it has just made way for another."""
    if history.newest is None:
        return None
    try:
        return open_sources([output.child(history.newest.path)])[0]
    except InvalidInput as error:
        if read_history(output, history) != history:
            raise _overtaken(output) from error
        raise


def _check_options(options: MergeOptions, before: Source | None) -> None:
    if before is not None and options.group_by not in (None, before.group_by):
        what = f"is {options.group_by!r}, but the dataset has been split by {before.group_by!r} since its first version"
        raise InvalidInput([Problem("groupBy", what, "leave it out, or merge into a new folder")])


def _overlap(merged: Sequence[str], digests: Sequence[str]) -> int:
    """How many of the datasets to merge are the last ones that were: to merge them again changes nothing."""
    longest = min(len(merged), len(digests))
    return next((n for n in range(longest, 0, -1) if list(merged[-n:]) == list(digests[:n])), 0)


def _unchanged(before: Source, history: History) -> MergeResult:
    if history.newest is None:
        raise AssertionError("what was before has a version")
    return MergeResult(history.newest, before.folder, before.report, made=False)


def _overtaken(output: Folder) -> Unavailable:
    return Unavailable(f"{output.uri()}: another process has made a version meanwhile; run this again")


@dataclass(frozen=True, slots=True)
class _World:
    """Where a merge writes, what is there, and what it is given."""

    output: Folder
    options: MergeOptions
    history: History
    progress: Progress
    clock: Callable[[], datetime]
    token: Callable[[], str]

    def is_overtaken(self) -> bool:
        """Whether another process has made a version meanwhile."""
        return read_history(self.output, self.history) != self.history


@dataclass(frozen=True, slots=True)
class _Merging:
    """One merge at work. `sources` begin with the version `before`, if there is one."""

    world: _World
    before: Source | None
    sources: Sequence[Source]
    plan: VersionPlan
    folder: Folder
    records: Records
    registry: Registry
    scratch: Path

    @classmethod
    def of(
        cls,
        world: _World,
        before: Source | None,
        fresh: Sequence[Source],
        connection: sqlite3.Connection,
        scratch: Path,
    ) -> _Merging:
        """Settle what does not depend on images. Raises InvalidInput."""
        sources = [*([before] if before else []), *fresh]
        plan = _plan(world.options, sources, before)
        newest = world.history.newest
        name = version_folder(newest.number + 1 if newest else 1, world.token())
        folder = world.output.child(VERSIONS).child(name)
        registry = Registry(connection, rules_in(folder, format_of(plan.output_format)))
        return cls(world, before, sources, plan, folder, Records(connection), registry, scratch)

    def run(self) -> MergeResult:
        """Read everything, then decide, then write."""
        world = self.world
        self._load()
        names = [one.name for one in self.sources]
        settling = Settling(self.records, self.registry, names, onto=self.before is not None)
        with (self.scratch / CONFLICTS).open("w", encoding="utf-8", newline="") as conflicts:
            survey = settling.survey(self.plan.head, conflicts)
        if self.before is not None and survey.digest == self.before.report.inputs_digest:
            merged = (*world.history.merged, *(one.digest for one in self._merged()))
            history = tidy(world.output, replace(world.history, merged=merged), world.options.keep)
            return _unchanged(self.before, history)
        claim(world.output, world.options.owner)
        report = self.plan.write(self.folder, settling, survey, self.scratch, world.progress)
        version = self._version(report)
        if not record(world.output, version):
            remove(self.folder)
            raise _overtaken(world.output)
        tidy(world.output, world.history.followed_by(version), world.options.keep)
        return MergeResult(version, self.folder, report, True, survey.added, survey.changed, survey.conflicts)

    def _load(self) -> None:
        class_ids = {label: index for index, label in enumerate(self.plan.labels)}
        self.world.progress.start("reading datasets", len(self.sources), "datasets")
        problems: list[Problem] = []
        for number, source in enumerate(self.sources):
            try:
                self.records.load(number, self._registered(source, read_images(source, class_ids, self.scratch)))
            except (InvalidInput, ObjectNotFound) as error:
                if source is self.before and self.world.is_overtaken():
                    raise _overtaken(self.world.output) from error
                if not isinstance(error, InvalidInput):
                    raise
                problems += error.problems
            self.world.progress.advance()
        if problems:
            raise InvalidInput(problems)
        self.records.seal()

    def _registered(self, source: Source, images: Iterator[SourceImage]) -> Iterator[SourceImage]:
        """The same images, of which the registry hears."""
        group_by = self.plan.group_by
        found, start = group_of(group_by), source.report.options.images_prefix.removeprefix(SCHEME)
        for image in images:
            group = image.group if source.group_by == group_by else None
            if group is None:
                group = found(image.ref.removeprefix(start)) if group_by else ""
            self.registry.settle(image, group)
            yield image

    def _merged(self) -> tuple[Merged, ...]:
        """What is merged now."""
        fresh = self.sources[1:] if self.before else self.sources
        return tuple(Merged(one.name, one.report.digest) for one in fresh)

    def _version(self, report: Report) -> Version:
        newest, now = self.world.history.newest, self.world.clock().astimezone(UTC)
        return Version(
            number=newest.number + 1 if newest else 1,
            folder=self.folder.prefix.rpartition("/")[2],
            digest=report.digest,
            created=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
            images=report.images.labeled + report.images.empty,
            boxes=report.boxes.written,
            classes=len(report.classes),
            sources=self._merged(),
        )


def _plan(options: MergeOptions, sources: Sequence[Source], before: Source | None) -> VersionPlan:
    """The plan of the next version. Raises InvalidInput for classes that its format cannot name."""
    labels = tuple(dict.fromkeys(label for one in sources for label in one.report.classes))
    usual = OutputFormat(before.report.format) if before else OutputFormat.YOLO
    output_format = options.output_format or usual
    if problems := list(label_problems(labels, output_format)):
        raise InvalidInput(problems)
    group_by = sources[0].group_by if options.group_by is None else options.group_by
    group_of(group_by)
    jobs = tuple(sorted({job for one in sources for job in one.report.jobs}))
    return VersionPlan(options.owner, output_format, labels, group_by, jobs, _origin([one.report for one in sources]))


def _origin(reports: Sequence[Report]) -> Origin:
    """Where a dataset is from that is merged of these. It has a licence when all have, and has to keep each of them.

    A dataset may have been merged before: what stands between the ANDs of its expression counts by itself.
    """
    origins = [one.options.origin for one in reports]
    rounds = [origin.merged or (origin.round or title(one),) for origin, one in zip(origins, reports, strict=True)]
    licenses = {origin.license for origin in origins}
    terms = sorted({term for each in licenses for term in conjuncts(each)})
    kept = licenses if len(licenses) == 1 else [f"({each})" if " " in each else each for each in terms]
    return Origin(
        license=" AND ".join(kept) if all(licenses) else "",
        merged=tuple(dict.fromkeys(each for some in rounds for each in some)),
    )
