"""All that is decided before anything is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from labelround.dataset.adopting import DatasetSource, read_dataset
from labelround.dataset.annotation import State
from labelround.dataset.checking import Checker
from labelround.dataset.choice import Choice
from labelround.dataset.classes import Classes, UnknownClasses
from labelround.dataset.counts import Checked, Joined
from labelround.dataset.imagetable import ImageTable
from labelround.dataset.index import Index
from labelround.dataset.joining import Groups, Image, Joiner
from labelround.dataset.naming import Rules
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.problems import Problems
from labelround.dataset.reading import EVERY_GROUP, IndexPass, Kept, Record, SourceSummary, read_input, read_output
from labelround.dataset.source import ManifestSource
from labelround.dataset.split import KEPT_PLACES, Ballot, Cut, group_of, place
from labelround.progress import Progress
from labelround.storage import Buckets


@dataclass(frozen=True, slots=True)
class Said:
    """What the manifests say in all. `prefix` is `bucket/folder/`, which every image is below."""

    summaries: tuple[SourceSummary, ...]
    prefix: str
    digest: str


@dataclass(frozen=True, slots=True)
class Indexed:
    """The manifests, read and found right."""

    index: Index
    groups: Groups
    said: Said
    kept: Kept


def index_manifests(plan: ConversionPlan, connection: sqlite3.Connection, scratch: Path, progress: Progress) -> Indexed:
    """Read every line of every manifest. Raises InvalidManifest with all problems; UnknownClasses is one."""
    problems, classes = Problems(), Classes(plan.labels)
    for problem in plan.problems():
        problems.add(problem.where, problem.what, problem.fix)
    shared = IndexPass(classes, problems, plan.prefix, scratch, progress, listed=bool(plan.inputs))
    index = Index(connection)
    for number, source in enumerate(plan.sources):
        index.load(_read(source, number, shared))
    for inputs, groups in _inputs(plan.inputs):
        index.load(read_input(inputs, groups, shared))
    index.seal()
    index.check_repeats([source.name for source in plan.sources], problems)
    _raise_any(problems, classes, plan)
    digest = index.digest()
    if shared.kept.parts:
        digest = sha256(f"{digest}{shared.kept.twice}{sorted(shared.kept.parts.items())}".encode()).hexdigest()
    said = Said(tuple(shared.summaries), plan.prefix or index.common_folder(), digest)
    return Indexed(index, _groups(plan, shared.summaries), said, shared.kept)


def _read(source: ManifestSource, number: int, shared: IndexPass) -> Iterator[Record]:
    if isinstance(source, DatasetSource):
        return read_dataset(source, number, shared)
    return read_output(source, number, shared)


def _inputs(inputs: Iterable[ManifestSource]) -> Iterator[tuple[ManifestSource, list[int]]]:
    """Each input manifest once, with all groups that its images are asked of."""
    groups: dict[tuple[str, str], tuple[ManifestSource, list[int]]] = {}
    for source in inputs:
        bucket, key = source.location.bucket, source.location.key
        _, wanted = groups.setdefault((bucket.uri(""), key), (source, []))
        wanted.append(EVERY_GROUP if source.group is None else source.group)
    yield from groups.values()


def _groups(plan: ConversionPlan, summaries: Iterable[SourceSummary]) -> Groups:
    """Every label group that a manifest names."""
    names = {source.group: "" for source in plan.inputs if source.group is not None}
    for summary in summaries:
        names[summary.group] = names.get(summary.group) or summary.attribute
    return Groups(names)


def _raise_any(problems: Problems, classes: Classes, plan: ConversionPlan) -> None:
    unknown = classes.problem()
    if unknown is not None:
        raise UnknownClasses([unknown, *problems.kept], [one.name for one in classes.unknown], problems.total + 1)
    if not plan.labels and not problems.total:
        problems.add("labels", "no classes were named, and the manifests have no boxes to take them from")
    problems.raise_any()


@dataclass(frozen=True, slots=True)
class Settled:
    """Every image with its state, its name and the hash of its split group; nothing is left to decide.

    `pictures` are the numbers of the images to draw.
    """

    table: ImageTable
    count: int
    cut: Cut
    pictures: tuple[int, ...]
    joined: Joined
    checked: Checked


def settle(
    indexed: Indexed,
    plan: ConversionPlan,
    rules: Rules,
    connection: sqlite3.Connection,
    buckets: Buckets,
    progress: Progress,
) -> Settled:
    """Join groups and attempts, check the images when that is asked for, and settle names and the split."""
    joiner, checker = Joiner(indexed.groups), Checker(buckets)
    images = joiner.join(indexed.index.rows())
    if plan.check_images:
        progress.start("checking images", None, "images")
        images = checker.check(images)
    ballot, choice = Ballot(plan.split), Choice(plan.previews)
    table = ImageTable(connection, indexed.said.prefix, rules)
    placing = _Placing(plan, len(indexed.said.prefix), ballot, choice, progress if plan.check_images else None)
    count = table.load(placing.place(images, indexed.kept))
    table.settle_names()
    cut = ballot.cut(moves=not indexed.kept.parts, shared=indexed.kept.twice)
    return Settled(table, count, cut, choice.numbers(), joiner.counts, checker.counts)


@dataclass(slots=True)
class _Placing:
    """Gives every image the hash of its split group, on its way into the table."""

    plan: ConversionPlan
    start: int
    ballot: Ballot
    choice: Choice
    progress: Progress | None

    def place(self, images: Iterable[Image], kept: Kept) -> Iterator[tuple[Image, int]]:
        seed, group = self.plan.split.seed, group_of(self.plan.split.group_by)
        for number, image in enumerate(images):
            part = kept.parts.get(image.ref) if kept.parts else None
            hashed = place(seed, group(image.ref[self.start :])) if part is None else KEPT_PLACES[part]
            if image.state <= State.EMPTY:
                self.ballot.add(hashed)
                self.choice.offer(number, image.ref, image.state)
            if self.progress is not None:
                self.progress.advance()
            yield image, hashed
