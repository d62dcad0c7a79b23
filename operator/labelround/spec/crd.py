"""The CustomResourceDefinition, as this installation carries it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

CRD_NAME = "labelingrounds.yaml"


def crd_text() -> str:
    """The YAML of the CustomResourceDefinition: packaged in a wheel, the repository's own file otherwise."""
    packaged = resources.files("labelround").joinpath("crds", CRD_NAME)
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parents[3] / "crds" / CRD_NAME).read_text("utf-8")
