"""Helm, in both of its versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chart.helm import Helm, built
from tests.cluster.fixtures import shown


@pytest.fixture(params=["3", "4"])
def helm(request: pytest.FixtureRequest, tmp_path: Path) -> Helm:
    """Every test that asks for it runs with each."""
    return _helm(request, request.param, tmp_path)


@pytest.fixture
def helm4(request: pytest.FixtureRequest, tmp_path: Path) -> Helm:
    """The newer one alone, where both have been shown to render the same."""
    return _helm(request, "4", tmp_path)


def _helm(request: pytest.FixtureRequest, version: str, home: Path) -> Helm:
    with shown(request):
        return Helm(built("helm.sh", version), home)
