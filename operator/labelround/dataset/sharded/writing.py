"""The second part, once for each shard: looks at the images, and writes their label files and a part of every table."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from labelround.dataset.checking import Checker
from labelround.dataset.choice import Choice
from labelround.dataset.convert import ranges
from labelround.dataset.imagetable import Entry
from labelround.dataset.joining import Image, decode_contributions
from labelround.dataset.sharded.entries import MEND, read_entries, write_entries
from labelround.dataset.sharded.files import ENTRIES, PICTURES, TALLY, Counted, Index, described, shard_folder
from labelround.dataset.sharded.indexing import finished_report, found_index
from labelround.dataset.split import LISTED, Ballot, Cut
from labelround.dataset.work import Range, Work
from labelround.errors import Failed, InvalidInput, LabelroundError, Problem
from labelround.storage.local import read_chunks
from labelround.wording import counted

CHUNK_BYTES = 1 << 20


def write_shard(work: Work, shards: int, number: int) -> None:
    """Convert the images of one shard. One that is done is not done again, and one that was interrupted begins anew.

    Raises Failed for a shard that there is not, and before there is an index.
    """
    index = found_index(work, shards)
    if index is None or finished_report(work, index) is not None:
        return
    if not 0 <= number < index.shards:
        raise Failed(f"there is no shard {number}; the {index.shards} shards are 0 to {index.shards - 1}")
    done = Counted.read(work.output, f"{shard_folder(number)}/{TALLY}")
    if done is None or done.id != index.id:
        _Shard(work, index, number).write()


@dataclass(frozen=True, slots=True)
class _Shard:
    work: Work
    index: Index
    number: int

    def write(self) -> None:
        """Everything, what the shard counted last. Errors tell which images were at work."""
        try:
            self._write()
        except LabelroundError as error:
            raise self._located(error) from error

    def _write(self) -> None:
        work, local, folder = self.work, self.work.scratch / ENTRIES, self.work.scratch / "part"
        folder.mkdir()
        checker, ballot, choice = Checker(work.buckets), Ballot(work.plan.split), Choice(work.plan.previews)
        with local.open("wb") as file:
            write_entries(_heard(self._checked(checker), ballot, choice), file)
        images = Range(*self._range, partial(_entries, local))
        tally = work.write_shard(images, Cut(work.plan.split, LISTED), self.index.said.prefix, folder)
        tally.checked.add(checker.counts)
        chosen = set(choice.numbers())
        with (folder / PICTURES).open("wb") as file:
            write_entries((entry for entry in _entries(local) if entry.number in chosen), file)
        for path in sorted(folder.iterdir()):
            with path.open("rb") as content:
                work.output.write_stream(self._path(path.name), content)
        Counted(id=self.index.id, tally=tally, places=ballot.kept()).write(work.output, self._path(TALLY))

    def _checked(self, checker: Checker) -> Iterator[Entry]:
        """The images of the shard as their own headers have them, when these are to be read."""
        given = self._given()
        if not self.work.plan.check_images:
            yield from given
            return
        waiting: deque[Entry] = deque()
        for image in checker.check(_images(given, waiting)):
            entry = waiting.popleft()
            if entry.state.in_dataset and not image.state.in_dataset:
                self._delete(entry.name)
            yield entry._replace(
                state=image.state,
                width=image.width,
                height=image.height,
                orientation=image.orientation,
                note=image.note,
                contributions=image.contributions,
            )

    def _given(self) -> Iterator[Entry]:
        """The images that the indexing part has left. Raises InvalidInput when they are not all there."""
        path, (start, stop) = self._path(ENTRIES), self._range
        name, count = self.work.output.uri(path), 0
        checked = self.work.plan.check_images
        self.work.progress.start("checking images" if checked else "reading images", stop - start, "images")
        for entry in read_entries(self.work.output.chunks(path), name):
            count += 1
            yield entry
            self.work.progress.advance()
        if count != stop - start:
            what = f"holds {counted(count, 'image')} of {stop - start}"
            raise InvalidInput([Problem(name, what, MEND)])

    def _delete(self, name: str) -> None:
        """Delete what an earlier conversion may have left of an image that turned out to be unusable."""
        for path in self.work.image_files(name):
            self.work.output.delete(path)

    @property
    def _range(self) -> tuple[int, int]:
        return next(islice(ranges(self.index.images, self.index.shards), self.number, None))

    def _path(self, name: str) -> str:
        return f"{shard_folder(self.number)}/{name}"

    def _located(self, error: LabelroundError) -> LabelroundError:
        """The error with the shard and its images."""
        where = described(self.number, self.index.images, self.index.shards)
        if isinstance(error, InvalidInput):
            problems = (Problem(f"{where}: {one.where}", one.what, one.fix) for one in error.problems)
            return InvalidInput(problems, total=error.total)
        return Failed(f"{where}: {error}")


def _heard(entries: Iterable[Entry], ballot: Ballot, choice: Choice) -> Iterator[Entry]:
    """The same images, of which ballot and choice hear."""
    for entry in entries:
        if entry.state.in_dataset:
            ballot.add(entry.place)
            choice.offer(entry.number, entry.ref, entry.state)
        yield entry


def _images(entries: Iterable[Entry], waiting: deque[Entry]) -> Iterator[Image]:
    """The images as a check takes them, each noted in `waiting`."""
    for entry in entries:
        waiting.append(entry)
        boxes = sum(len(drawn) for _, drawn in decode_contributions(entry.contributions))
        yield Image(
            entry.ref,
            entry.state,
            entry.width,
            entry.height,
            entry.contributions,
            boxes,
            entry.note,
            entry.orientation,
        )


def _entries(path: Path) -> Iterator[Entry]:
    return read_entries(read_chunks(path, CHUNK_BYTES), str(path))
