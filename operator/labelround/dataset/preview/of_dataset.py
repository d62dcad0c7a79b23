"""Which pictures of an existing dataset are previewed, and where their pixels and boxes come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from labelround.dataset.existing import Dataset, ImageRow, Listed
from labelround.dataset.preview import Picture, PixelBox
from labelround.errors import ObjectNotFound
from labelround.parallel import in_threads
from labelround.storage import Bucket, Buckets
from labelround.uri import ObjectURI, is_s3

SHARES = (1.0, 1.0)
"""Label files measure boxes in shares of the picture's sides."""


def choose(dataset: Dataset, count: int | None) -> list[Listed]:
    """So many pictures of a dataset (None: all), by name; the same ones each time, spread over all.

    Pictures that `images.csv` knows to be without boxes are taken last.
    """
    entries = list({entry.image_file: entry for entry in dataset.listed() if entry.image_file}.values())

    def rank(entry: Listed) -> tuple[bool, str]:
        row = dataset.row(entry)
        return row is not None and not row.boxes, sha256(entry.image_file.encode()).hexdigest()

    return sorted(sorted(entries, key=rank)[:count], key=lambda entry: entry.image_file)


def pictures(dataset: Dataset, entries: list[Listed]) -> Iterator[Picture]:
    """The pictures with the boxes of their label files."""
    return in_threads(lambda entry: _picture(dataset, entry), entries, threads=4)


def reader(dataset: Dataset, buckets: Buckets) -> Callable[[str], bytes]:
    """What reads a picture by its `source_ref`: from beside the labels, else from where the manifest named it."""
    beside = {source_ref(dataset, entry): entry.image_file for entry in dataset.listed()}
    opened: dict[str, Bucket] = {}

    def read(source_ref: str) -> bytes:
        image_file = beside.get(source_ref, "")
        if image_file in dataset.files:
            return dataset.folder.read(image_file)
        if not is_s3(source_ref):
            raise ObjectNotFound(dataset.folder.uri(source_ref), "not found")
        uri = ObjectURI.parse(source_ref)
        bucket = opened.get(uri.bucket) or opened.setdefault(uri.bucket, buckets.open(uri.bucket))
        return bucket.read(uri.key)

    return read


def _picture(dataset: Dataset, entry: Listed) -> Picture:
    row, labels = dataset.row(entry), dataset.labels(entry)
    boxes = [
        PixelBox(
            each.class_id, each.x_center - each.width / 2, each.y_center - each.height / 2, each.width, each.height
        )
        for each in (labels.rows if labels else ())
    ]
    return Picture(_name(entry, row), source_ref(dataset, entry), boxes, SHARES)


def _name(entry: Listed, row: ImageRow | None) -> str:
    return row.image if row else entry.image_file.removeprefix("images/")


def source_ref(dataset: Dataset, entry: Listed) -> str:
    """What `reader` reads a picture by: where the manifest named it, else its path in the dataset."""
    row = dataset.row(entry)
    return row.source_ref if row else entry.image_file
