"""Writing many files: label files and, when asked for, copies of the images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from labelround.dataset.formats import Format
from labelround.dataset.imagetable import Entry
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


def copy_images(
    entries: Iterable[Entry], layout: Format, output: Folder, buckets: Buckets, checked: bool
) -> Iterator[int]:
    """Place images beside their labels, upright, but for those that are there; yields 1 for each.

    Where the bucket is the same and the header was read and needs no change, the store copies by itself.
    """
    local = output.bucket.local_path is not None

    def copy(wanted: tuple[Entry, str, ObjectMeta | None]) -> int:
        entry, path, there = wanted
        name, _, key = entry.ref.partition("/")
        bucket = buckets.open(name)
        if checked and entry.orientation == 1 and not local and bucket.name == output.bucket.name:
            if there is None or not there.is_copy_of(bucket.head(key)):
                bucket.copy(key, output.key(path))
            return 1
        content = upright(bucket.read(key))
        if not (output.holds(path, content) if there is None else there.holds(content)):
            output.write_part(path, content)
        return 1

    return in_threads(copy, with_present(entries, layout, output), COPY_THREADS)


def with_present(
    entries: Iterable[Entry], layout: Format, output: Folder
) -> Iterator[tuple[Entry, str, ObjectMeta | None]]:
    """Each image, where it belongs, and what the store has there; on a local disk nothing is looked for."""
    for group in batched(entries, GROUP):
        paths = [layout.image_file(entry.name) for entry in group]
        there = {} if output.bucket.local_path is not None else listed(paths, output)
        for entry, path in zip(group, paths, strict=True):
            yield entry, path, there.get(path)
