"""What a folder holds already: a conversion that runs again writes only what is missing or different."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from labelround.dataset.shard import LabelFile
from labelround.parallel import batched
from labelround.storage import Folder, ObjectMeta

GROUP = 1000
"""As many files are looked up at a time as S3 lists in one answer."""


def listed(paths: Iterable[str], output: Folder) -> Mapping[str, ObjectMeta]:
    """Those of `paths` that are found in `output` by a few requests.

    They come in about the order of the listing; one that is far from the others may be missed.
    """
    wanted = set(paths)
    first, last = min(wanted), max(wanted)
    found: dict[str, ObjectMeta] = {}
    for meta in islice(output.list(after=first[:-1]), 2 * GROUP):
        if meta.key > last:
            break
        if meta.key in wanted:
            found[meta.key] = meta
    return found


def lacking(files: Iterable[LabelFile], output: Folder) -> Iterator[tuple[LabelFile, bool]]:
    """Each file, and whether it has to be written."""
    local = output.bucket.local_path is not None
    return _lacking_on_disk(files, output) if local else _lacking_in_store(files, output)


def _lacking_in_store(files: Iterable[LabelFile], output: Folder) -> Iterator[tuple[LabelFile, bool]]:
    for group in batched(files, GROUP):
        there = listed((file.path for file in group), output)
        for file in group:
            meta = there.get(file.path)
            yield file, meta is None or not meta.holds(file.content)


def _lacking_on_disk(files: Iterable[LabelFile], output: Folder) -> Iterator[tuple[LabelFile, bool]]:
    """Nothing is looked for in a folder that was not there when its first file came."""
    folder, there = None, False
    for file in files:
        own = file.path.rpartition("/")[0]
        if own != folder:
            folder, there = own, output.has_folder(own)
        yield file, not (there and output.holds(file.path, file.content))
