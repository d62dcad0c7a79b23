"""What a dataset holds, whatever its format, and where its pictures are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labelround.dataset.existing.definition import Definition
from labelround.dataset.existing.labels import LabelFile
from labelround.errors import ObjectNotFound
from labelround.images import BadImage, read_header
from labelround.storage import Folder, ObjectMeta

UNSPLIT = "unsplit"
"""What the images of a dataset are listed under that has no split."""
EXTENSIONS = (".jpg", ".jpeg", ".png")
_SPLIT = re.compile(r"(?:^|[^a-z])(train|val|test)(?:id|idation|ing)?(?=[^a-z]|$)")
_FOLDERS = ("images", "JPEGImages", "data")
"""Where exporters put pictures; the first when none is there yet."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One picture that a split names.

    `where` is the list and its line, or the folder (`from_list` tells which); `text` is what stands there. `image_file`
    and `label_file` are paths in the dataset's folder; both are empty when the picture lies outside of it.
    """

    split: str
    where: str
    from_list: bool
    text: str
    image_file: str
    label_file: str


@dataclass(frozen=True)
class Contents:
    """What was read of a dataset whose boxes do not lie in YOLO's label files.

    `held` has the labels by label file and picture, `sizes` the pixels of each picture that is known. `notes` tell a
    person what of it is no box.
    """

    definition: Definition
    splits: Mapping[str, Sequence[Listed]]
    held: Mapping[tuple[str, str], LabelFile]
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def split_of(path: str) -> str:
    """The split that a file is of, by its own name or that of its folder: `instances_val2017.json`, `valid/x.json`."""
    folder, _, file = path.lower().rpartition("/")
    for name in (file, folder.rpartition("/")[2]):
        match = _SPLIT.search(name)
        if match:
            return match[1]
    return UNSPLIT


class PictureFinder:
    """Finds pictures among the `files` of a dataset."""

    def __init__(self, files: Mapping[str, ObjectMeta]) -> None:
        self._files = files

    def find(self, name: str, label_file: str, split: str) -> str:
        """The path of the picture that `label_file` calls `name`: where it is, or would be; "" outside the dataset."""
        name = posixpath.normpath(name.replace("\\", "/"))
        if name.startswith(("/", "../")) or name in {".", ".."}:
            return ""
        own = posixpath.dirname(label_file)
        year = re.sub(r"^.*_|\.[^.]*$", "", posixpath.basename(label_file))
        folders = [own, "", *_FOLDERS, *(f"{one}/{part}" for one in _FOLDERS for part in (split, year)), split, year]
        places = (posixpath.join(one, name) for one in folders)
        return next((place for place in places if place in self._files), f"{_FOLDERS[0]}/{name}")

    def size(self, folder: Folder, place: str) -> tuple[int, int] | None:
        """Width and height of a picture in pixels, by its header; None when it is not there or cannot be read."""
        if place not in self._files:
            return None
        try:
            header = read_header(lambda start, length: folder.read_range(place, start, length), self._files[place].size)
        except (BadImage, ObjectNotFound):
            return None
        return header.width, header.height
