"""Bring a dataset to a local folder, with the images beside the labels, so that it trains there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labelround.dataset.convert import read_report
from labelround.dataset.describing import BESIDE
from labelround.dataset.existing import ImageRow, local_path, read_image_rows
from labelround.dataset.formats import DECISIVE, IMAGES, REPORT, SIGNATURE, format_of
from labelround.dataset.pull.source import PullSource, name_problems
from labelround.dataset.pull.target import Original, Placed, Target
from labelround.dataset.split import PART_WORDS
from labelround.errors import SHOWN_PROBLEMS, Conflict, Failed, InvalidInput, StorageError
from labelround.images import upright
from labelround.parallel import in_threads
from labelround.progress import Progress
from labelround.spec.model import OutputFormat
from labelround.storage import Bucket, Buckets, Folder, ObjectMeta, key_problem, local_bucket
from labelround.uri import ObjectURI

__all__ = ["PullSummary", "pull"]

THREADS = 8
"""Each holds one image in memory, of up to 40 MB."""
REMOTE_TOLERANCE_SECONDS = 1.0
LOCAL_TOLERANCE_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class PullSummary:
    """What a pull did. `replaced` and `removed` name files in the folder, sorted.

    `images` are those of the dataset; `written` of them were placed now, and `set_upright` of these held an orientation
    tag. `files` counts label files, lists and tables that were written.
    """

    dataset: str
    folder: str
    images: int
    written: int
    set_upright: int
    files: int
    replaced: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one file; `problem` is empty unless it could not be read."""

    name: str
    placed: Placed = Placed.PRESENT
    set_upright: bool = False
    problem: str = ""


def pull(source: Folder, root: Path, buckets: Buckets, progress: Progress, *, overwrite: bool = False) -> PullSummary:
    """Bring the dataset in `source` into the local folder `root`, and its images beside the labels.

    An image comes from the dataset itself where that holds a copy, else from its `source_ref` in `buckets`; its
    orientation tag is set upright on the way (`labelround.images.upright`). `root` may be the dataset's own folder:
    then the images are placed into it. What is there already is not fetched again; what an earlier pull of another
    version left behind is removed; `report.json` comes last. Killed at any moment and run again, it goes on.

    Raises InvalidInput for a dataset that is not complete, Conflict when `root` holds other files of the same names
    (and `overwrite` is not set), and Failed with a list of the images that could not be read, after all others were
    placed.
    """
    dataset = PullSource.open(source)
    place = local_path(source)
    in_place = place is not None and place.resolve() == root.resolve()
    target = Target.open(root, in_place=in_place, overwrite=overwrite)
    removed = () if in_place else tuple(sorted(_remove_left_over(dataset, target)))
    outcomes: list[_Outcome] = []
    if not in_place:
        files = [*dataset.tables, *(row.label_file for row in dataset.members if row.label_file)]
        outcomes += _copy_files(dataset, files, target, progress)
    images = _place_images(dataset, target, buckets, progress)
    _raise_problems([*outcomes, *images], target)
    if not in_place:
        outcomes += [_copy_file(dataset, name, target) for name in (IMAGES, REPORT)]
        _raise_problems(outcomes, target)
    target.close()
    done = Counter(outcome.placed for outcome in images)
    return PullSummary(
        dataset=source.uri(),
        folder=str(root),
        images=len(images),
        written=done[Placed.WRITTEN] + done[Placed.REPLACED],
        set_upright=sum(outcome.set_upright for outcome in images),
        files=sum(outcome.placed is not Placed.PRESENT for outcome in outcomes),
        replaced=tuple(sorted(each.name for each in [*outcomes, *images] if each.placed is Placed.REPLACED)),
        removed=removed,
    )


def _remove_left_over(dataset: PullSource, target: Target) -> Iterator[str]:
    """Remove what an earlier pull brought and this dataset does not have: images, labels, and files of its format."""
    wanted = {*dataset.names(), *dataset.tables}
    for name in _brought(Folder(local_bucket(target.root))):
        if name and name not in wanted and target.remove(name):
            yield name
    if SIGNATURE not in wanted and target.remove(SIGNATURE):
        yield SIGNATURE


def _brought(there: Folder) -> list[str]:
    """What an earlier pull may have brought: of any format, when there is no report, which a killed one takes away."""
    try:
        rows = read_image_rows(there)
    except InvalidInput:
        return []
    members = [row for row in rows or () if row.in_dataset]
    labels = [row.label_file for row in members]
    if rows is None or any(name_problems(members, IMAGES, label_files=any(labels))):
        return []
    report = read_report(there)
    layouts = map(format_of, [OutputFormat(report.format)] if report else OutputFormat)
    files = (name for name in report.files if not key_problem(name)) if report else DECISIVE
    pictures = [name for one in layouts for row in members for name in one.image_files(row.image, PART_WORDS)]
    return [*pictures, *labels, *sorted({*files, *BESIDE} - {IMAGES})]


