"""What the pages about datasets and bad input claim."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.dataset.manifests import World, line, plan_of

from labelround.dataset.convert import convert
from labelround.dataset.counts import Drop
from labelround.spec.model import OutputFormat
from labelround.storage import Folder, local_bucket

REPOSITORY = Path(__file__).parents[2]
FORMAT = (REPOSITORY / "docs" / "dataset-format.md").read_text(encoding="utf-8")
BAD_INPUT = (REPOSITORY / "docs" / "bad-input.md").read_text(encoding="utf-8")
KEYS = ["a.jpg", "a.png", "b c/d'e\".jpg", "back\\slash.jpg", "-n.jpg", "100%.jpg", "한.jpg"]


def test_the_digest_is_what_the_page_says(tmp_path: Path) -> None:
    """Its commands, run in a dataset on disk, end with the digest of the report."""
    world = World()
    entries = [line(key, ("pen", 10, 10, 20, 20)) for key in KEYS]
    plan = plan_of(world.source(entries), output_format=OutputFormat.DARKNET)
    report = convert(plan, Folder(local_bucket(tmp_path)), world.buckets)
    (commands,) = re.findall(r"^```\n(\(python3.*?)```$", FORMAT, re.DOTALL | re.MULTILINE)

    printed = subprocess.run(["bash", "-c", commands], cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    assert printed == f"{report.digest}  -\n"


def test_every_reason_to_drop_a_box_is_explained() -> None:
    """And no other."""
    (listed,) = re.findall(r"reasons are (.*?)\. *\n", FORMAT, re.DOTALL)

    assert re.findall(r"`(\w+)`", listed) == [drop.value for drop in Drop]


def test_every_message_on_the_page_is_one_of_the_programs() -> None:
    """Its constant words stand in the source."""
    package = REPOSITORY / "operator" / "labelround"
    files = [
        *(package / "dataset").glob("*.py"),
        *(package / "cli").glob("convert.py"),
        *(package / "storage").glob("*.py"),
    ]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files)
    rows = re.findall(r"^\| (`.*?`) \|", BAD_INPUT, re.MULTILINE)

    constant = [part for row in rows for message in re.findall(r"`([^`]+)`", row) for part in words_of(message)]

    assert len(constant) > 20
    assert [part for part in constant if part not in source] == []


def words_of(message: str) -> list[str]:
    """The parts of a message that are the same in every case."""
    changing = (
        r" ?\(.*?\)|fruit|pens, adjusted|'pen',? ?|but pens|s3://\.\.\.|\d+ is|something other than line 1|\.\.\.;|"
    )
    changing += r"annotations.*?: |100,000 characters|, got a text|expected a number"
    return [part.strip(" ,;") for part in re.split(changing, message) if len(part.strip(" ,;")) > 3]
