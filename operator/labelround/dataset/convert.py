"""Ground Truth output manifests to a dataset.

First every line is read, checked and sorted, and all is decided: the state of each image, its name, its split. Only
then is anything written. The report comes last; without it the dataset is not complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from labelround import __version__
from labelround.dataset.claim import check_claim
from labelround.dataset.database import open_database
from labelround.dataset.formats import REPORT
from labelround.dataset.imagetable import Entry
from labelround.dataset.owned import OwnedFiles, end, tidy
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.preparing import Indexed, Said, Settled, index_manifests, settle
from labelround.dataset.previewing import preview_files
from labelround.dataset.report import LARGEST_REPORT, REPORT_VERSION, Report
from labelround.dataset.scratch import scratch_folder
from labelround.dataset.shard import Tally
from labelround.dataset.source import ManifestSource
from labelround.dataset.split import PART_WORDS
from labelround.dataset.work import Outcome, Range, Work
from labelround.errors import InvalidInput, ObjectNotFound, ObjectTooLarge, Problem
from labelround.progress import NoProgress, Progress
from labelround.storage import Buckets, Folder, local_bucket

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
        owned = OwnedFiles(connection, output)
        previous = read_report(output)
        if previous is not None and is_current(previous, plan, indexed.said):
            tidy(output)
            return previous
        settled = settle(indexed, plan, rules, connection, buckets, told)
        work = Work(plan, output, buckets, told, folder, job_tables or {})
        work.begin(owned, previous, _wanted(work, settled))
        report = work.complete(_made(work, indexed, settled, shards))
        end(output)
        return report


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


def check_apart(output: Folder, datasets: Sequence[Folder]) -> None:
    """Whether none of the datasets that are read would be written over. Raises InvalidInput."""
    problems = []
    for dataset in datasets:
        one, other = _address(dataset), _address(output)
        if one.startswith(other) or other.startswith(one):
            problems.append(Problem(dataset.uri(), "lies in the output folder, or around it", "choose another output"))
    if problems:
        raise InvalidInput(problems)


def _address(folder: Folder) -> str:
    """The folder's address with a `/` at its end; of a local one that which no link hides."""
    place = folder.bucket.local_path
    return f"{str((place / folder.prefix).resolve()) if place else folder.uri()}".rstrip("/") + "/"


def is_current(report: Report, plan: ConversionPlan, said: Said) -> bool:
    """Whether the report is of this very conversion."""
    return (
        report.labelround == __version__
        and report.version == REPORT_VERSION
        and report.quality is not None
        and report.owner == plan.owner
        and report.format == plan.output_format.value
        and report.classes == plan.labels
        and report.options == plan.options(said.prefix)
        and report.inputs_digest == said.digest
    )


def ranges(count: int, shards: int) -> Iterator[tuple[int, int]]:
    """The numbers from which and before which each shard has its images; they differ by one image at most."""
    return ((number * count // shards, (number + 1) * count // shards) for number in range(shards))


def _made(work: Work, indexed: Indexed, settled: Settled, shards: int) -> Outcome:
    """Write all shards."""
    tally = Tally(checked=settled.checked)
    parts = []
    for number, (start, stop) in enumerate(ranges(settled.count, shards)):
        folder = work.scratch / f"part-{number}"
        folder.mkdir()
        images = Range(start, stop, partial(settled.table.entries, start, stop))
        tally.add(work.write_shard(images, settled.cut, indexed.said.prefix, folder))
        parts.append(Folder(local_bucket(folder)))
    return Outcome(indexed.said, settled.joined, settled.cut, tally, parts, lambda: _pictures(settled))


def _pictures(settled: Settled) -> Iterator[Entry]:
    """The images to draw."""
    for number in settled.pictures:
        yield from settled.table.entries(number, number + 1)


def _wanted(work: Work, settled: Settled) -> Iterator[str]:
    """The paths of all files that the dataset will have, but for the report."""
    for name in settled.table.names():
        yield from work.image_files(name)
    if work.copies and work.plan.format.by_split:
        yield from _split_copies(work, settled)
    yield from work.fixed(settled.cut)
    yield from preview_files([entry.name for entry in _pictures(settled)])


def _split_copies(work: Work, settled: Settled) -> Iterator[str]:
    """The paths of the copies that lie in the folders of their split."""
    for entry in settled.table.entries(0, settled.count):
        if entry.state.in_dataset:
            lists = settled.cut.lists(settled.cut.part(entry.place))
            yield from work.plan.format.image_files(entry.name, (PART_WORDS[part] for part in lists))
