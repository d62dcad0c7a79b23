"""What a dataset says of itself: `images.csv` and `report.json`."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from labelround.dataset.formats import IMAGES, REPORT
from labelround.dataset.report import Report
from labelround.dataset.tables import ANNOTATION_COLUMNS, GROUP_COLUMNS, IMAGE_COLUMNS
from labelround.errors import InvalidInput, ObjectNotFound, Problem
from labelround.storage import Folder

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class ImageRow:
    """One input image, by `images.csv`.

    `image` is its name in the dataset and `label_file` the path of its labels there; `label_file` and `split` are empty
    where the image is not part of the dataset, and `reason` then says why. Sizes are in pixels of the stored raster,
    0 when unknown.
    """

    source_ref: str
    image: str
    label_file: str
    split: str
    state: str
    boxes: int
    width: int
    height: int
    reason: str

    @property
    def in_dataset(self) -> bool:
        """Whether a trainer gets to see the image."""
        return bool(self.split)


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One box, by `annot.csv`: its line, the name of its image in the dataset, the class, and the box in pixels."""

    line: int
    image: str
    category: str
    left: float
    top: float
    width: float
    height: float


def read_image_rows(folder: Folder) -> tuple[ImageRow, ...] | None:
    """The rows of `images.csv`; None when there is none. Raises InvalidInput."""
    try:
        text = folder.read(IMAGES).decode()
    except ObjectNotFound:
        return None
    except UnicodeDecodeError as error:
        raise InvalidInput([Problem(folder.uri(IMAGES), f"is not UTF-8 text ({error.reason})")]) from None
    return tuple(image_rows(io.StringIO(text, newline=""), folder.uri(IMAGES)))


def image_rows(lines: Iterable[str], where: str) -> Iterator[ImageRow]:
    """The rows of the `images.csv` that has these lines, with their ends. Raises InvalidInput, which names `where`."""
    return _rows(lines, where, IMAGE_COLUMNS, lambda _, row: _image_row(row))


def box_rows(lines: Iterable[str], where: str) -> Iterator[BoxRow]:
    """The rows of the `annot.csv` that has these lines, with their ends. Raises InvalidInput, which names `where`."""
    return _rows(lines, where, ANNOTATION_COLUMNS, _box_row)


def group_rows(lines: Iterable[str], where: str) -> Iterator[tuple[str, str]]:
    """Address and group of each row of the `groups.csv` that has these lines. Raises InvalidInput."""
    return _rows(lines, where, GROUP_COLUMNS, lambda _, row: (row["source_ref"], row["group"]))


def _rows(
    lines: Iterable[str], where: str, columns: Sequence[str], made: Callable[[int, Mapping[str, str]], Row]
) -> Iterator[Row]:
    """Each row as `made` of its line and columns."""
    reader = csv.DictReader(lines, strict=True)
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise InvalidInput([Problem(where, f"lacks the columns {', '.join(missing)}")])
        for row in reader:
            yield made(reader.line_num, row)
    except (csv.Error, ValueError, TypeError) as error:
        raise InvalidInput([Problem(f"{where}:{reader.line_num}", f"cannot be read ({error})")]) from None


def _box_row(line: int, row: Mapping[str, str]) -> BoxRow:
    numbers = [float(row[column]) for column in _BOX]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a number is not finite")
    return BoxRow(line, row["img_file"], row["category"], *numbers)


_BOX = ("box_left", "box_top", "box_width", "box_height")


def _image_row(row: Mapping[str, str]) -> ImageRow:
    return ImageRow(
        source_ref=row["source_ref"],
        image=row["image"],
        label_file=row["label_file"],
        split=row["split"],
        state=row["state"],
        boxes=int(row["boxes"] or 0),
        width=int(row["width"] or 0),
        height=int(row["height"] or 0),
        reason=row["reason"],
    )


def read_report(folder: Folder) -> Report | None:
    """`report.json`; None when there is none, which means that the conversion did not end. Raises InvalidInput."""
    try:
        report = Report.parse(folder.read(REPORT))
    except ObjectNotFound:
        return None
    if report is None:
        what = "is not a report of this version of labelround"
        raise InvalidInput([Problem(folder.uri(REPORT), what, "convert again, or use the version that wrote it")])
    return report


def read_complete(folder: Folder) -> tuple[Report, tuple[ImageRow, ...]]:
    """The report and the images of a dataset. Raises InvalidInput when it is not complete, or none of labelround's."""
    report = read_report(folder)
    if report is None:
        what = "is not there: the folder holds no dataset, or its conversion did not end"
        raise InvalidInput([Problem(folder.uri(REPORT), what, "name the dataset's folder, or convert again")])
    rows = read_image_rows(folder)
    if rows is None:
        raise InvalidInput([Problem(folder.uri(IMAGES), "is not there", "name a dataset that labelround made")])
    return report, rows
