"""A dataset in a folder, as a trainer finds it: made by labelround or by others, here or in S3."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TypeVar

from labelround.dataset.existing.coco import read_coco
from labelround.dataset.existing.contents import EXTENSIONS, UNSPLIT, Contents, Listed, PictureFinder
from labelround.dataset.existing.definition import SPLITS, Definition, read_definition
from labelround.dataset.existing.labels import LabelFile, LabelRow, parse_label_file
from labelround.dataset.existing.ndjson import read_ndjson
from labelround.dataset.existing.tables import (
    BoxRow,
    ImageRow,
    box_rows,
    group_rows,
    image_rows,
    read_complete,
    read_image_rows,
    read_report,
)
from labelround.dataset.existing.voc import read_voc
from labelround.dataset.formats import COCO_FOLDER, REPORT, format_of
from labelround.dataset.naming import label_name
from labelround.dataset.report import Report
from labelround.dataset.versions import read_history, read_index
from labelround.errors import InvalidInput, ObjectNotFound, Problem
from labelround.spec.model import OutputFormat
from labelround.storage import Buckets, Folder, ObjectMeta, local_bucket
from labelround.uri import ObjectURI, is_s3

__all__ = [
    "EXTENSIONS",
    "SPLITS",
    "UNSPLIT",
    "BoxRow",
    "Dataset",
    "ImageRow",
    "LabelFile",
    "LabelRow",
    "Listed",
    "box_rows",
    "dataset_folder",
    "group_rows",
    "image_rows",
    "label_file_of",
    "local_path",
    "newest_version",
    "open_dataset",
    "parse_label_file",
    "read_complete",
    "read_image_rows",
    "read_report",
]

Read = TypeVar("Read")


@dataclass(frozen=True)
class Dataset:
    """A dataset. What is wrong with its definition and lists stands in `problems`; the rest was read.

    `held` are labels that were read already, by label file and picture; None for YOLO's and Darknet's, which are read
    when they are asked for. `sizes` and `notes` are those of `Contents`.
    """

    folder: Folder
    definition: Definition
    splits: Mapping[str, Sequence[Listed]]
    rows: tuple[ImageRow, ...] | None
    report: Report | None
    problems: tuple[Problem, ...] = field(default=())
    held: Mapping[tuple[str, str], LabelFile] | None = None
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def format(self) -> OutputFormat:
        """The layout."""
        return self.definition.format

    @property
    def names(self) -> tuple[str, ...]:
        """The class names, by class id."""
        return self.definition.names

    def listed(self) -> Iterator[Listed]:
        """The pictures of all splits, each as often as it is named."""
        for entries in self.splits.values():
            yield from entries

    @cached_property
    def files(self) -> Mapping[str, ObjectMeta]:
        """Everything in the folder, by path; listed once, at the first use."""
        return {meta.key: meta for meta in self.folder.list()}

    @cached_property
    def has_pictures(self) -> bool:
        """Whether any listed picture lies in the folder: before it was pulled, a dataset holds none."""
        return any(entry.image_file in self.files for entry in self.listed())

    @cached_property
    def _rows_by_image_file(self) -> Mapping[str, ImageRow]:
        layout = format_of(self.format)
        return {
            name: row for row in self.rows or () if row.in_dataset for name in layout.image_files(row.image, SPLITS)
        }

    def row(self, entry: Listed) -> ImageRow | None:
        """The row of `images.csv` of a picture of the dataset."""
        return self._rows_by_image_file.get(entry.image_file)

    def picture(self, entry: Listed) -> str:
        """The path that tells the picture from others: the first, where it lies once for each part of the split."""
        row = self.row(entry)
        return format_of(self.format).image_files(row.image, SPLITS)[0] if row is not None else entry.image_file

    def labels_name(self, entry: Listed) -> str:
        """What messages call the labels of a picture."""
        return f"{entry.label_file}: {entry.image_file}" if format_of(self.format).gathers else entry.label_file

    def size(self, entry: Listed) -> tuple[int, int] | None:
        """Width and height of a picture in pixels: as the dataset says, or its header; None when neither does."""
        row = self.row(entry)
        if row is not None and row.width and row.height:
            return row.width, row.height
        return self.sizes.get(entry.image_file) or PictureFinder(self.files).size(self.folder, entry.image_file)

    def labels(self, entry: Listed) -> LabelFile | None:
        """The labels of a picture; None when there is no label file."""
        if self.held is not None:
            return self.held.get((entry.label_file, entry.image_file))
        try:
            return parse_label_file(self.folder.read(entry.label_file))
        except ObjectNotFound:
            return None


def dataset_folder(text: str, buckets: Buckets) -> Folder:
    """The folder of the dataset `text`: `s3://bucket/prefix` or a local path, of the folder or of its definition.

    Of a dataset that grows it is that of its newest version, or of the one whose number stands behind an `@`. Raises
    ObjectNotFound when there is no such folder or version.
    """
    base, mark, number = text.rstrip("/").rpartition("@")
    if mark and base and number.isdecimal() and (is_s3(text) or not Path(text).exists()):
        found = _version(_place(base, buckets), int(number))
        if found is not None:
            return found
    return newest_version(_place(text, buckets))


def newest_version(folder: Folder) -> Folder:
    """The newest version of a dataset that grows; of another dataset its own folder."""
    return _version(folder, None) or folder


def _place(text: str, buckets: Buckets) -> Folder:
    """The folder that `text` names itself."""
    if is_s3(text):
        uri = ObjectURI.parse(text)
        place = uri.key.rstrip("/")
        return Folder(buckets.open(uri.bucket), _folder_of(place) if _is_definition(place) else place)
    path = Path(text).absolute()
    path = Path(_folder_of(path.as_posix())) if _is_definition(text) and path.is_file() else path
    if not path.is_dir():
        raise ObjectNotFound(text, "there is no such folder")
    return Folder(local_bucket(path))


def _version(folder: Folder, number: int | None) -> Folder | None:
    """The folder of a version, the newest or that of a number; None when the folder holds no versions."""
    index = read_index(folder)
    if index is None:
        return None
    kept = read_history(folder, index).versions
    found = next((one for one in reversed(kept) if number in (None, one.number)), None)
    if found is None:
        what = f"has no version {number}; those from {kept[0].number} to {kept[-1].number} are kept"
        raise ObjectNotFound(folder.uri(), what)
    return folder.child(found.path)


def open_dataset(folder: Folder, kind: OutputFormat | None = None) -> Dataset:
    """Read the definition, the lists and the tables of a dataset. Raises InvalidInput when it is none at all.

    A folder may hold one in several formats: `kind` is then the one that is meant, if it is there. Where there is a
    report, the dataset is what that vouches for, whatever else lies beside it.
    """
    problems: list[Problem] = []
    rows = _or_problem(lambda: read_image_rows(folder), problems)
    report = _or_problem(lambda: read_report(folder), problems)
    kind = OutputFormat(report.format) if report else kind
    definition = read_definition(folder, kind)
    if definition is not None:
        return _with_lists(folder, definition, rows, report, problems)
    contents = _contents(folder, rows, report, kind)
    if contents is not None:
        problems = [*contents.definition.problems, *problems]
        held, sizes, notes = contents.held, contents.sizes, contents.notes
        return Dataset(folder, contents.definition, contents.splits, rows, report, tuple(problems), held, sizes, notes)
    if report is not None:
        what = f"holds no file of the format {report.format}, in which {REPORT} says that it is"
        raise InvalidInput([Problem(folder.uri(), what, report.remedy)])
    if kind is not None:
        return open_dataset(folder)
    what = "holds neither data.yaml nor obj.data, and no file of COCO's, Pascal VOC's or Ultralytics' NDJSON"
    raise InvalidInput([Problem(folder.uri(), what, "name the folder of a dataset")])


def _contents(
    folder: Folder, rows: Sequence[ImageRow] | None, report: Report | None, kind: OutputFormat | None
) -> Contents | None:
    """What is in the files of formats without lists of their own."""
    files, classes = _files(folder, rows, report), report.classes if report else ()
    readers: dict[OutputFormat, Callable[[], Contents | None]] = {
        OutputFormat.NDJSON: lambda: read_ndjson(folder, files),
        OutputFormat.COCO: lambda: read_coco(folder, files),
        OutputFormat.PASCAL_VOC: lambda: read_voc(folder, files, classes),
    }
    found = (read() for one, read in readers.items() if kind in {None, one})
    return next((contents for contents in found if contents is not None), None)


def _files(folder: Folder, rows: Sequence[ImageRow] | None, report: Report | None) -> dict[str, ObjectMeta]:
    """What is read: all files, or those that a report vouches for, and pictures."""
    files = {meta.key: meta for meta in folder.list()}
    if report is None or rows is None:
        return files
    known = {*report.files, *(row.label_file for row in rows)}
    return {name: meta for name, meta in files.items() if name in known or name.lower().endswith(EXTENSIONS)}


def _with_lists(
    folder: Folder,
    definition: Definition,
    rows: tuple[ImageRow, ...] | None,
    report: Report | None,
    rows_problems: Sequence[Problem],
) -> Dataset:
    """A dataset whose definition names lists of pictures, each with a label file."""
    problems = list(definition.problems)
    base = folder if report else _base(folder, definition)
    splits: dict[str, Sequence[Listed]] = {}
    for split, sources in (definition.sources or {}).items():
        splits[split] = [entry for source in sources for entry in _entries(base, definition, split, source, problems)]
    return Dataset(base, definition, splits, rows, report, (*problems, *rows_problems))


def local_path(folder: Folder) -> Path | None:
    """The folder on this machine's disk; None for one in S3."""
    root = folder.bucket.local_path
    return root / folder.prefix if root is not None else None


