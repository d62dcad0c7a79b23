"""Writing many files: label files and, when asked for, copies of the images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from labelround.dataset.present import GROUP, lacking, listed
from labelround.dataset.shard import LabelFile
from labelround.images import upright
from labelround.parallel import batched, in_threads
from labelround.progress import Progress
from labelround.storage import Buckets, Folder, ObjectMeta

BATCH = 32
COPY_THREADS = 4
"""Each may hold a whole image of 40 MB."""


def write_labels(files: Iterable[LabelFile], output: Folder, progress: Progress) -> None:
    """Write those label files that are not there as they should be.

    Threads hide the delay of a remote store; on a local disk they only get in each other's way.
    """

    def write(batch: list[tuple[LabelFile, bool]]) -> int:
        for file, lacks in batch:
            if lacks:
                output.write_part(file.path, file.content)
        return len(batch)

    batches = batched(lacking(files, output), BATCH)
    written = map(write, batches) if output.bucket.local_path is not None else in_threads(write, batches)
    for count in written:
        progress.advance(count)


class Copy(NamedTuple):
    """An image to place: its address `bucket/key`, its path, and whether it is known to need no change."""

    ref: str
    path: str
    unchanged: bool


def copy_images(copies: Iterable[Copy], output: Folder, buckets: Buckets) -> Iterator[int]:
    """Place images beside their labels, upright, but for those that are there; yields 1 for each.

    Where the bucket is the same and the image needs no change, the store copies by itself.
    """
    local = output.bucket.local_path is not None

    def copy(wanted: tuple[Copy, ObjectMeta | None]) -> int:
        (ref, path, unchanged), there = wanted
        name, _, key = ref.partition("/")
        bucket = buckets.open(name)
        if unchanged and not local and bucket.name == output.bucket.name:
            if there is None or not there.is_copy_of(bucket.head(key)):
                bucket.copy(key, output.key(path))
            return 1
        content = upright(bucket.read(key))
        if not (output.holds(path, content) if there is None else there.holds(content)):
            output.write_part(path, content)
        return 1

    return in_threads(copy, with_present(copies, output), COPY_THREADS)


def with_present(copies: Iterable[Copy], output: Folder) -> Iterator[tuple[Copy, ObjectMeta | None]]:
    """Each image, and what the store has in its place; on a local disk nothing is looked for."""
    for group in batched(copies, GROUP):
        there = {} if output.bucket.local_path is not None else listed((copy.path for copy in group), output)
        for copy in group:
            yield copy, there.get(copy.path)
