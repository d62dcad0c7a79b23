"""The manifests of a conversion."""

from __future__ import annotations

from dataclasses import dataclass

from labelround.storage import Location


@dataclass(frozen=True)
class ManifestSource:
    """One manifest to read. `name` is what messages call it: its path or S3 address.

    `attribute` is the label attribute; None when the manifest holds a single one of bounding boxes. Sources of one
    `group` label the same classes, and of several `attempt`s the latest that labeled an image wins; without a group
    every distinct attribute is one. `job` is the labeling job that wrote an output manifest.
    """

    location: Location
    name: str
    attribute: str | None = None
    group: int | None = None
    attempt: int = 0
    job: str = ""
