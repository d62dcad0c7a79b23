"""Numbers of a dataset: images, boxes, classes and their distributions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from labelround.dataset.existing import Dataset, LabelFile, Listed
from labelround.parallel import in_threads
from labelround.progress import Progress


@dataclass(frozen=True, slots=True)
class Spread:
    """The smallest, the middle and the largest of some numbers."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Spread | None:
        """None when there are no numbers."""
        return cls(min(numbers), median(numbers), max(numbers)) if numbers else None


@dataclass(frozen=True, slots=True)
class ClassStats:
    """One class: on how many images it stands, and in how many boxes. `side` is the square root of a box's area.

    It is in pixels where `images.csv` gives the size of the images, else None.
    """

    class_id: int
    name: str
    images: int
    boxes: int
    side: Spread | None


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """The numbers of a dataset. A split counts each of its images once; `total` counts an image of two splits once.

    `states` are those of all input images, by `images.csv`; it is empty without one. `dropped` (boxes, by reason) and
    `renamed` (images) are what the conversion reported; both are None without a report.
    """

    dataset: str
    format: str
    total: int
    background: int
    boxes: int
    splits: Mapping[str, int]
    states: Mapping[str, int]
    classes: tuple[ClassStats, ...]
    boxes_per_image: Spread | None
    box_width: Spread | None
    box_height: Spread | None
    dropped: Mapping[str, int] | None
    renamed: int | None


@dataclass
class _Numbers:
    """What is gathered, image by image."""

    images: Counter[int] = field(default_factory=Counter)
    boxes: Counter[int] = field(default_factory=Counter)
    sides: dict[int, list[float]] = field(default_factory=dict)
    widths: list[float] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    per_image: list[float] = field(default_factory=list)

    def add(self, labels: LabelFile, size: tuple[int, int] | None) -> None:
        """Count one image; `size` in pixels, None when it is unknown."""
        self.per_image.append(len(labels.rows))
        self.images.update({row.class_id for row in labels.rows})
        for row in labels.rows:
            self.boxes[row.class_id] += 1
            if size is not None:
                width, height = row.width * size[0], row.height * size[1]
                self.widths.append(width)
                self.heights.append(height)
                self.sides.setdefault(row.class_id, []).append((width * height) ** 0.5)


def stats(dataset: Dataset, progress: Progress) -> DatasetStats:
    """Count what the label files of the listed images hold. Lines that are no boxes do not count."""
    entries = {entry.image_file: entry for entry in dataset.listed() if entry.image_file}
    progress.start("reading labels", len(entries), "images")
    numbers = _Numbers()
    for size, labels in in_threads(lambda entry: _read(dataset, entry), entries.values()):
        progress.advance()
        if labels is not None:
            numbers.add(labels, size)
    class_ids = sorted({*range(len(dataset.names)), *numbers.boxes})
    return DatasetStats(
        dataset=dataset.folder.uri(),
        format=dataset.format.value,
        total=len(entries),
        background=numbers.per_image.count(0),
        boxes=numbers.boxes.total(),
        splits={split: len({each.image_file for each in listed}) for split, listed in dataset.splits.items()},
        states=Counter(row.state for row in dataset.rows or ()),
        classes=tuple(_class(dataset.names, numbers, class_id) for class_id in class_ids),
        boxes_per_image=Spread.of(numbers.per_image),
        box_width=Spread.of(numbers.widths),
        box_height=Spread.of(numbers.heights),
        dropped=dataset.report.boxes.dropped if dataset.report else None,
        renamed=dataset.report.renamed if dataset.report else None,
    )


def _read(dataset: Dataset, entry: Listed) -> tuple[tuple[int, int] | None, LabelFile | None]:
    row = dataset.rows_by_label_file.get(entry.label_file)
    size = (row.width, row.height) if row and row.width and row.height else None
    return size, dataset.labels(entry)


def _class(names: Sequence[str], numbers: _Numbers, class_id: int) -> ClassStats:
    name = names[class_id] if 0 <= class_id < len(names) else ""
    side = Spread.of(numbers.sides.get(class_id, []))
    return ClassStats(class_id, name, numbers.images[class_id], numbers.boxes[class_id], side)
