"""The first part: reads every manifest, settles names, clears the folder and cuts the shards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from labelround.dataset.convert import check_output, is_current, ranges, read_report
from labelround.dataset.database import open_database
from labelround.dataset.formats import INDEX, UNFINISHED
from labelround.dataset.imagetable import ImageTable
from labelround.dataset.owned import OwnedFiles, tidy
from labelround.dataset.preparing import index_manifests, settle
from labelround.dataset.report import Report
from labelround.dataset.sharded.entries import write_entries
from labelround.dataset.sharded.files import ENTRIES, Index, identity, part_files, shard_folder
from labelround.dataset.split import LISTED, Cut
from labelround.dataset.work import Work
from labelround.errors import Failed, Problem
from labelround.parallel import in_threads
from labelround.storage import Folder


def index(work: Work, shards: int) -> None:
    """Find everything that is wrong with the input, and leave each shard its images.

    What is there already, of the dataset or of this part, is not done again. Raises what `convert` raises; after
    InvalidInput nothing was written.
    """
    plan, output = work.plan, work.output
    check_output(output, plan.owner)
    asked = identity(plan, output, work.job_tables, shards)
    found = Index.read(output, INDEX)
    if found is not None and found.id == asked and output.exists(UNFINISHED) and _is_cut(output, shards):
        return
    rules = plan.rules(output)
    with open_database(work.scratch / "index.db") as connection:
        indexed = index_manifests(plan, connection, work.scratch, work.progress)
        owned = OwnedFiles(connection, output)
        previous = read_report(output)
        if previous is not None and is_current(previous, plan, indexed.said):
            tidy(output)
            return
        unchecked = replace(plan, check_images=False)  # each shard looks at its own images
        settled = settle(indexed, unchecked, rules, connection, work.buckets, work.progress)
        work.begin(owned, previous, _wanted(work, settled.table, shards))
        _cut(work, settled.table, settled.count, shards)
    Index(id=asked, images=settled.count, shards=shards, said=indexed.said, joined=settled.joined).write(output, INDEX)


def found_index(work: Work, shards: int) -> Index | None:
    """What the indexing part has left; None when the dataset is complete. Raises Failed when there is neither."""
    output = work.output
    check_output(output, work.plan.owner)
    found, unfinished = Index.read(output, INDEX), output.exists(UNFINISHED)
    if not unfinished and read_report(output) is not None:
        return None
    if found is not None and unfinished and found.id == identity(work.plan, output, work.job_tables, shards):
        return found
    what = "is not there" if found is None else "is of another conversion"
    raise Failed(str(Problem(output.uri(INDEX), what, "have the manifests indexed first (--step index)")))


def finished_report(work: Work, found: Index) -> Report | None:
    """The report when it is there, so that all that is left is to tidy up."""
    report = read_report(work.output)
    return report if report is not None and is_current(report, work.plan, found.said) else None


def _is_cut(output: Folder, shards: int) -> bool:
    """Whether each shard has its images: a person deletes those that are damaged."""
    return all(in_threads(output.exists, (f"{shard_folder(number)}/{ENTRIES}" for number in range(shards))))


def _wanted(work: Work, table: ImageTable, shards: int) -> Iterator[str]:
    """The paths of all files that there may be, but for report and previews: the finishing part knows these."""
    for name in table.names():
        yield from work.image_files(name)
    yield from work.fixed(Cut(work.plan.split, LISTED))
    yield from part_files(shards, len(work.job_tables))


def _cut(work: Work, table: ImageTable, count: int, shards: int) -> None:
    """Leave each shard its images."""
    work.progress.start("cutting shards", shards, "shards")
    path = work.scratch / ENTRIES
    for number, (start, stop) in enumerate(ranges(count, shards)):
        with path.open("wb") as file:
            write_entries(table.entries(start, stop), file)
        with path.open("rb") as content:
            work.output.write_stream(f"{shard_folder(number)}/{ENTRIES}", content)
        work.progress.advance()
