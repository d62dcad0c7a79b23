"""What people type to install labelround can be resolved, with the pip of Debian 12 as with a new one."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
DEBIAN_12_PIP = "23.0.1"
LIMIT_SECONDS = 240


def extras() -> list[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = list(project["optional-dependencies"])
    return ["", *names, ",".join(names)]


@pytest.fixture(scope="module")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Debian 12's pip in an environment of its own."""
    environment = tmp_path_factory.mktemp("pip") / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    program = environment / "bin" / "pip"
    subprocess.run([program, "install", "--quiet", f"pip=={DEBIAN_12_PIP}"], check=True)
    return program


@pytest.mark.slow
@pytest.mark.parametrize("extra", extras(), ids=lambda extra: extra or "base")
def test_the_base_and_every_extra_resolve_with_debians_pip(pip: Path, extra: str) -> None:
    """In minutes, not hours: s3fs pins botocore so tightly that a loose bound on boto3 sends pip searching."""
    wanted = f"{REPOSITORY}[{extra}]" if extra else str(REPOSITORY)

    ended = subprocess.run(
        [pip, "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-", wanted],
        capture_output=True, text=True, timeout=LIMIT_SECONDS,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert '"name": "boto3"' in ended.stdout
