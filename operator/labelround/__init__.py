"""labelround turns a bucket of pictures into a YOLO dataset that trains, with people drawing the boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelround.annotations import merge, read_annotations
    from labelround.reading import ConvertedDataset, DeclaredRound, read_dataset, read_round
    from labelround.samples import LabeledBox, Sample, Samples, load
    from labelround.storage import LocalBuckets, S3Buckets

__version__ = "0.1.0"

__all__ = [
    "ConvertedDataset",
    "DeclaredRound",
    "LabeledBox",
    "LocalBuckets",
    "S3Buckets",
    "Sample",
    "Samples",
    "__version__",
    "load",
    "merge",
    "read_annotations",
    "read_dataset",
    "read_round",
]

_HOMES = {
    "annotations": ("merge", "read_annotations"),
    "reading": ("ConvertedDataset", "DeclaredRound", "read_dataset", "read_round"),
    "samples": ("LabeledBox", "Sample", "Samples", "load"),
    "storage": ("LocalBuckets", "S3Buckets"),
}
"""The public names of each module, which is imported when one of them is first asked for."""


def __getattr__(name: str) -> object:
    """Import a public name, and with it obstore or pandas, when it is first asked for."""
    for module, names in _HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """What a notebook completes, whether it has been imported or not."""
    return sorted({*globals(), *__all__})
