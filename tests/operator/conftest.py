"""Worlds for the operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.access import ControlPlane
from tests.operator.world import World
from tests.servers.s3 import S3Server

NewWorld = Callable[..., World]


@pytest.fixture
def new_world(
    control_plane: ControlPlane, namespace: str, minio_server: S3Server, tmp_path: Path
) -> Iterator[NewWorld]:
    """Makes the world of a test, with the options of `World`."""
    with ExitStack() as stack:

        def make(**options: Any) -> World:
            return stack.enter_context(World(control_plane, namespace, minio_server, tmp_path, **options))

        yield make


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """Five pictures, and workers who know at once what is on them."""
    return new_world()
