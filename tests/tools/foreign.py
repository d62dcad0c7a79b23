"""Datasets of others, opened as any is, and their boxes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.tools import picture_files

from labelround.dataset.existing import Dataset, dataset_folder, open_dataset
from labelround.storage import MemoryBuckets

PLAIN = picture_files.jpeg(picture_files.raster(40, 20))


def dataset_of(folder: Path, texts: Mapping[str, str], picture: str = "") -> Dataset:
    """The dataset in a folder with these files, and with a plain picture at the path `picture`."""
    contents = {path: text.encode() for path, text in texts.items()} | ({picture: PLAIN} if picture else {})
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return open_dataset(dataset_folder(str(folder), MemoryBuckets()))


def boxes(opened: Dataset) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    """The class and the box of each picture."""
    return {
        entry.image_file: [(opened.names[row.class_id], row.box) for row in labels.rows]
        for entry in opened.listed()
        if (labels := opened.labels(entry)) is not None
    }
