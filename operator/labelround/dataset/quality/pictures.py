"""The pictures of a quality page, small and within the page."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from labelround.dataset.existing import Dataset, Listed
from labelround.dataset.preview.drawing import PixelBox, draw
from labelround.dataset.preview.of_dataset import SHARES, source_ref
from labelround.dataset.quality.found import FoundBox
from labelround.dataset.quality.leakage import Leakage
from labelround.dataset.quality.page import Pictures, Shown
from labelround.dataset.quality.suspicion import Suspicion
from labelround.errors import LabelroundError
from labelround.images import BadImage
from labelround.images.raster import without_warnings
from labelround.parallel import in_threads
from labelround.progress import Progress

SIDE = 480
"""Of a picture on the page, in pixels."""
QUALITY = 80
SHOWN_BOXES, SHOWN_LEAKS = 12, 24
THREADS = 4


@dataclass(frozen=True)
class Album:
    """Draws pictures of a dataset; `read(source_ref)` gives their content."""

    dataset: Dataset
    read: Callable[[str], bytes]

    def pictures(self, found: Iterable[FoundBox], leakage: Leakage | None, progress: Progress) -> Pictures:
        """The first of each kind. A picture that is not at hand has the reason in its place."""
        every = list(found)
        boxes = [each for kind in Suspicion for each in [one for one in every if one.kind is kind][:SHOWN_BOXES]]
        leaks = leakage.leaks[:SHOWN_LEAKS] if leakage else ()
        progress.start("drawing pictures", len(boxes) + len(leaks), "images")
        with without_warnings():
            drawn = []
            for shown in in_threads(self._of_box, boxes, THREADS):
                progress.advance()
                drawn.append(shown)
            pairs = []
            for one in in_threads(lambda leak: (self._drawn(leak.image_file), self._drawn(leak.twin)), leaks, THREADS):
                progress.advance()
                pairs.append(one)
        return Pictures(
            tuple(zip(boxes, drawn, strict=True)),
            tuple((leak, *pair) for leak, pair in zip(leaks, pairs, strict=True)),
        )

    @cached_property
    def _entries(self) -> dict[str, Listed]:
        return {entry.image_file: entry for entry in self.dataset.listed()}

    def _of_box(self, found: FoundBox) -> Shown:
        """Only the suspicious box, and the one it lies on."""
        lines = {found.line, found.other_line}
        labels = self.dataset.labels(self._entries[found.image_file])
        rows = [row for row in (labels.rows if labels else ()) if row.line in lines]
        boxes = [
            PixelBox(row.class_id, row.x_center - row.width / 2, row.y_center - row.height / 2, row.width, row.height)
            for row in rows
        ]
        return self._drawn(found.image_file, boxes)

    def _drawn(self, image_file: str, boxes: Sequence[PixelBox] = ()) -> Shown:
        try:
            content = self.read(source_ref(self.dataset, self._entries[image_file]))
            png = draw(content, boxes, self.dataset.names, SHARES).png
        except (LabelroundError, BadImage) as error:
            return Shown("", f"no picture: {error}")
        return Shown(f"data:image/jpeg;base64,{b64encode(_small(png)).decode()}")


def _small(png: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        picture.thumbnail((SIDE, SIDE))
        content = io.BytesIO()
        picture.convert("RGB").save(content, "JPEG", quality=QUALITY)
    return content.getvalue()
