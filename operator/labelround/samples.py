"""The pictures of a dataset with their boxes, one by one, for training loops and notebooks.

    >>> import labelround
    >>> for sample in labelround.load("demo/pens/bounding_box/yolo_annot_files", "train"):  # doctest: +SKIP
    ...     print(sample.image, sample.picture().size, sample.boxes)

Neither torch nor pandas is imported. Everything comes from the tables that every output format has.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import TYPE_CHECKING, overload

from labelround.dataset.existing import SPLITS, ImageRow, dataset_folder, local_path, read_complete
from labelround.dataset.formats import ANNOTATIONS, IMAGES, format_of
from labelround.dataset.report import Report
from labelround.dataset.tables import ANNOTATION_COLUMNS, read_rows
from labelround.errors import InvalidInput, ObjectNotFound, Problem
from labelround.images.raster import load_raster
from labelround.spec.model import ImagesMode, OutputFormat
from labelround.storage import Buckets, Folder, buckets_at
from labelround.uri import ObjectURI

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class LabeledBox:
    """One box: its class by id and name, and its place in pixels of the stored raster."""

    class_id: int
    category: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture. `width` and `height` are pixels of the stored raster, `source_ref` is where it was labeled.

    A picture in which workers found nothing has no boxes.
    """

    image: str
    source_ref: str
    split: str
    width: int
    height: int
    boxes: tuple[LabeledBox, ...]
    _read: Callable[[], bytes] = field(repr=False, compare=False)

    def content(self) -> bytes:
        """The picture's file: from beside its labels, or from where it was labeled. Raises StorageError."""
        return self._read()

    def picture(self) -> Image:
        """The picture as it is stored, so that the boxes fit whatever its EXIF orientation is, as a Pillow image.

        Raises BadImage when it cannot be decoded, and StorageError when it cannot be read.
        """
        return load_raster(self.content())


class Samples(Sequence[Sample]):
    """The samples of a dataset in the order of `images.csv`, by index too. A picture is read when it is asked for."""

    def __init__(self, folder: Folder, report: Report, rows: Sequence[ImageRow], buckets: Buckets) -> None:
        self._rows = rows
        self._boxes = _boxes(folder, report)
        self._pictures = _Pictures(folder, report, buckets)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Sample: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...

    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        if isinstance(index, slice):
            return [self._sample(row) for row in self._rows[index]]
        return self._sample(self._rows[index])

    def __iter__(self) -> Iterator[Sample]:
        return map(self._sample, self._rows)

    def _sample(self, row: ImageRow) -> Sample:
        boxes = tuple(self._boxes.get(row.image, ()))
        read = self._pictures.reader(row)
        return Sample(row.image, row.source_ref, row.split, row.width, row.height, boxes, read)


def load(
    place: str | PathLike[str],
    split: str | None = None,
    *,
    root: str | PathLike[str] | None = None,
    buckets: Buckets | None = None,
) -> Samples:
    """The pictures and boxes of a dataset: those of one `split` (`train`, `val` or `test`), or of all.

    `place` is the dataset's folder, a local path or `s3://bucket/prefix`. With `root`, the folders below it stand for
    buckets; else S3 is read with the default AWS credentials (and AWS_ENDPOINT_URL_S3, if set) unless `buckets` says
    otherwise.

    Raises InvalidInput for a folder that holds no complete dataset of labelround's, and StorageError.
    """
    opened = buckets_at(root, buckets)
    return samples_of(dataset_folder(fspath(place), opened), split, opened)


def samples_of(folder: Folder, split: str | None, buckets: Buckets) -> Samples:
    """What `load` gives, of an opened folder."""
    if split is not None and split not in SPLITS:
        raise ValueError(f"there is no split {split!r}; the splits are {', '.join(SPLITS)}")
    report, rows = read_complete(folder)
    members = [row for row in rows if row.in_dataset]
    # An image may train and validate, and images.csv names one of the two.
    chosen = [row for row in members if split is None or split in report.lists(row.split)]
    return Samples(folder, report, chosen, buckets)


class _Pictures:
    """Where pictures are: beside the labels, in copies or pulled, or else where the manifest named them."""

    def __init__(self, folder: Folder, report: Report, buckets: Buckets) -> None:
        self._folder = folder
        self._layout = format_of(OutputFormat(report.format))
        self._buckets = buckets
        self._beside = local_path(folder) is not None or report.options.images == ImagesMode.COPY.value

    def reader(self, row: ImageRow) -> Callable[[], bytes]:
        """What reads the picture of this row."""

        def read() -> bytes:
            if self._beside:
                try:
                    return self._folder.read(self._layout.image_files(row.image, [row.split])[0])
                except ObjectNotFound:
                    pass
            try:
                uri = ObjectURI.parse(row.source_ref)
            except ValueError as error:
                raise InvalidInput([Problem(self._folder.uri(IMAGES), str(error))]) from None
            return self._buckets.open(uri.bucket).read(uri.key)

        return read


def _boxes(folder: Folder, report: Report) -> Mapping[str, Sequence[LabeledBox]]:
    """The boxes of `annot.csv`, by image."""
    ids = {name: number for number, name in enumerate(report.classes)}
    where = folder.uri(ANNOTATIONS)
    found: dict[str, list[LabeledBox]] = {}
    try:
        for row in read_rows(io.StringIO(folder.read(ANNOTATIONS).decode(), newline="")):
            name = row["category"]
            place = (float(row[column]) for column in ANNOTATION_COLUMNS[2:6])
            found.setdefault(row["img_file"], []).append(LabeledBox(ids[name], name, *place))
    except KeyError as error:
        what = f"holds no column and no class {error}"
        raise InvalidInput([Problem(where, what, report.remedy)]) from None
    except (ValueError, TypeError, csv.Error) as error:
        raise InvalidInput([Problem(where, f"is no table of annotations ({error})")]) from None
    return found
