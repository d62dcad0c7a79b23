"""Uploading a folder of pictures, sub-folders kept, without sending again what is already there.

A picture is already there when an object of its name has its size and its content: the ETag is the content's MD5 where
S3 makes it so (single-part uploads that no KMS key encrypts; labelround uploads in a single part). Where the ETag is
something else, an object of the same size that is not older than the file counts as the same. In a local bucket the
contents are compared. Every object is written whole or not at all, so that an interrupted run is gone on with by
running it again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from labelround.aws import translated
from labelround.errors import LabelroundError, Problem, StorageError
from labelround.images import BadImage, read_header
from labelround.manifest import SHOWN_EXAMPLES, Skipped, select_images
from labelround.parallel import in_threads
from labelround.progress import Progress
from labelround.spec.names import KEY_MAX_BYTES
from labelround.storage import Bucket, Folder, ObjectMeta, local_bucket

FAILURES_IN_A_ROW = 20
MD5 = re.compile(r"[0-9a-f]{32}")


class Outcome(Enum):
    """What became of one picture."""

    UPLOADED = "uploaded"
    PRESENT = "already there"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pushed:
    """One picture: its name below the folder, its size in bytes, what became of it and what to know of it.

    `orientation` is the EXIF one, 1 when there is none; `flaw` says why Ground Truth or a trainer would refuse it.
    """

    name: str
    size: int
    outcome: Outcome
    failure: str = ""
    orientation: int = 1
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class PushReport:
    """What a push did, or with `dry_run` what it would do. `untried` pictures were left when it gave up."""

    pushed: tuple[Pushed, ...]
    skipped: tuple[Skipped, ...]
    untried: int = 0
    dry_run: bool = False

    def count(self, outcome: Outcome) -> int:
        """How many pictures came out so."""
        return sum(one.outcome is outcome for one in self.pushed)

    @property
    def uploaded_bytes(self) -> int:
        return sum(one.size for one in self.pushed if one.outcome is Outcome.UPLOADED)

    @property
    def failures(self) -> tuple[Problem, ...]:
        """Every picture that could not be uploaded."""
        return tuple(Problem(one.name, one.failure) for one in self.pushed if one.outcome is Outcome.FAILED)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Pictures that will not label or train well as they are."""
        turned = [one.name for one in self.pushed if one.orientation != 1]
        flawed = [Problem(one.name, one.flaw) for one in self.pushed if one.flaw]
        return (*_turned(turned), *flawed)


@dataclass(frozen=True)
class Push:
    """A push of the pictures below `source` into the folder `target`."""

    source: Bucket
    target: Folder
    dry_run: bool
    present: Mapping[str, ObjectMeta] = field(repr=False)

    def picture(self, meta: ObjectMeta) -> Pushed:
        """Upload one picture unless it is there. A failure is an outcome, so that the others go on."""
        orientation, flaw = 1, ""
        try:
            self._check_key(meta.key)
            content = self.source.read(meta.key)
            orientation, flaw = _header(content)
            outcome = Outcome.PRESENT if self._is_present(meta, content) else Outcome.UPLOADED
            if outcome is Outcome.UPLOADED and not self.dry_run:
                self.target.write(meta.key, content)
        except LabelroundError as error:
            return Pushed(meta.key, meta.size, Outcome.FAILED, str(error), orientation, flaw)
        return Pushed(meta.key, meta.size, outcome, "", orientation, flaw)

    def _check_key(self, name: str) -> None:
        """Raises StorageError for a key that S3 refuses; not every S3 server does."""
        length = len(self.target.key(name).encode())
        if self.target.bucket.local_path is None and length > KEY_MAX_BYTES:
            what = f"its key has {length} bytes, and S3 takes {KEY_MAX_BYTES}"
            raise StorageError(self.target.uri(name), what, "shorten the names of the file and its folders")

    def _is_present(self, meta: ObjectMeta, content: bytes) -> bool:
        there = self.present.get(meta.key)
        if there is None or there.size != len(content):
            return False
        if self.target.bucket.local_path is not None:
            return self.target.read(meta.key) == content
        etag = there.etag.strip('"')
        if MD5.fullmatch(etag):
            if hashlib.md5(content, usedforsecurity=False).hexdigest() == etag:
                return True
            if not self._is_kms_encrypted(meta.key):
                return False
        return there.modified >= meta.modified

    def _is_kms_encrypted(self, name: str) -> bool:
        """Whether the object's ETag is no MD5 though it looks like one."""
        bucket = self.target.bucket
        if bucket.boto_client is None:
            return False
        with translated(f"looking at {self.target.uri(name)}"):
            answer = bucket.boto_client.head_object(Bucket=bucket.name, Key=self.target.key(name))
        return str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")


def push(source: Path, target: Folder, progress: Progress, *, dry_run: bool = False) -> PushReport:
    """Upload the pictures below `source` into `target`. Raises when either cannot be listed.

    Gives up when so many pictures in a row fail that the rest would too.
    """
    local = local_bucket(source)
    files = {meta.key: meta for meta in local.list("")}
    selection = select_images(files.values(), "")
    present = {meta.key: meta for meta in target.list()} if selection.keys else {}
    work = Push(local, target, dry_run, present)
    progress.start("Comparing pictures" if dry_run else "Uploading pictures", len(selection.keys), "pictures")
    pushed = tuple(_until_hopeless(in_threads(work.picture, (files[key] for key in selection.keys)), progress))
    return PushReport(pushed, selection.skipped, len(selection.keys) - len(pushed), dry_run)


def _until_hopeless(pushed: Iterator[Pushed], progress: Progress) -> Iterator[Pushed]:
    failures = 0
    for one in pushed:
        failures = failures + 1 if one.outcome is Outcome.FAILED else 0
        progress.advance()
        yield one
        if failures == FAILURES_IN_A_ROW:
            return


def _header(content: bytes) -> tuple[int, str]:
    """The orientation of a picture, and why it would be refused."""
    try:
        return read_header(lambda start, length: content[start : start + length], len(content)).orientation, ""
    except BadImage as error:
        return 1, str(error)


def _turned(names: Sequence[str]) -> Iterator[Problem]:
    if names:
        shown = ", ".join(names[:SHOWN_EXAMPLES]) + (", ..." if len(names) > SHOWN_EXAMPLES else "")
        yield Problem(
            f"{len(names)} pictures" if len(names) > 1 else "1 picture",
            f"turned by EXIF ({shown}); workers draw on the stored raster",
            "the dataset gets it right with dataset.images: Copy, or with `labelround pull`",
        )
