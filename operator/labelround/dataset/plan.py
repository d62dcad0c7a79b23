"""What a conversion is asked to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from labelround.dataset.adopting import DatasetSource
from labelround.dataset.formats import Format, format_of
from labelround.dataset.naming import KEY_MAX_BYTES, Rules
from labelround.dataset.report import Options, Origin
from labelround.dataset.source import ManifestSource
from labelround.dataset.voc import is_writable
from labelround.errors import InvalidInput, Problem
from labelround.spec.model import ImagesMode, OutputFormat, Split
from labelround.storage import Folder
from labelround.uri import SCHEME, ObjectURI, folder

SHORTEST_NAMES = 64
"""A dataset needs so many bytes of every key for itself."""


@dataclass(frozen=True)
class ConversionPlan:
    """One conversion. `sources` are output manifests; `inputs` are input manifests, when they are known: together they
    list every image asked for.

    An input with a group asks its images of that label group, one without of every group that is named. `labels` are
    the classes by class id. Names in the dataset are paths below `images_prefix`; None is the longest folder that
    holds all images. `previews` is a number of pictures. `owner` is the uid that claims the output folder. `origin` is
    for the dataset's card.
    """

    sources: tuple[ManifestSource, ...]
    labels: tuple[str, ...]
    output_format: OutputFormat
    owner: str
    inputs: tuple[ManifestSource, ...] = ()
    images_prefix: ObjectURI | None = None
    split: Split = field(default_factory=Split)
    images_mode: ImagesMode = ImagesMode.REFERENCE
    check_images: bool = True
    previews: int = 0
    origin: Origin = field(default_factory=Origin)

    @property
    def keeps_split(self) -> bool:
        """Whether a source has a split of its own, so that none is drawn."""
        return any(isinstance(source, DatasetSource) and source.keeps_split for source in self.sources)

    @property
    def format(self) -> Format:
        """The layout of the dataset."""
        return format_of(self.output_format)

    @property
    def prefix(self) -> str:
        """`bucket/folder/` that every image must be below; "" when it is not fixed beforehand."""
        uri = self.images_prefix
        return f"{uri.bucket}/{folder(uri.key)}" if uri else ""

    def options(self, prefix: str) -> Options:
        """The options as a report records them; `prefix` is the images prefix that was found, `bucket/folder/`."""
        split = self.split
        shares: dict[str, int | str] = {"train": split.train, "val": split.val, "test": split.test, "seed": split.seed}
        return Options(
            images_prefix=SCHEME + prefix,
            images=self.images_mode.value,
            check_images=self.check_images,
            previews=self.previews,
            split={"kept": "yes"} if self.keeps_split else {**shares, "group_by": split.group_by},
            origin=self.origin,
        )

    def rules(self, output: Folder) -> Rules:
        """What names must keep to in `output`. Raises InvalidInput when its prefix leaves no room for them."""
        return rules_in(output, self.format)

    def problems(self) -> Iterator[Problem]:
        """What is wrong with the plan itself."""
        yield from label_problems(self.labels, self.output_format)
        shares = {"train": self.split.train, "val": self.split.val, "test": self.split.test}
        for name, share in shares.items():
            if share < 0:
                yield Problem(f"split.{name}", f"is {share}", "a share is 0 or more")
        if not any(shares.values()):
            yield Problem("split", "has no share above 0", "give train a share")


def rules_in(output: Folder, layout: Format) -> Rules:
    """What names must keep to in `output`. Raises InvalidInput when its prefix leaves no room for them.

    In a local folder the prefix does not count: a dataset gets the same names wherever it lies on disk.
    """
    taken = 0 if output.bucket.local_path is not None else len(folder(output.prefix).encode())
    room = KEY_MAX_BYTES - taken - len(layout.longest_folder)
    if room < SHORTEST_NAMES:
        what = f"leaves {max(room, 0)} of an S3 key's {KEY_MAX_BYTES} bytes for the names of files"
        raise InvalidInput([Problem(output.uri(), what, "choose a shorter output prefix")])
    return Rules(room, layout.reserved, flat=layout.by_split)


def label_problems(labels: Sequence[str], output_format: OutputFormat) -> Iterator[Problem]:
    """What is wrong with the names of classes."""
    seen: dict[str, int] = {}
    for index, label in enumerate(labels):
        first = seen.setdefault(label, index)
        if first != index:
            yield Problem(f"labels[{index}]", f"repeats labels[{first}] ({label!r})", "labels are unique")
        if not label:
            yield Problem(f"labels[{index}]", "is empty", "name the class")
        if output_format is OutputFormat.DARKNET and label.splitlines() not in ([], [label]):
            yield Problem(f"labels[{index}]", f"{label!r} has a line break, and obj.names holds one name a line")
        if output_format is OutputFormat.PASCAL_VOC and not is_writable(label):
            yield Problem(f"labels[{index}]", f"{label!r} has a character that XML cannot hold", "leave it out")
