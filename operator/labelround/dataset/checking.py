"""What the images themselves say: their size and orientation, against what the boxes were drawn on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from labelround.dataset.annotation import State
from labelround.dataset.boxes import unturn
from labelround.dataset.counts import Checked, Drop
from labelround.dataset.joining import Image, decode_contributions
from labelround.errors import ObjectNotFound
from labelround.images import BadImage, ImageHeader, read_header
from labelround.parallel import in_threads
from labelround.storage import Buckets, key_problem

THREADS = 16
_encode = msgspec.msgpack.Encoder().encode
_SWAPPED = frozenset({5, 6, 7, 8})
_PNG = ".png"
"""A PNG may hold its orientation behind the pixels; where that is, its size tells."""


class Checker:
    """Reads headers by range requests, and counts what they change."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self.counts = Checked()

    def check(self, images: Iterable[Image]) -> Iterator[Image]:
        """The images in order, with what their headers change. Only those of the dataset are read.

        Raises what reading raises, but for images that are not there or cannot be read as images: they are failed.
        """
        for image, header in in_threads(self._read, images, THREADS):
            if isinstance(header, str):
                self._fail(image, header)
            elif header is not None:
                self._compare(image, header)
            yield image

    def _read(self, image: Image) -> tuple[Image, ImageHeader | str | None]:
        """The header, why there is none, or None when the image is not in the dataset."""
        if not image.state.in_dataset:
            return image, None
        name, _, key = image.ref.partition("/")
        problem = key_problem(key)
        if problem:
            return image, problem
        bucket = self._buckets.open(name)
        try:
            size = bucket.head(key).size if key.lower().endswith(_PNG) else None
            return image, read_header(lambda start, length: bucket.read_range(key, start, length), size)
        except ObjectNotFound:
            return image, "the image is not there"
        except BadImage as error:
            return image, str(error)

    def _compare(self, image: Image, header: ImageHeader) -> None:
        image.orientation = header.orientation
        if header.orientation != 1:
            self.counts.turned[header.orientation] += 1
            image.note = f"EXIF orientation {header.orientation}"
        if (image.width, image.height) == (header.width, header.height):
            return
        if (image.width, image.height) == (header.height, header.width) and header.orientation in _SWAPPED:
            self.counts.mapped += 1
            image.note += "; its boxes were drawn on the turned picture and were mapped back"
            self._unturn(image, header)
            return
        self.counts.turned[header.orientation] -= header.orientation != 1
        self._fail(
            image,
            f"the image has {header.width} x {header.height} pixels, and the boxes were drawn on"
            f" {image.width} x {image.height}",
        )

    def _fail(self, image: Image, reason: str) -> None:
        self.counts.drops[Drop.FAILED_IMAGE] += image.boxes
        image.state, image.note, image.boxes, image.contributions = State.FAILED, reason, 0, _NOTHING

    @staticmethod
    def _unturn(image: Image, header: ImageHeader) -> None:
        image.width, image.height = header.width, header.height
        image.contributions = _encode(
            [
                (source, [unturn(box, header.orientation, header.width, header.height) for box in boxes])
                for source, boxes in decode_contributions(image.contributions)
            ]
        )


_NOTHING = _encode([])
