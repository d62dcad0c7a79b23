"""Rounds and their datasets, opened from Python.

    >>> import labelround
    >>> pens = labelround.read_round("examples/pens/round.yaml", root="demo")  # doctest: +SKIP
    >>> pens.dataset().annotations()  # doctest: +SKIP

Nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from os import PathLike, fspath
from typing import TYPE_CHECKING

from labelround.annotations import image_table, read_table
from labelround.conversion import output_of
from labelround.dataset.existing import dataset_folder, read_complete
from labelround.dataset.formats import ANNOTATIONS
from labelround.dataset.report import Report
from labelround.errors import InvalidInput, Problem
from labelround.samples import Samples, samples_of
from labelround.spec.model import LabelingRound
from labelround.spec.parse import load_rounds, parse_round
from labelround.storage import Buckets, Folder, buckets_at, locate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ConvertedDataset:
    """A complete dataset that labelround made. `uri` is its folder; `report` is what `report.json` says of it."""

    folder: Folder
    report: Report
    buckets: Buckets

    def __repr__(self) -> str:
        images, boxes = self.report.images, self.report.boxes
        return f"<{self.format} dataset {self.uri}: {images.labeled + images.empty} images, {boxes.written} boxes>"

    @property
    def uri(self) -> str:
        """Where it lies: a path, or an S3 address."""
        return self.folder.uri()

    @property
    def format(self) -> str:
        """The layout, as `spec.outputFormat` calls it."""
        return self.report.format

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names, by class id."""
        return self.report.classes

    @property
    def digest(self) -> str:
        """The SHA-256 that stands for labels, lists and tables, in hexadecimal."""
        return self.report.digest

    def annotations(self) -> pd.DataFrame:
        """The boxes, one a row: what `read_annotations` gives."""
        return read_table(self.folder, ANNOTATIONS)

    def images(self) -> pd.DataFrame:
        """Every image that was asked for, one a row, in the order of `images.csv`.

        Columns: `source_ref`, `image`, `label_file`, `split`, `state` and `reason` (text, "" where there is none), and
        `boxes`, `width`, `height` (int64; sizes in pixels of the stored raster, 0 when unknown).
        """
        return image_table(self.folder)

    def load(self, split: str | None = None) -> Samples:
        """The pictures with their boxes: what `labelround.load` gives."""
        return samples_of(self.folder, split, self.buckets)


@dataclass(frozen=True)
class DeclaredRound:
    """A round as its YAML declares it. `spec` is the checked declaration with all defaults."""

    spec: LabelingRound
    buckets: Buckets

    def __repr__(self) -> str:
        return f"<round {self.name}: {self.output.uri()}>"

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.spec.name

    @cached_property
    def output(self) -> Folder:
        """The folder of its dataset."""
        return output_of(self.spec, self.buckets)

    def dataset(self) -> ConvertedDataset:
        """The dataset that the round made. Raises InvalidInput when there is none yet."""
        return _opened(self.output, self.buckets)


def read_round(
    file: str | PathLike[str],
    *,
    name: str | None = None,
    root: str | PathLike[str] | None = None,
    buckets: Buckets | None = None,
) -> DeclaredRound:
    """The round of a YAML file, which is a local path or `s3://bucket/key`; of several, the one called `name`.

    With `root`, the folders below it stand for buckets, as `labelround run --root` has it; else S3 is read with the
    default AWS credentials (and AWS_ENDPOINT_URL_S3, if set) unless `buckets` says otherwise.

    Raises InvalidRound with everything that is wrong with the round, InvalidInput when `name` is needed or unknown, and
    ObjectNotFound when there is no such file.
    """
    where, opened = fspath(file), buckets_at(root, buckets)
    place = locate(where, opened)
    try:
        text = place.bucket.read(place.key).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput([Problem(where, f"is not UTF-8 text ({error.reason})")]) from None
    rounds = [parse_round(document) for document in load_rounds(text, where)]
    found = [round for round in rounds if name in {None, round.name}]
    if len(found) != 1:
        names = ", ".join(round.name for round in rounds)
        what = f"holds {len(found)} rounds" + (f" called {name}" if name is not None else "")
        raise InvalidInput([Problem(where, what, f"give the name of one: {names}")])
    return DeclaredRound(found[0], opened)


def read_dataset(
    place: str | PathLike[str], *, root: str | PathLike[str] | None = None, buckets: Buckets | None = None
) -> ConvertedDataset:
    """A complete dataset of any output format, by its folder: a local path or `s3://bucket/prefix`.

    `root` and `buckets` say where buckets are, as for `read_round`; the pictures of a local dataset may lie there too.

    Raises InvalidInput for a folder that holds no complete dataset of labelround's, and ObjectNotFound when a local
    folder does not exist.
    """
    opened = buckets_at(root, buckets)
    return _opened(dataset_folder(fspath(place), opened), opened)


def _opened(folder: Folder, buckets: Buckets) -> ConvertedDataset:
    report, _ = read_complete(folder)
    return ConvertedDataset(folder, report, buckets)
