"""One node and one installation for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chart.helm import Helm, built
from tests.cluster.fixtures import shown
from tests.e2e.installation import Installation
from tests.e2e.place import Place, build_images, some_place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A cluster with the images on its node."""
    folder = tmp_path_factory.mktemp("e2e")
    with some_place(folder) as place:
        with shown(request):
            for name, archive in build_images(folder).items():
                place.load(archive, name)
                archive.unlink()
        yield place


@pytest.fixture(scope="session")
def installation(
    request: pytest.FixtureRequest, place: Place, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """labelround by its chart, beside an S3 server; on a cluster that stays it is taken away again."""
    with shown(request):
        helm = Helm(built("helm.sh", "4"), tmp_path_factory.mktemp("helm"))
    installation = Installation(place, helm, tmp_path_factory.mktemp("installation"))
    installation.check_free()
    try:
        installation.prepare()
        installation.install()
        yield installation
    finally:
        installation.remove()
