"""The previews of a conversion. What draws is loaded only when there is something to draw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labelround.dataset.formats import PREVIEWS
from labelround.dataset.imagetable import Entry
from labelround.progress import Progress
from labelround.storage import Buckets, Folder


def preview_files(names: Sequence[str]) -> list[str]:
    """The paths of the previews of these images, and of the sheet of all."""
    if not names:
        return []
    from labelround.dataset.preview import INDEX, file_name

    return [f"{PREVIEWS}/{file}" for file in (*map(file_name, names), INDEX)]


def draw_previews(
    entries: Iterable[Entry], count: int, labels: Sequence[str], output: Folder, buckets: Buckets, progress: Progress
) -> list[str]:
    """Draw these images, `count` of them; the warnings about those that could not be drawn."""
    if not count:
        return []
    from labelround.dataset.pictures import pictures, reader
    from labelround.dataset.preview import write_previews

    progress.start("drawing previews", count, "images")
    return write_previews(pictures(entries), labels, output.child(PREVIEWS), reader(buckets), progress)
