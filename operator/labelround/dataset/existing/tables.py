"""What a dataset says of itself: `images.csv` and `report.json`."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from labelround.dataset.formats import IMAGES, REPORT
from labelround.dataset.report import Report
from labelround.dataset.tables import IMAGE_COLUMNS
from labelround.errors import InvalidInput, ObjectNotFound, Problem
from labelround.storage import Folder


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


def read_image_rows(folder: Folder) -> tuple[ImageRow, ...] | None:
    """The rows of `images.csv`; None when there is none. Raises InvalidInput."""
    try:
        text = folder.read(IMAGES).decode()
    except ObjectNotFound:
        return None
    except UnicodeDecodeError as error:
        raise InvalidInput([Problem(folder.uri(IMAGES), f"is not UTF-8 text ({error.reason})")]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    missing = [column for column in IMAGE_COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise InvalidInput([Problem(folder.uri(IMAGES), f"lacks the columns {', '.join(missing)}")])
    rows: list[ImageRow] = []
    try:
        rows.extend(_image_row(row) for row in reader)
    except (csv.Error, ValueError, TypeError) as error:
        where = f"{folder.uri(IMAGES)}:{reader.line_num}"
        raise InvalidInput([Problem(where, f"cannot be read ({error})")]) from None
    return tuple(rows)


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