def _copy_files(dataset: PullSource, names: Sequence[str], target: Target, progress: Progress) -> list[_Outcome]:
    progress.start("pulling labels", len(names), "files")
    outcomes = []
    for outcome in in_threads(lambda name: _copy_file(dataset, name, target), names):
        outcomes.append(outcome)
        progress.advance()
    return outcomes


def _copy_file(dataset: PullSource, name: str, target: Target) -> _Outcome:
    meta = dataset.files.get(name)
    if meta is None:
        return _Outcome(name, problem=f"{dataset.folder.uri(name)}: not found")
    if target.holds(name, _original(meta, dataset.folder.bucket)):
        return _Outcome(name)
    try:
        content = dataset.folder.read(name)
    except StorageError as error:
        return _Outcome(name, problem=str(error))
    return _Outcome(name, target.place(name, content, meta.modified))


def _place_images(dataset: PullSource, target: Target, buckets: Buckets, progress: Progress) -> list[_Outcome]:
    pictures = list(dataset.pictures())
    progress.start("pulling images", len(pictures), "images")
    origins = _origins(dataset, target, buckets)
    outcomes = []
    for outcome in in_threads(lambda one: _place_image(dataset, *one, target, origins), pictures, THREADS):
        outcomes.append(outcome)
        progress.advance()
    return outcomes


def _origins(dataset: PullSource, target: Target, buckets: Buckets) -> dict[str, Bucket | StorageError]:
    """The buckets that images are read from, or why one cannot be opened; none for images that the dataset holds."""
    outside = (row for row, name in dataset.pictures() if target.in_place or name not in dataset.files)
    origins: dict[str, Bucket | StorageError] = {}
    for name in sorted({ObjectURI.parse(row.source_ref).bucket for row in outside}):
        try:
            origins[name] = buckets.open(name)
        except StorageError as error:
            origins[name] = error
    return origins


def _place_image(
    dataset: PullSource, row: ImageRow, name: str, target: Target, origins: Mapping[str, Bucket | StorageError]
) -> _Outcome:
    """Place one image. One that is there is kept when its original is gone."""
    try:
        bucket, key = _origin(dataset, row, name, target, origins)
        meta = bucket.head(key)
        is_original = target.is_same(name, bucket, key)
        if not is_original and target.holds(name, _original(meta, bucket)):
            return _Outcome(name)
        content = bucket.read(key)
    except StorageError as error:
        return _Outcome(name) if target.has(name) else _Outcome(name, problem=str(error))
    straight = upright(content)
    if is_original:
        problem = f"{bucket.uri(key)}: is the original itself, which is never changed; pull into another folder"
        return _Outcome(name, problem="" if straight is content else problem)
    placed = target.place(name, straight, meta.modified, same=lambda there: there == content)
    changed = straight is not content and placed in {Placed.WRITTEN, Placed.REPLACED}
    return _Outcome(name, placed, set_upright=changed)


def _origin(
    dataset: PullSource, row: ImageRow, name: str, target: Target, origins: Mapping[str, Bucket | StorageError]
) -> tuple[Bucket, str]:
    """Where an image is read from: the copy in the dataset, or the place that the manifest named."""
    if not target.in_place and name in dataset.files:
        return dataset.folder.bucket, dataset.folder.key(name)
    uri = ObjectURI.parse(row.source_ref)
    bucket = origins[uri.bucket]
    if isinstance(bucket, StorageError):
        raise bucket
    return bucket, uri.key


def _original(meta: ObjectMeta, bucket: Bucket) -> Original:
    tolerance = REMOTE_TOLERANCE_SECONDS if bucket.local_path is None else LOCAL_TOLERANCE_SECONDS
    return Original(meta.size, meta.modified, tolerance)


def _raise_problems(outcomes: Sequence[_Outcome], target: Target) -> None:
    refused = [outcome.name for outcome in outcomes if outcome.placed is Placed.REFUSED]
    if refused:
        target.close()  # or else the next pull would take the folder for one that a pull has begun
        what = (
            f"{target.root} holds {len(refused)} other files of the same names, and no dataset that was pulled before"
        )
        raise Conflict("ForeignFiles", _listing(f"{what}; pull into an empty folder, or add --overwrite", refused))
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if problems:
        what = f"{len(problems)} files of the dataset could not be read; the others are in place"
        raise Failed(_listing(f"{what}. Bring them back and run again", problems))


def _listing(what: str, lines: Sequence[str]) -> str:
    more = [f"... and {len(lines) - SHOWN_PROBLEMS} more"] if len(lines) > SHOWN_PROBLEMS else []
    return "\n  ".join([f"{what}:", *lines[:SHOWN_PROBLEMS], *more])
