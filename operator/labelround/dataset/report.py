"""`report.json`: what a conversion did, and the marker that its dataset is complete."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from labelround.spec.model import OutputFormat

REPORT_VERSION = 1
SHOWN_RENAMES = 1000
LARGEST_REPORT = 1 << 24
"""In bytes, several times what the longest names make of it: a larger one is none of ours."""

LARGEST_COUNT = 10**15 - 1
"""Of anything that is counted: two such numbers fit where a status shows them."""
_FORMATS = frozenset(kind.value for kind in OutputFormat)
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ImageCounts:
    """Every image of the input is in one of four states; `total` is their sum."""

    total: int
    labeled: int
    empty: int
    failed: int
    unlabeled: int


@dataclass(frozen=True, slots=True)
class BoxCounts:
    """`read` = `written` + all of `dropped`, which is keyed by reason."""

    read: int
    written: int
    dropped: dict[str, int]
    by_class: dict[str, int]


@dataclass(frozen=True, slots=True)
class Quality:
    """The boxes that were written, by size, by the place of their centers and by what is suspicious about them.

    `centers` are the cells of a grid, row by row. A box may be suspicious in two ways; `suspicious_boxes` counts it
    once.
    """

    sizes: dict[str, int]
    centers: tuple[tuple[int, ...], ...]
    suspicious: dict[str, int]
    suspicious_boxes: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """An image whose name in the dataset is not its path below the images prefix; in a merged one, below any folder."""

    source_ref: str
    image: str


@dataclass(frozen=True, slots=True)
class ManifestUsed:
    """An output manifest that was read under one label attribute."""

    name: str
    attribute: str
    lines: int
    boxes: int


@dataclass(frozen=True, slots=True)
class Origin:
    """What manifests do not tell of a dataset: which round it is of (`namespace/name`), and an SPDX licence expression.

    Both may be empty, and `workers_per_image` is 0, where that is not known. `merged` are the rounds that a merged
    dataset is made of; a dataset that is of none stands there with the beginning of its digest.
    """

    round: str = ""
    license: str = ""
    workers_per_image: int = 0
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for, as far as it shows in the dataset."""

    images_prefix: str
    images: str
    check_images: bool
    previews: int
    split: dict[str, int | str]
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a conversion did.

    `files` are the fixed files in the order of the digest, which is described with the dataset's format. `previews` are
    those that were asked for; an image that cannot be read has none. `renames` holds the first 1,000 of `renamed`;
    images.csv maps every image. `quality` is None in a report of a time when it was not counted. `inputs_digest`
    depends on what the manifests say, not on the order of their lines. `described` has the SHA-256 of the files that
    describe the dataset or tell how it was merged, by name.
    """

    version: int
    labelround: str
    owner: str
    format: str
    classes: tuple[str, ...]
    options: Options
    jobs: tuple[str, ...]
    manifests: tuple[ManifestUsed, ...]
    images: ImageCounts
    splits: dict[str, int]
    boxes: BoxCounts
    quality: Quality | None = None
    renamed: int
    renames: tuple[Renamed, ...]
    warnings: tuple[str, ...]
    files: tuple[str, ...]
    previews: tuple[str, ...]
    inputs_digest: str
    digest: str
    described: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The report as a file: indented, UTF-8, and the same for the same conversion."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def parse(cls, content: bytes) -> Report | None:
        """The report in a file; None when it is none of this version, or cannot be true."""
        try:
            report = msgspec.json.decode(content, type=cls)
        except msgspec.DecodeError:
            return None
        return report if report.version == REPORT_VERSION and report._is_sound() else None

    def lists(self, split: str) -> tuple[str, ...]:
        """The lists that an image of this part of the split stands in.

        When they name more images than there are, those that train validate too; images to test with do neither.
        """
        shared = sum(self.splits.values()) > self.images.labeled + self.images.empty
        return ("train", "val") if shared and split != "test" else (split,)

    @property
    def remedy(self) -> str:
        """How a person has the dataset as it was written: a conversion takes what a report vouches for as it is."""
        made = "merge again into a new folder" if self._is_merged else "remove report.json and convert again"
        return f"pull again, or {made}"

    @property
    def _is_merged(self) -> bool:
        """Whether this is a version of a dataset that grows, and no conversion of one."""
        return bool(self.options.origin.merged) and not self.manifests

    @property
    def complete(self) -> bool:
        """Whether every box is in the dataset and no image failed."""
        return self.boxes.read == self.boxes.written and self.images.failed == 0

    def _is_sound(self) -> bool:
        """Whether it is of a known format, with a digest and counts that add up. Who may write there may forge it."""
        images, boxes = self.images, self.boxes
        states = (images.labeled, images.empty, images.failed, images.unlabeled)
        dropped = boxes.dropped.values()
        counts = (images.total, *states, boxes.read, boxes.written, *dropped)
        return (
            self.format in _FORMATS
            and all(0 <= count <= LARGEST_COUNT for count in counts)
            and images.total == sum(states)
            and boxes.read == boxes.written + sum(dropped)
            and _DIGEST.fullmatch(self.digest) is not None
            and (self.quality is None or _adds_up(self.quality, boxes.written))
        )


def _adds_up(quality: Quality, written: int) -> bool:
    """Whether every box that was written has one size and one place, and no more are suspicious than there are."""
    places = [count for row in quality.centers for count in row]
    counts = (*quality.sizes.values(), *places, *quality.suspicious.values(), quality.suspicious_boxes)
    return (
        all(count >= 0 for count in counts)
        and sum(quality.sizes.values()) == sum(places) == written
        and max(quality.suspicious.values(), default=0) <= quality.suspicious_boxes <= written
    )
