"""The pictures to preview, from the images of a conversion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from labelround.dataset.boxes import clip
from labelround.dataset.imagetable import Entry
from labelround.dataset.joining import decode_contributions
from labelround.dataset.preview import Picture, PixelBox
from labelround.storage import Buckets
from labelround.uri import SCHEME, ObjectURI


def pictures(entries: Iterable[Entry]) -> Iterator[Picture]:
    """The images with their boxes on the stored raster."""
    for entry in entries:
        yield Picture(entry.name, SCHEME + entry.ref, _boxes(entry), (entry.width, entry.height))


def reader(buckets: Buckets) -> Callable[[str], bytes]:
    """Reads an image by its address."""

    def read(source_ref: str) -> bytes:
        uri = ObjectURI.parse(source_ref)
        return buckets.open(uri.bucket).read(uri.key)

    return read


def _boxes(entry: Entry) -> tuple[PixelBox, ...]:
    drawn = (box for _, boxes in decode_contributions(entry.contributions) for box in boxes)
    inside = dict.fromkeys(clip(box, entry.width, entry.height) for box in drawn)
    return tuple(PixelBox(*box) for box in inside if box is not None)
