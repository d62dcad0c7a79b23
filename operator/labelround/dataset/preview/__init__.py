"""Previews of a dataset: a PNG of each picture with its boxes drawn, and one HTML sheet of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from labelround.dataset.preview.drawing import Drawn, PixelBox, draw
from labelround.dataset.preview.sheet import Card, sheet
from labelround.errors import StorageDenied, StorageError, StorageFull
from labelround.images import BadImage
from labelround.images.raster import without_warnings
from labelround.parallel import in_threads
from labelround.progress import NoProgress, Progress
from labelround.storage import Folder

__all__ = ["INDEX", "Picture", "PixelBox", "write_previews"]

INDEX = "index.html"
THREADS = 4
_MAX_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture to draw: its name in the dataset, where it came from, and its boxes.

    `size` is the width and height that the boxes are measured in; None means pixels of the stored raster.
    """

    image: str
    source_ref: str
    boxes: Sequence[PixelBox]
    size: tuple[float, float] | None = None


def write_previews(
    pictures: Iterable[Picture],
    labels: Sequence[str],
    output: Folder,
    read: Callable[[str], bytes],
    progress: Progress | None = None,
) -> list[str]:
    """Write `<image>.png` for each picture and then `index.html` into `output`, the folder of previews.

    `labels` are the class names, by class id; `read(source_ref)` gives a picture's content. A picture that is not
    there, cannot be read or cannot be decoded is left out; the warnings that come back say which and why. An output
    that cannot be written raises.
    """
    progress = progress or NoProgress()

    def preview(picture: Picture) -> Card | str:
        drawn = _drawn(picture, labels, read)
        if isinstance(drawn, str):
            return drawn
        file = file_name(picture.image)
        output.write(file, drawn.png)
        counts = Counter(box.class_id for box in picture.boxes)
        return Card(picture.image, picture.source_ref, file, drawn.width, drawn.height, counts)

    cards: list[Card] = []
    warnings: list[str] = []
    with without_warnings():
        for result in in_threads(preview, pictures, THREADS):
            progress.advance()
            if isinstance(result, Card):
                cards.append(result)
            else:
                warnings.append(result)
    output.write(INDEX, sheet(cards, labels).encode())
    return warnings


def file_name(image: str) -> str:
    """The preview's name: the picture's with `.png` behind it, shortened where a file system could not hold that."""
    place, slash, name = image.rpartition("/")
    if len(f"{name}.png".encode()) > _MAX_NAME_BYTES:
        name = f"{name[:40]}-{sha256(name.encode()).hexdigest()[:16]}"
    return f"{place}{slash}{name}.png"


def _drawn(picture: Picture, labels: Sequence[str], read: Callable[[str], bytes]) -> Drawn | str:
    """The drawn picture, or why there is none."""
    try:
        return draw(read(picture.source_ref), picture.boxes, labels, picture.size)
    except BadImage as error:
        return f"no preview of {picture.image}: {error}"
    except (StorageDenied, StorageFull):
        raise
    except StorageError as error:
        return f"no preview of {picture.image}: {error}"
