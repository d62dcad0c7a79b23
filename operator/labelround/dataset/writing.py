"""Writing many files: label files and, when asked for, copies of the images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from labelround.dataset.formats import Format
from labelround.dataset.imagetable import Entry
from labelround.dataset.shard import LabelFile
from labelround.images import upright
from labelround.parallel import in_threads
from labelround.progress import Progress
from labelround.storage import Buckets, Folder

BATCH = 32
COPY_THREADS = 4
"""Each may hold a whole image of 40 MB."""
Item = TypeVar("Item")


def write_labels(files: Iterable[LabelFile], output: Folder, progress: Progress) -> None:
    """Write label files.

    Threads hide the delay of a remote store; on a local disk they only get in each other's way.
    """

    def write(batch: list[LabelFile]) -> int:
        for file in batch:
            output.write_part(file.path, file.content)
        return len(batch)

    batches = batched(files, BATCH)
    written = map(write, batches) if output.bucket.local_path is not None else in_threads(write, batches)
    for count in written:
        progress.advance(count)


def copy_images(
    entries: Iterable[Entry], layout: Format, output: Folder, buckets: Buckets, checked: bool
) -> Iterator[int]:
    """Place images beside their labels, upright; yields 1 for each.

    Where the bucket is the same and the header was read and needs no change, the store copies by itself.
    """

    def copy(entry: Entry) -> int:
        name, _, key = entry.ref.partition("/")
        bucket = buckets.open(name)
        path = layout.image_file(entry.name)
        same = bucket.name == output.bucket.name and bucket.local_path == output.bucket.local_path
        if same and checked and entry.orientation == 1:
            bucket.copy(key, output.key(path))
        else:
            output.write_part(path, upright(bucket.read(key)))
        return 1

    return in_threads(copy, entries, COPY_THREADS)


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of `size` items; the last may be shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
