"""What a merge is asked to do, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from labelround.dataset.report import Report
from labelround.dataset.versions import Version
from labelround.spec.model import OutputFormat
from labelround.storage import Folder


@dataclass(frozen=True, slots=True)
class MergeOptions:
    """`owner` is the uid that claims the output folder; `keep` is how many versions stay.

    `output_format` None is that of the version before, YOLO at first. `group_by` is a regular expression over the key
    below the images prefix, whose matches stay in one split; None is that of the version before, at first that of the
    first dataset.
    """

    owner: str
    keep: int
    output_format: OutputFormat | None = None
    group_by: str | None = None


@dataclass(frozen=True, slots=True)
class MergeResult:
    """The newest version, in `folder`, and whether it was `made` now.

    `added` and `changed` are images, against the version before; `conflicts` are images on which datasets disagree,
    whose labels are the latest's.
    """

    version: Version
    folder: Folder
    report: Report
    made: bool
    added: int = 0
    changed: int = 0
    conflicts: int = 0
