"""Numbers of a dataset: images, boxes, classes and their distributions, and the boxes that look wrong."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from labelround.dataset.existing import SPLITS, UNSPLIT, Dataset, LabelFile, Listed
from labelround.dataset.quality.figures import GRID, SIZES, cell_of, size_of
from labelround.dataset.quality.found import FoundBox, FoundBoxes
from labelround.dataset.quality.suspicion import LIMITS, Limits, Suspicion
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

    def texts(self) -> tuple[str, str, str]:
        """The three as a person reads them."""
        return _text(self.min), _text(self.median), _text(self.max)


def _text(number: float) -> str:
    """Shares need more digits than pixels do."""
    return f"{round(number, 1 if number >= 10 else 3):g}"


@dataclass(frozen=True, slots=True)
class ClassStats:
    """One class: on how many images it stands, and in how many boxes, in all and in each split.

    `side` is the square root of a box's area, in pixels where `images.csv` gives the size of the images, else None.
    """

    class_id: int
    name: str
    images: int
    boxes: int
    side: Spread | None
    splits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Boxes:
    """The distributions of all boxes.

    Width, height and `aspect` (width by height) are of pixels and known only where `images.csv` gives the size of the
    images, as are `sizes`, the boxes by COCO's words; `area` and the center are shares of the picture. `centers` are
    the boxes by the cell of a grid that their centers lie in, row by row.
    """

    width: Spread | None
    height: Spread | None
    aspect: Spread | None
    area: Spread | None
    center_x: Spread | None
    center_y: Spread | None
    sizes: Mapping[str, int] | None
    centers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Suspicious:
    """The boxes that look wrong by `limits`: how many, how many of each kind, and the first of each kind."""

    limits: Limits
    boxes: int
    counts: Mapping[Suspicion, int]
    found: tuple[FoundBox, ...]


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """The numbers of a dataset. A split counts each of its images once; `total` counts an image of two splits once.

    `states` are those of all input images, by `images.csv`; it is empty without one. `imbalance` is how many times as
    many boxes the largest class has as the smallest that has any. `dropped` (boxes, by reason) and `renamed` (images)
    are what the conversion reported; both are None without a report.
    """

    dataset: str
    format: str
    total: int
    background: int
    boxes: int
    splits: Mapping[str, int]
    states: Mapping[str, int]
    classes: tuple[ClassStats, ...]
    imbalance: float | None
    boxes_per_image: Spread | None
    shapes: Boxes
    suspicious: Suspicious
    dropped: Mapping[str, int] | None
    renamed: int | None

    def spreads(self) -> Iterator[tuple[str, Spread]]:
        """The distributions that are known, by name."""
        shapes = self.shapes
        named = {
            "boxes per image": self.boxes_per_image,
            "box width, pixels": shapes.width,
            "box height, pixels": shapes.height,
            "box width by height": shapes.aspect,
            "box area, share of the picture": shapes.area,
            "box center from the left": shapes.center_x,
            "box center from the top": shapes.center_y,
        }
        return ((name, spread) for name, spread in named.items() if spread is not None)


@dataclass
class _Numbers:
    """What is gathered, image by image: of every box a few numbers, since a median needs them all."""

    found: FoundBoxes
    images: Counter[int] = field(default_factory=Counter)
    boxes: Counter[int] = field(default_factory=Counter)
    in_splits: Counter[tuple[int, str]] = field(default_factory=Counter)
    sides: dict[int, array[float]] = field(default_factory=dict)
    widths: array[float] = field(default_factory=lambda: array("d"))
    heights: array[float] = field(default_factory=lambda: array("d"))
    aspects: array[float] = field(default_factory=lambda: array("d"))
    areas: array[float] = field(default_factory=lambda: array("d"))
    xs: array[float] = field(default_factory=lambda: array("d"))
    ys: array[float] = field(default_factory=lambda: array("d"))
    sizes: Counter[int] = field(default_factory=Counter)
    centers: Counter[int] = field(default_factory=Counter)
    per_image: array[int] = field(default_factory=lambda: array("l"))

    def add(self, entry: Listed, splits: Sequence[str], labels: LabelFile, size: tuple[int, int] | None) -> None:
        """Count one image, which is in `splits`; `size` in pixels, None when it is unknown."""
        self.per_image.append(len(labels.rows))
        self.images.update({row.class_id for row in labels.rows})
        for row in labels.rows:
            self.boxes[row.class_id] += 1
            self.in_splits.update((row.class_id, split) for split in splits)
            self.areas.append(row.width * row.height)
            self.xs.append(row.x_center)
            self.ys.append(row.y_center)
            self.centers[cell_of(row.x_center, row.y_center)] += 1
            if size is not None:
                self._add_pixels(row.class_id, row.width * size[0], row.height * size[1])
        self.found.look(entry, labels)

    def _add_pixels(self, class_id: int, width: float, height: float) -> None:
        self.widths.append(width)
        self.heights.append(height)
        self.sides.setdefault(class_id, array("d")).append(max(width * height, 0.0) ** 0.5)
        self.sizes[size_of(width, height)] += 1
        if height:
            self.aspects.append(width / height)


def stats(dataset: Dataset, progress: Progress, limits: Limits = LIMITS) -> DatasetStats:
    """Count what the label files of the listed images hold. Lines that are no boxes do not count."""
    entries: dict[str, Listed] = {}
    splits_of: dict[str, tuple[str, ...]] = {}
    for entry in dataset.listed():
        if entry.image_file:
            picture = dataset.picture(entry)
            entries.setdefault(picture, entry)
            known = splits_of.get(picture, ())
            splits_of[picture] = known if entry.split in known else (*known, entry.split)
    progress.start("reading labels", len(entries), "images")
    numbers = _Numbers(FoundBoxes(limits, dataset.names))
    for entry, size, labels in in_threads(lambda entry: _read(dataset, entry), entries.values()):
        progress.advance()
        if labels is not None:
            numbers.add(entry, splits_of[dataset.picture(entry)], labels, size)
    class_ids = sorted({*range(len(dataset.names)), *numbers.boxes})
    counts = [count for count in numbers.boxes.values() if count]
    return DatasetStats(
        dataset=dataset.folder.uri(),
        format=dataset.format.value,
        total=len(entries),
        background=numbers.per_image.count(0),
        boxes=numbers.boxes.total(),
        splits={split: len({each.image_file for each in dataset.splits[split]}) for split in _in_order(dataset)},
        states=Counter(row.state for row in dataset.rows or ()),
        classes=tuple(_class(dataset, numbers, class_id) for class_id in class_ids),
        imbalance=max(counts) / min(counts) if counts else None,
        boxes_per_image=Spread.of(numbers.per_image),
        shapes=_shapes(numbers),
        suspicious=Suspicious(limits, numbers.found.boxes, dict(numbers.found.counts), numbers.found.kept()),
        dropped=dataset.report.boxes.dropped if dataset.report else None,
        renamed=dataset.report.renamed if dataset.report else None,
    )


def _read(dataset: Dataset, entry: Listed) -> tuple[Listed, tuple[int, int] | None, LabelFile | None]:
    row = dataset.row(entry)
    size = (row.width, row.height) if row and row.width and row.height else None
    return entry, size, dataset.labels(entry)


def _in_order(dataset: Dataset) -> list[str]:
    """The splits of a dataset, whose files may name them in any order."""
    return sorted(dataset.splits, key=(*SPLITS, UNSPLIT).index)


def _class(dataset: Dataset, numbers: _Numbers, class_id: int) -> ClassStats:
    name = dataset.names[class_id] if 0 <= class_id < len(dataset.names) else ""
    side = Spread.of(numbers.sides.get(class_id, ()))
    splits = {split: numbers.in_splits[class_id, split] for split in _in_order(dataset)}
    return ClassStats(class_id, name, numbers.images[class_id], numbers.boxes[class_id], side, splits)


def _shapes(numbers: _Numbers) -> Boxes:
    return Boxes(
        width=Spread.of(numbers.widths),
        height=Spread.of(numbers.heights),
        aspect=Spread.of(numbers.aspects),
        area=Spread.of(numbers.areas),
        center_x=Spread.of(numbers.xs),
        center_y=Spread.of(numbers.ys),
        sizes={name: numbers.sizes[number] for number, name in enumerate(SIZES)} if numbers.widths else None,
        centers=tuple(tuple(numbers.centers[row * GRID + column] for column in range(GRID)) for row in range(GRID)),
    )
