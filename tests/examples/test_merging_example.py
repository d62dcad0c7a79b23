"""The commands of the page on merging, run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "merging.md").read_text(encoding="utf-8")


def commands() -> list[tuple[str, str]]:
    """Each command of the page with what it prints, as far as that is shown."""
    (block,) = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [(command, shown) for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]


def masked(text: str) -> str:
    """Without what differs from run to run: where it runs, and the names of attempts."""
    return re.sub(r"(versions/\d{6})-[0-9a-f]{8}", r"\1", re.sub(r"/\S*(?=/pens/versions)", "", text))


def test_the_page_on_merging_shows_what_its_commands_print(tmp_path: Path) -> None:
    """On stdout and then on stderr; what is not shown is not compared."""
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    program = Path(sys.executable).parent

    for command, shown in commands():
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={"PATH": f"{program}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )

        assert ended.returncode == 0, ended.stderr
        assert not shown or masked(ended.stdout + ended.stderr) == masked(shown)
    assert len(commands()) == 6
