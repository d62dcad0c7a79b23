"""The parts of all shards joined into the tables, lists and digest of the dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from labelround.dataset.formats import ANNOTATIONS, IMAGES, Format, list_file
from labelround.dataset.shard import DIGESTS, job_part
from labelround.dataset.split import Part
from labelround.dataset.tables import ANNOTATION_COLUMNS, IMAGE_COLUMNS, header
from labelround.storage import Folder


class PartFolder(Protocol):
    """The parts of one shard."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The part `name` as a stream of byte chunks."""
        ...


Parts = Sequence[PartFolder]
"""Those of all shards, in order."""
_HEADERS: Mapping[str, Sequence[str]] = {ANNOTATIONS: ANNOTATION_COLUMNS, IMAGES: IMAGE_COLUMNS}


def fixed_files(layout: Format, labels: Sequence[str], lists: Sequence[Part]) -> list[str]:
    """The files that every dataset of these lists has beside its label files, in the order of the digest."""
    return [*layout.class_files(labels, lists), *map(list_file, lists), ANNOTATIONS, IMAGES]


def merge(
    parts: Parts, layout: Format, labels: Sequence[str], lists: Sequence[Part], output: Folder, scratch: Path
) -> tuple[str, dict[str, str]]:
    """Write the fixed files into `output`; the digest of the dataset, and the SHA-256 of each of these files.

    It is the SHA-256 of one line `<sha256>  <path>` for each file: label files in key order, then the fixed ones.
    """
    digest = sha256()
    for part in parts:
        for chunk in part.chunks(DIGESTS):
            digest.update(chunk)
    hashes: dict[str, str] = {}
    written = layout.class_files(labels, lists)
    for name in fixed_files(layout, labels, lists):
        if name in written:
            output.write(name, written[name])
            hashes[name] = sha256(written[name]).hexdigest()
        else:
            hashes[name] = _write_joined(name, parts, output, name, scratch)
        digest.update(f"{hashes[name]}  {name}\n".encode())
    return digest.hexdigest(), hashes


def merge_job_tables(parts: Parts, jobs: Mapping[str, Folder], scratch: Path) -> None:
    """Write each job's own table into its folder."""
    for number, name in enumerate(jobs):
        _write_joined(job_part(number), parts, jobs[name], ANNOTATIONS, scratch)


def _write_joined(part: str, parts: Parts, output: Folder, name: str, scratch: Path) -> str:
    """Write the file `name` from all parts called `part`, below the header of its kind; its SHA-256."""
    whole = scratch / "joined"
    hashed = sha256()
    with whole.open("wb") as file:
        for chunk in _chunks(name, part, parts):
            hashed.update(chunk)
            file.write(chunk)
    with whole.open("rb") as content:
        output.write_stream(name, content)
    return hashed.hexdigest()


def _chunks(name: str, part: str, parts: Parts) -> Iterator[bytes]:
    if name in _HEADERS:
        yield header(_HEADERS[name]).encode()
    for folder in parts:
        yield from folder.chunks(part)
