"""The notebook runs from its first cell to its last, and says what it says in the repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

REPOSITORY = Path(__file__).parents[2]
PENS = REPOSITORY / "examples" / "pens"
NOTEBOOK = REPOSITORY / "examples" / "notebook" / "pens.ipynb"
CELL_SECONDS = 120


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder like the repository after `make demo`."""
    images = tmp_path / "demo" / "pens" / "bounding_box" / "images"
    images.parent.mkdir(parents=True)
    images.symlink_to(PENS / "pictures")
    (tmp_path / "examples").symlink_to(REPOSITORY / "examples")
    round: list[str | Path] = [
        "-f",
        PENS / "round.yaml",
        "--root",
        tmp_path / "demo",
        "--answers",
        PENS / "answers.manifest",
    ]
    subprocess.run([sys.executable, "-m", "labelround", "run", *round], check=True, capture_output=True)
    return tmp_path


def words(notebook: Any) -> list[str]:
    """What the cells print and show, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return [output.get("text") or output["data"]["text/plain"] for output in outputs]


def test_the_notebook_runs_and_shows_what_it_shows_here(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a kernel of its own, as Jupyter runs it. LABELROUND_WRITE_GOLDEN=1 writes what it shows into the file."""
    monkeypatch.setenv("IPYTHONDIR", str(checkout / "ipython"))
    monkeypatch.setenv("PYTHONPATH", "")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    committed = words(notebook)
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, record_timing=False, resources={"metadata": {"path": str(checkout)}}
    )

    client.execute()

    if os.environ.get("LABELROUND_WRITE_GOLDEN") == "1":
        notebook.metadata.language_info = {"name": "python"}
        nbformat.write(notebook, NOTEBOOK)
        committed = words(notebook)
    assert words(notebook) == committed
    assert len(committed) == 6
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))


def test_the_notebook_holds_no_trace_of_the_machine_that_ran_it() -> None:
    """No times, no versions, no paths: only what the cells say."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)

    nbformat.validate(notebook)

    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert all(cell.metadata == {} for cell in notebook.cells)
    assert not any(str(Path.home()) in text for text in words(notebook))
