"""The last part: merges what the shards have left, streaming, into the tables, the splits and the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from labelround.dataset.choice import Choice
from labelround.dataset.convert import read_report
from labelround.dataset.formats import UNFINISHED
from labelround.dataset.gathering import Parts
from labelround.dataset.imagetable import Entry
from labelround.dataset.owned import tidy
from labelround.dataset.previewing import preview_files
from labelround.dataset.report import Report
from labelround.dataset.shard import Tally
from labelround.dataset.sharded.entries import read_entries
from labelround.dataset.sharded.files import PICTURES, TALLY, Counted, Index, shard_folder
from labelround.dataset.sharded.indexing import finished_report, found_index
from labelround.dataset.sharded.recutting import recut
from labelround.dataset.split import LISTED, Ballot, Cut
from labelround.dataset.work import Outcome, Work
from labelround.errors import Failed
from labelround.storage import Folder
from labelround.wording import counted

SHOWN_SHARDS = 20


def finish(work: Work, shards: int) -> Report:
    """Complete the dataset, and take away what the parts have passed on. The report comes back.

    Raises Failed before all shards are converted.
    """
    index = found_index(work, shards)
    if index is None:
        report = read_report(work.output)
        if report is None:
            raise Failed(f"{work.output.uri()}: the dataset was deleted meanwhile; run this again")
    else:
        report = finished_report(work, index) or _complete(work, index)
    tidy(work.output)
    return report


def _complete(work: Work, index: Index) -> Report:
    tally, ballot = Tally(), Ballot(work.plan.split)
    for one in _counted(work.output, index):
        tally.add(one.tally)
        for place in one.places:
            ballot.add(place)
    cut = ballot.cut()
    folders = [work.output.child(shard_folder(number)) for number in range(index.shards)]
    parts: Parts = folders
    if cut.moves:
        parts = recut(folders, work.plan, index.said.prefix, cut, tally, work.scratch)
    numbers = _chosen(work, folders)

    def chosen() -> Iterator[Entry]:
        return (entry for entry in _pictures(folders) if entry.number in numbers)

    copies = (copy.path for copy in work.split_copies(parts, cut))
    _own(work, cut, chain(preview_files([entry.name for entry in chosen()]), copies))
    return work.complete(Outcome(index.said, index.joined, cut, tally, parts, chosen))


def _counted(output: Folder, index: Index) -> Iterator[Counted]:
    """What every shard counted. Raises Failed, before any is given, when shards are missing."""
    missing = []
    for number in range(index.shards):
        found = Counted.read(output, f"{shard_folder(number)}/{TALLY}")
        if found is None or found.id != index.id:
            missing.append(number)
        elif not missing:
            yield found
    if missing:
        listed = ", ".join(map(str, missing[:SHOWN_SHARDS])) + (", ..." if len(missing) > SHOWN_SHARDS else "")
        what = f"{counted(len(missing), 'shard')} of {index.shards} not converted yet ({listed})"
        raise Failed(f"{output.uri()}: {what}; convert them first (--step shard)")


def _chosen(work: Work, folders: list[Folder]) -> frozenset[int]:
    """The numbers of the images to draw, of those that each shard has chosen."""
    choice = Choice(work.plan.previews)
    for entry in _pictures(folders):
        choice.offer(entry.number, entry.ref, entry.state)
    return frozenset(choice.numbers())


def _pictures(folders: list[Folder]) -> Iterator[Entry]:
    for folder in folders:
        yield from read_entries(folder.chunks(PICTURES), folder.uri(PICTURES))


def _own(work: Work, cut: Cut, files: Iterable[str]) -> None:
    """Note the files that only now are known to come, and delete the lists that will not."""
    coming = iter(files)
    first = next(coming, None)
    if first is not None:
        path = work.scratch / UNFINISHED
        with path.open("wb") as file:
            file.writelines(work.output.chunks(UNFINISHED))
            file.writelines(f"{one}\n".encode() for one in chain([first], coming))
        with path.open("rb") as content:
            work.output.write_stream(UNFINISHED, content)
    for name in set(work.fixed(Cut(cut.split, LISTED))).difference(work.fixed(cut)):
        work.output.delete(name)
