"""What docs/quality.md claims."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labelround.cli.main import cli
from labelround.dataset.quality.suspicion import FULL_IMAGE, LIMITS, Suspicion

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "quality.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's dataset, converted from its answers."""
    folder = tmp_path_factory.mktemp("demo") / "dataset"
    pens = REPOSITORY / "examples" / "pens"
    arguments = ["convert", pens / "answers.manifest", "--labels", "pencil,pen", "--output", folder]
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return folder


def test_the_example_prints_what_the_page_shows(demo: Path) -> None:
    """But for the folder, and for the lines that only a round in whole has."""
    (shown,) = re.findall(
        r"^\$ .venv/bin/labelround stats \S+ (--huge 0.2) \| tail -n \+2\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
    )

    printed = CliRunner().invoke(cli, ["stats", str(demo), *shown[0].split()]).stdout

    assert printed.splitlines()[1:] == shown[1].splitlines()


def test_the_demo_has_the_leaks_that_the_page_tells(demo: Path, tmp_path: Path) -> None:
    """None, of all its pictures."""
    (shown,) = re.findall(
        r"^\$ .venv/bin/labelround stats \S+ --root demo (--leaks near) \| tail -1\n(.*?)^```$",
        PAGE,
        re.DOTALL | re.MULTILINE,
    )
    bucket = REPOSITORY / "examples" / "pens" / "pictures"
    images = tmp_path / "pens" / "bounding_box" / "images"
    images.parent.mkdir(parents=True)
    images.symlink_to(bucket)

    printed = CliRunner().invoke(cli, ["stats", str(demo), "--root", str(tmp_path), *shown[0].split()]).stdout

    assert printed.splitlines()[-1] == shown[1].strip()


def test_every_kind_is_explained_with_its_limit() -> None:
    """And no other."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (?:`(--\w+)`)? ?\|$", PAGE, re.MULTILINE)
    limits = {"--tiny": LIMITS.tiny, "--huge": LIMITS.huge, "--overlap": LIMITS.overlap, "": FULL_IMAGE}

    assert [kind for kind, _, _ in rows] == [kind.value for kind in Suspicion]
    assert [option for _, text, option in rows if str(limits[option]) not in text] == []


def test_the_command_loads_no_data_frames() -> None:
    """`stats` is quick to begin."""
    program = "import labelround.cli.stats, sys; print({'pandas', 'numpy', 'PIL'} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout

    assert loaded == "set()\n"