def label_file_of(image_file: str, layout: OutputFormat) -> str:
    """Where a trainer looks for the labels of a picture: beside it, or in `labels` instead of its last `images`."""
    name = label_name(image_file)
    if layout is OutputFormat.DARKNET:
        return name
    head, mark, tail = f"/{name}".rpartition("/images/")
    return f"{head}/labels/{tail}"[1:] if mark else name


def _or_problem(read: Callable[[], Read | None], problems: list[Problem]) -> Read | None:
    """What `read` gives; None, and its problems noted, when that is wrong."""
    try:
        return read()
    except InvalidInput as error:
        problems += error.problems
        return None


def _is_definition(text: str) -> bool:
    return text.endswith((".yaml", ".yml", ".data", ".json", ".ndjson"))


def _folder_of(definition: str) -> str:
    """The folder of the dataset that a file defines."""
    return posixpath.dirname(definition).removesuffix(f"/{COCO_FOLDER}")


def _base(folder: Folder, definition: Definition) -> Folder:
    """The folder that paths are relative to: data.yaml's `path`, if that is a folder on this machine."""
    root = local_path(folder)
    if definition.path and root is not None and (root / definition.path).is_dir():
        return Folder(local_bucket((root / definition.path).resolve()))
    return folder


def _entries(
    base: Folder, definition: Definition, split: str, source: str, problems: list[Problem]
) -> Iterator[Listed]:
    """The pictures of one list or folder of a split."""
    # Ultralytics also takes `../` for `./`, as some exporters write it.
    name = _inside(base, source) or _inside(base, source.removeprefix("../"))
    if name is None:
        problems.append(Problem(f"{definition.file}: {split}", f"{source} lies outside the dataset's folder"))
        return
    if not name.endswith(".txt"):
        found = sorted(meta.key for meta in base.list(name) if meta.key.lower().endswith(EXTENSIONS))
        if not found:
            problems.append(Problem(f"{definition.file}: {split}", f"there are no pictures in {source}"))
        yield from (Listed(split, name, False, key, key, label_file_of(key, definition.format)) for key in found)
        return
    try:
        text = base.read(name).decode()
    except ObjectNotFound:
        problems.append(Problem(f"{definition.file}: {split}", f"the list {source} does not exist"))
        return
    except UnicodeDecodeError:
        problems.append(Problem(base.uri(name), "is not UTF-8 text"))
        return
    # Trainers split lists with splitlines, which knows more line ends than \n.
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield _entry(base, definition, split, f"{name}:{number}", line)


def _entry(base: Folder, definition: Definition, split: str, where: str, line: str) -> Listed:
    image_file = _inside(base, line)
    if image_file is None:
        return Listed(split, where, True, line, "", "")
    return Listed(split, where, True, line, image_file, label_file_of(image_file, definition.format))


def _inside(base: Folder, text: str) -> str | None:
    """The path `text` relative to the folder; None when it leads outside."""
    if text.startswith("/"):
        root = local_path(base)
        if root is None or not PurePosixPath(text).is_relative_to(root):
            return None
        text = str(PurePosixPath(text).relative_to(root))
    path = posixpath.normpath(text)
    return None if path == ".." or path.startswith("../") else path
