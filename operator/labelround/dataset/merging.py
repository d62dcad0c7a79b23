"""The parts of all shards joined into the tables, lists and digest of the dataset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from labelround.dataset import coco, ndjson
from labelround.dataset.formats import ANNOTATIONS, IMAGES, NDJSON_FILE, Format, instances_file, list_file
from labelround.dataset.gathering import Parts, gathered
from labelround.dataset.shard import DIGESTS, job_part
from labelround.dataset.split import Part, Placing
from labelround.dataset.tables import ANNOTATION_COLUMNS, IMAGE_COLUMNS, header
from labelround.spec.model import OutputFormat
from labelround.storage import Folder

_HEADERS: Mapping[str, Sequence[str]] = {ANNOTATIONS: ANNOTATION_COLUMNS, IMAGES: IMAGE_COLUMNS}


def fixed_files(layout: Format, labels: Sequence[str], lists: Sequence[Part]) -> list[str]:
    """The files that every dataset of these lists has beside its label files, in the order of the digest."""
    classes, gathers = layout.class_files(labels, lists), layout.gathered_files(lists)
    return [*classes, *layout.list_files(lists), *gathers, ANNOTATIONS, IMAGES]


def merge(
    parts: Parts, layout: Format, labels: Sequence[str], cut: Placing, output: Folder, scratch: Path
) -> tuple[str, dict[str, str]]:
    """Write the fixed files into `output`; the digest of the dataset, and the SHA-256 of each of these files.

    It is the SHA-256 of one line `<sha256>  <path>` for each file: label files in key order, then the fixed ones.
    """
    digest = sha256()
    for shard in parts:
        for chunk in shard.chunks(DIGESTS):
            digest.update(chunk)
    hashes: dict[str, str] = {}
    written, lists = layout.class_files(labels, cut.listed), layout.list_files(cut.listed)
    held = _gathered(parts, layout, labels, cut, scratch)
    for name in fixed_files(layout, labels, cut.listed):
        if name in written:
            output.write(name, written[name])
            hashes[name] = sha256(written[name]).hexdigest()
        elif name in held:
            hashes[name] = _write(name, held[name], output, scratch)
        else:
            part = list_file(lists[name]) if name in lists else name
            hashes[name] = _write(name, _joined(name, part, parts), output, scratch)
        digest.update(f"{hashes[name]}  {name}\n".encode())
    return digest.hexdigest(), hashes


def merge_job_tables(parts: Parts, jobs: Mapping[str, Folder], scratch: Path) -> None:
    """Write each job's own table into its folder."""
    for number, name in enumerate(jobs):
        _write(ANNOTATIONS, _joined(ANNOTATIONS, job_part(number), parts), jobs[name], scratch)


def _gathered(
    parts: Parts, layout: Format, labels: Sequence[str], cut: Placing, scratch: Path
) -> dict[str, Iterator[bytes]]:
    """The files that hold the boxes of all images, each as a stream of byte chunks."""
    if not layout.gathers:
        return {}
    pictures = gathered(parts, labels)
    if layout.kind is OutputFormat.NDJSON:
        return {NDJSON_FILE: ndjson.chunks(pictures, labels, cut)}
    return {instances_file(part): one.chunks() for part, one in coco.gather(pictures, labels, cut, scratch).items()}


def _joined(name: str, part: str, parts: Parts) -> Iterator[bytes]:
    """All parts called `part`, below the header of the file `name`."""
    if name in _HEADERS:
        yield header(_HEADERS[name]).encode()
    for folder in parts:
        yield from folder.chunks(part)


def _write(name: str, chunks: Iterable[bytes], output: Folder, scratch: Path) -> str:
    """Write the file `name`; its SHA-256."""
    whole = scratch / "joined"
    hashed = sha256()
    with whole.open("wb") as file:
        for chunk in chunks:
            hashed.update(chunk)
            file.write(chunk)
    with whole.open("rb") as content:
        output.write_stream(name, content)
    return hashed.hexdigest()
