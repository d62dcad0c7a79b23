"""A LabelingRound as the core sees it: parsed, defaulted and frozen.

Field by field the spec of the custom resource in `crds/labelingrounds.yaml`, where each is described; names are the
resource's in snake case. Values derived from other fields (`prefix`, `output_prefix`) are already resolved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any


class OutputFormat(Enum):
    """`spec.outputFormat`: what the conversion writes."""

    YOLO = "YOLO"
    DARKNET = "Darknet"
    PASCAL_VOC = "PascalVOC"
    COCO = "COCO"
    NDJSON = "NDJSON"


class ImagesMode(Enum):
    """`spec.dataset.images`: whether the dataset refers to the images or holds copies."""

    REFERENCE = "Reference"
    COPY = "Copy"


class DeletionPolicy(Enum):
    """`spec.deletionPolicy`: what deleting the round does to a running labeling job."""

    STOP = "Stop"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class Instructions:
    """What workers read beside the picture. Examples are keys in the round's bucket."""

    short: str = ""
    full: str = ""
    good_examples: tuple[str, ...] = ()
    bad_examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelingJobSpec:
    """`spec.labelingJob`. Times are in seconds; None and "" mean the default."""

    adopt: str = ""
    workteam: str = ""
    label_attribute_name: str = ""
    title: str = ""
    description: str = ""
    instructions: Instructions = Instructions()
    workers_per_image: int = 1
    task_time_limit_seconds: int = 3600
    task_availability_seconds: int = 864000
    max_concurrent_tasks: int = 1000
    max_human_labeled_object_count: int | None = None
    max_percentage_of_input_dataset_labeled: int | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Split:
    """`spec.dataset.split`: shares of the images (any positive scale), and what must stay together.

    `group_by` is a regular expression over the key below the images prefix; its first group, or the whole match,
    names the group. Empty: every image by itself.
    """

    train: int = 80
    val: int = 20
    test: int = 0
    seed: int = 0
    group_by: str = ""


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """`spec.dataset`. `previews` is a number of pictures.

    `since` is the folder of a dataset, `license` an SPDX expression; both may be empty.
    """

    split: Split = Split()
    images: ImagesMode = ImagesMode.REFERENCE
    check_images: bool = True
    previews: int = 20
    since: str = ""
    license: str = ""


@dataclass(frozen=True, slots=True)
class QualityGates:
    """`spec.quality`: what a dataset must come up to before its round succeeds. Shares are 0 to 1; None is no gate."""

    max_failed_share: float | None = None
    max_unlabeled_share: float | None = None
    max_suspicious_share: float | None = None
    min_boxes_per_class: int | None = None


@dataclass(frozen=True, slots=True)
class LabelingRound:
    """One round. Prefixes are keys that end in `/`, or empty for the root of the bucket."""

    name: str
    namespace: str
    uid: str
    bucket: str
    images_prefix: str
    labels: tuple[str, ...]
    output_format: OutputFormat
    prefix: str
    output_prefix: str
    labeling_job: LabelingJobSpec = LabelingJobSpec()
    stop_labeling: bool = False
    attempts: int = 1
    dataset: DatasetSpec = DatasetSpec()
    quality: QualityGates = QualityGates()
    conversion: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    suspend: bool = False
    deletion_policy: DeletionPolicy = DeletionPolicy.STOP
    ttl_seconds_after_finished: int | None = None
    generation: int = 1

    @property
    def full_name(self) -> str:
        """`namespace/name`."""
        return f"{self.namespace}/{self.name}"
