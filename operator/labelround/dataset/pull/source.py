"""The dataset that is pulled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from labelround.dataset.existing import IMAGES_CSV, REPORT_JSON, ImageRow, image_file
from labelround.dataset.existing.definition import DATA_YAML, OBJ_DATA, SPLITS, read_definition
from labelround.dataset.existing.tables import read_image_rows, read_report
from labelround.errors import InvalidInput, Problem
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, ObjectMeta, key_problem
from labelround.uri import is_s3

TABLES = (DATA_YAML, OBJ_DATA, "obj.names", *(f"{split}.txt" for split in SPLITS), "annot.csv")


@dataclass(frozen=True)
class PullSource:
    """A complete dataset: its members, the layout, and what lies in its folder."""

    folder: Folder
    layout: OutputFormat
    members: Sequence[ImageRow]
    files: dict[str, ObjectMeta]
    tables: Sequence[str]

    @classmethod
    def open(cls, folder: Folder) -> PullSource:
        """Raises InvalidInput when the dataset is not complete, or holds names that lead out of its folder."""
        if read_report(folder) is None:
            what = "is not there: the conversion did not end"
            raise InvalidInput([Problem(folder.uri(REPORT_JSON), what, "run it again")])
        rows, definition = read_image_rows(folder), read_definition(folder)
        if rows is None or definition is None:
            missing = IMAGES_CSV if rows is None else DATA_YAML
            raise InvalidInput([Problem(folder.uri(missing), "is not there", "name a dataset that labelround made")])
        members = [row for row in rows if row.in_dataset]
        problems = list(name_problems(members, folder.uri(IMAGES_CSV)))
        if problems:
            raise InvalidInput(problems)
        files = {meta.key: meta for meta in folder.list()}
        return cls(folder, definition.format, members, files, [name for name in TABLES if name in files])

    def image_file(self, row: ImageRow) -> str:
        """Where the image belongs in the dataset."""
        return image_file(row.image, self.layout)

    def names(self) -> set[str]:
        """Every image and label file of the dataset."""
        return {name for row in self.members for name in (self.image_file(row), row.label_file)}


def name_problems(rows: Iterable[ImageRow], where: str) -> Iterator[Problem]:
    """What is wrong with names in `images.csv`: a table from elsewhere must not make us write outside the folder."""
    for line, row in enumerate(rows, start=2):
        for name in (row.image, row.label_file):
            if problem := key_problem(name):
                yield Problem(f"{where}: {row.source_ref}", f"the name {name!r} is refused: {problem}")
        if not is_s3(row.source_ref):
            yield Problem(f"{where}:{line}", f"the source_ref {row.source_ref!r} is not an S3 address")
