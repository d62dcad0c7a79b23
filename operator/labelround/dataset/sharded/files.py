"""What the parts of a conversion leave for each other, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, TypeVar, get_origin

import msgspec

from labelround import __version__
from labelround.dataset.counts import Drop, Drops, Joined
from labelround.dataset.formats import ANNOTATIONS, IMAGES, INDEX, PARTS, list_file
from labelround.dataset.plan import ConversionPlan
from labelround.dataset.preparing import Said
from labelround.dataset.shard import DIGESTS, Tally, job_part
from labelround.dataset.source import ManifestSource
from labelround.dataset.split import LISTED
from labelround.errors import ObjectNotFound, ObjectTooLarge
from labelround.storage import Folder

VERSION = 2
LARGEST_FILE = 1 << 24
ENTRIES = "entries"
"""The images of a shard."""
PICTURES = "pictures"
"""Those of its images that may be drawn."""
TALLY = "tally.json"
"""What a shard counted; it vouches for the shard's other files."""

Kind = TypeVar("Kind", bound="_File")


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of this very version; any other is as good as none."""

    version: int = VERSION

    def write(self, output: Folder, path: str) -> None:
        """Write it whole or not at all."""
        output.write(path, msgspec.json.encode(self) + b"\n")

    @classmethod
    def read(cls: type[Kind], output: Folder, path: str) -> Kind | None:
        """The file at `path`; None when there is none, or none of this version."""
        try:
            found = msgspec.json.decode(output.read(path, at_most=LARGEST_FILE), type=cls, dec_hook=_counter)
        except (ObjectNotFound, ObjectTooLarge, msgspec.DecodeError):
            return None
        return found if found.version == VERSION else None


class Index(_File, frozen=True, kw_only=True):
    """What the indexing part found. `id` stands for all that was asked and read."""

    id: str
    images: int
    shards: int
    said: Said
    joined: Joined


class Counted(_File, frozen=True, kw_only=True):
    """What a shard counted. `id` is that of its index; `places` are hashes of split groups, all that the cut needs."""

    id: str
    tally: Tally
    places: list[int]


def _counter(kind: type, value: Any) -> Any:
    """A counter from what JSON has of it."""
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is no counter")
    if kind is Drops:
        return Drops({Drop(name): count for name, count in value.items()})
    if get_origin(kind) is Counter:
        return Counter({int(name): count for name, count in value.items()})
    raise NotImplementedError(kind)


def indexed_images(output: Folder) -> int | None:
    """How many images the indexing part has found; None before it is done."""
    found = Index.read(output, INDEX)
    return None if found is None else found.images


def shard_folder(number: int) -> str:
    """Where the files of a shard are."""
    return f"{PARTS}/{number:05}"


def described(number: int, images: int, shards: int) -> str:
    """`shard 3 (images 301 to 400 of 1000)`, which are numbered in the order of their keys."""
    start, stop = number * images // shards, (number + 1) * images // shards
    return f"shard {number} (images {start + 1} to {stop} of {images})"


def part_files(shards: int, job_tables: int) -> Iterator[str]:
    """The paths of all files that the parts leave for each other; the index comes last."""
    lists = [list_file(part) for part in LISTED]
    jobs = [job_part(number) for number in range(job_tables)]
    for number in range(shards):
        for name in (TALLY, ENTRIES, PICTURES, DIGESTS, IMAGES, ANNOTATIONS, *lists, *jobs):
            yield f"{shard_folder(number)}/{name}"
    yield INDEX


def identity(plan: ConversionPlan, output: Folder, job_tables: Mapping[str, Folder], shards: int) -> str:
    """A hash of all that a conversion is asked and reads, the versions of its manifests included.

    Raises ObjectNotFound for a manifest that is not there.
    """
    asked = (
        VERSION,
        __version__,
        plan.owner,
        plan.output_format,
        plan.labels,
        None if plan.images_prefix is None else str(plan.images_prefix),
        plan.split,
        plan.images_mode,
        plan.check_images,
        plan.previews,
        plan.origin,
        shards,
        output.uri(),
        [(job, table.uri()) for job, table in job_tables.items()],
        [_version(source) for source in (*plan.sources, *plan.inputs)],
        len(plan.inputs),
    )
    return sha256(msgspec.json.encode(asked)).hexdigest()


def _version(source: ManifestSource) -> tuple[object, ...]:
    meta = source.location.bucket.head(source.location.key)
    said = (source.name, source.attribute, source.group, source.attempt, source.job)
    return (*said, meta.etag, meta.size, meta.modified)
