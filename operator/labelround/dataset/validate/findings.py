"""What can be wrong with a dataset."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """An error stops a trainer or teaches it something wrong; a warning is worth knowing."""

    ERROR = "error"
    WARNING = "warning"


class Rule(Enum):
    """What is checked. The value is the rule's name in reports."""

    DEFINITION = "definition"
    """data.yaml or obj.data cannot be read, or contradicts itself."""
    SPLIT_EMPTY = "split-empty"
    LISTED_OUTSIDE = "listed-outside"
    """A list names a picture outside the dataset's folder, which cannot be checked and does not move with it."""
    LISTED_FROM_WORKING_DIRECTORY = "listed-from-working-directory"
    """A line of a list does not start with `./`: Ultralytics resolves it against the working directory."""
    LISTED_TWICE = "listed-twice"
    TWO_SPLITS = "two-splits"
    """A picture is trained on and validated with."""
    NOT_PULLED = "not-pulled"
    IMAGE_MISSING = "image-missing"
    IMAGE_CORRUPT = "image-corrupt"
    IMAGE_SMALL = "image-small"
    """Ultralytics refuses pictures with a side under 10 pixels."""
    IMAGE_WITHOUT_END = "image-without-end"
    """Ultralytics overwrites such a JPEG with a picture of its own making."""
    IMAGE_TURNED = "image-turned"
    """OpenCV, and so Ultralytics, turns the picture when reading it; the boxes refer to the stored raster."""
    IMAGE_SIZE = "image-size"
    """The picture is not the one that images.csv knows."""
    IMAGE_UNLISTED = "image-unlisted"
    LABEL_MISSING = "label-missing"
    """Trainers take the picture for background, in silence."""
    LABEL_FORMAT = "label-format"
    LABEL_CLASS = "label-class"
    LABEL_VALUE = "label-value"
    LABEL_BEYOND = "label-beyond"
    """A box reaches beyond its picture."""
    LABEL_DUPLICATE = "label-duplicate"
    """Ultralytics drops the second of two equal lines."""
    LABEL_UNLISTED = "label-unlisted"
    UNFINISHED = "unfinished"
    """report.json, which the conversion writes last, is missing."""
    DIGEST = "digest"
    """The files are not those that the conversion wrote."""
    SIGNATURE = "signature"
    """The dataset is not signed by the key that was given, or is another than was signed."""


WARNINGS = frozenset(
    {
        Rule.LISTED_OUTSIDE,
        Rule.LISTED_FROM_WORKING_DIRECTORY,
        Rule.LISTED_TWICE,
        Rule.TWO_SPLITS,
        Rule.NOT_PULLED,
        Rule.IMAGE_WITHOUT_END,
        Rule.IMAGE_UNLISTED,
        Rule.LABEL_BEYOND,
        Rule.LABEL_DUPLICATE,
        Rule.LABEL_UNLISTED,
        Rule.DIGEST,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: where (a file, perhaps with its line), what, and what to do about it."""

    rule: Rule
    where: str
    what: str
    fix: str = ""

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return Severity.WARNING if self.rule in WARNINGS else Severity.ERROR

    def __str__(self) -> str:
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.where}: {self.what}{fix}"


@dataclass(frozen=True, slots=True)
class Validation:
    """What a validation found. `images` were listed, `read` of them were there and were decoded."""

    dataset: str
    images: int
    read: int
    boxes: int
    findings: tuple[Finding, ...]

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The errors, or the warnings."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    @property
    def is_valid(self) -> bool:
        """Whether there is no error."""
        return not self.of(Severity.ERROR)
