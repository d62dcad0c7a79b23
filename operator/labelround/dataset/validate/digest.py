"""The digest of a dataset as it lies, to compare with the one that its conversion reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from labelround.dataset.describing import VOUCHED
from labelround.dataset.existing import Dataset
from labelround.dataset.formats import GROUPS, REPORT, is_decisive
from labelround.dataset.validate.findings import Finding, Rule
from labelround.errors import ObjectNotFound
from labelround.storage import Folder


def check_digest(dataset: Dataset, label_digests: Mapping[str, str]) -> Iterator[Finding]:
    """Whether all files are byte for byte what the conversion wrote, and none lies there that a trainer may prefer.

    `label_digests` are the SHA-256 of label files that were read already, by path.
    """
    if dataset.report is None or dataset.rows is None:
        return
    own = [*(row.label_file for row in dataset.rows if row.label_file), *dataset.report.files]
    found = _digest(dataset.folder, own, label_digests)
    if found != dataset.report.digest:
        what = "the files are not those that the conversion wrote: the digest is another"
        fix = f"{dataset.report.remedy}, unless you changed them yourself"
        yield Finding(Rule.DIGEST, dataset.folder.uri(REPORT), what, fix)
    counting = (name for name in dataset.files if is_decisive(name) or name == GROUPS)
    for name in sorted(set(counting).difference(own, dataset.report.described)):
        what = "is no file of the dataset, but a trainer, or a merge, may take it for one"
        yield Finding(Rule.DIGEST, dataset.folder.uri(name), what, "remove it")


def check_descriptions(dataset: Dataset) -> Iterator[Finding]:
    """Whether what describes the dataset, or tells how it was merged, is what was written with it."""
    report = dataset.report
    if report is None:
        return
    for name, digest in report.described.items():
        try:
            found = _hash(dataset.folder, name) if name in VOUCHED else digest
        except ObjectNotFound:
            found = ""
        if found != digest:
            what = "is another than the conversion wrote" if found else "is missing"
            fix = f"{report.remedy}, unless you changed it yourself"
            yield Finding(Rule.DIGEST, dataset.folder.uri(name), what, fix)


def _digest(folder: Folder, paths: Iterable[str], known: Mapping[str, str]) -> str | None:
    """The SHA-256 of one line `<sha256>  <path>` for each file; None when one is missing."""
    digest = sha256()
    for path in paths:
        try:
            hashed = known.get(path) or _hash(folder, path)
        except ObjectNotFound:
            return None
        digest.update(f"{hashed}  {path}\n".encode())
    return digest.hexdigest()


def _hash(folder: Folder, path: str) -> str:
    digest = sha256()
    for chunk in folder.chunks(path):
        digest.update(chunk)
    return digest.hexdigest()
