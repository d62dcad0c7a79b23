"""What people install is complete, and nothing but the package."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the tree at hand."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=REPOSITORY, check=True
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Modules, the worker page, the marker for type checkers, the definition, the rights, the licence; no tests."""
    package = REPOSITORY / "operator" / "labelround"
    page = [path for path in (package / "server" / "static").rglob("*") if path.is_file()]
    files = {f"labelround/{path.relative_to(package).as_posix()}" for path in [*package.rglob("*.py"), *page]}

    names = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert len(page) > 10
    assert files | {"labelround/py.typed"} <= names
    assert all(name.startswith("labelround/") for name in names)
    assert {"labelround/crds/labelingrounds.yaml", "labelround/deploy/rbac.yaml"} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_the_wheel_runs_without_the_repository(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Unpacked elsewhere, it prints the CustomResourceDefinition that it carries."""
    wheel.extractall(tmp_path)

    ended = subprocess.run(
        [sys.executable, "-c", "from labelround.cli.main import main; main(['crd'])"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.rstrip() == (REPOSITORY / "crds" / "labelingrounds.yaml").read_text(encoding="utf-8").rstrip()
