"""The dataset that is pulled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from labelround.dataset.describing import BESIDE
from labelround.dataset.existing import ImageRow, read_complete
from labelround.dataset.formats import IMAGES, REPORT, Format, format_of
from labelround.dataset.report import Report
from labelround.errors import InvalidInput, Problem
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, ObjectMeta, key_problem
from labelround.uri import is_s3


@dataclass(frozen=True)
class PullSource:
    """A complete dataset: its members, the layout, what lies in its folder, and what goes with the label files.

    `tables` are the fixed files but for `images.csv`, and those beside them that say more, where they are.
    """

    folder: Folder
    layout: Format
    members: Sequence[ImageRow]
    files: dict[str, ObjectMeta]
    tables: Sequence[str]
    report: Report

    @classmethod
    def open(cls, folder: Folder) -> PullSource:
        """Raises InvalidInput when the dataset is not complete, or holds names that lead out of its folder."""
        report, rows = read_complete(folder)
        members = [row for row in rows if row.in_dataset]
        tables = [name for name in report.files if name != IMAGES]
        layout = format_of(OutputFormat(report.format))
        problems = list(name_problems(members, folder.uri(IMAGES), label_files=not layout.gathers))
        problems += _table_problems(tables, folder.uri(REPORT))
        if problems:
            raise InvalidInput(problems)
        files = {meta.key: meta for meta in folder.list()}
        about = [name for name in BESIDE if name in files]
        return cls(folder, layout, members, files, [*tables, *about], report)

    def names(self) -> set[str]:
        """Every image and label file of the dataset."""
        return {*(name for _, name in self.pictures()), *(row.label_file for row in self.members)}

    def pictures(self) -> Iterator[tuple[ImageRow, str]]:
        """Every image with the path of its file; of each of its files, where it has several."""
        for row in self.members:
            for name in self.layout.image_files(row.image, self.report.lists(row.split)):
                yield row, name


def name_problems(rows: Iterable[ImageRow], where: str, *, label_files: bool) -> Iterator[Problem]:
    """What is wrong with names in `images.csv`: a table from elsewhere must not make us write outside the folder.

    `label_files` tells whether each image has one.
    """
    for line, row in enumerate(rows, start=2):
        for name in (row.image, row.label_file) if label_files or row.label_file else (row.image,):
            if problem := key_problem(name):
                yield Problem(f"{where}: {row.source_ref}", f"the name {name!r} is refused: {problem}")
        if not is_s3(row.source_ref):
            yield Problem(f"{where}:{line}", f"the source_ref {row.source_ref!r} is not an S3 address")


def _table_problems(tables: Iterable[str], where: str) -> Iterator[Problem]:
    for name in tables:
        if problem := key_problem(name):
            yield Problem(f"{where}: files", f"the name {name!r} is refused: {problem}")
