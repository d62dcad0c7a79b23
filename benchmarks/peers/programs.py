"""The programs that convert, each with its own Python, and how they are called."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.peers.result import BLOG, DATUMARO, LABEL_STUDIO, LABELROUND, PROTOTYPE
from benchmarks.peers.scene import ATTRIBUTE, BUCKET, LABELS, ROUND, Scene
from benchmarks.timing import REPOSITORY
from labelround import __version__
from labelround.cli.convert import INCOMPLETE_EXIT_CODE

HERE = Path(__file__).parent
BLOG_OUTPUT = "yolo_annot_files"
BLOG_COMMIT = "8e4f4583"
Command: TypeAlias = Sequence[str | Path]
_VERSION_OF = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True)
class Program:
    """One program. It works in a folder of its own; `output` is where its label files are then.

    It ends with 0, or with `code`.
    """

    name: str
    version: str
    command: Command
    output: Path
    code: int = 0


def own(scene: Scene, output: Path) -> list[Program]:
    """labelround and the prototype."""
    labels, folder = ",".join(LABELS), output / PROTOTYPE
    convert: Command = [
        sys.executable, "-m", "labelround", "convert", scene.manifest, "--labels", labels, "--output",
        output / LABELROUND, "--no-check-images",
    ]  # fmt: skip
    straight: Command = [sys.executable, REPOSITORY / "benchmarks" / "prototype.py", scene.manifest, labels, folder]
    return [
        Program(LABELROUND, __version__, convert, output / LABELROUND / "labels", INCOMPLETE_EXIT_CODE),
        Program(PROTOTYPE, "", straight, folder / "labels"),
    ]


def peers(scene: Scene, output: Path, names: Sequence[str]) -> list[Program]:
    """Those of the others that are named, in their own environments, which are made at their first use."""
    made = {
        BLOG: lambda: _blog(scene, output),
        LABEL_STUDIO: lambda: _label_studio(scene, output),
        DATUMARO: lambda: _datumaro(scene, output),
    }
    return [made[name]() for name in names]


def _blog(scene: Scene, output: Path) -> Program:
    python, folder = _python(BLOG), f"{BLOG_OUTPUT}-{output.name}"
    command: Command = [python, HERE / "run_blog.py", scene.s3, BUCKET, ROUND, ATTRIBUTE, folder]
    version = f"{BLOG_COMMIT}, pandas {_version(python, 'pandas')}"
    return Program(BLOG, version, command, scene.s3 / BUCKET / ROUND / folder)


def _label_studio(scene: Scene, output: Path) -> Program:
    python, folder = _python(LABEL_STUDIO), output / LABEL_STUDIO
    command: Command = [python, HERE / "run_label_studio.py", scene.tasks, scene.config, folder]
    return Program(LABEL_STUDIO, _version(python, "label-studio-sdk"), command, folder / "labels")


def _datumaro(scene: Scene, output: Path) -> Program:
    python, folder = _python(DATUMARO), output / DATUMARO
    command: Command = [python, HERE / "run_datumaro.py", scene.coco, folder]
    return Program(DATUMARO, _version(python, "datumaro"), command, folder / "obj_train_data")


def _python(name: str) -> str:
    """The Python of a peer's environment."""
    script = REPOSITORY / "scripts" / "oracle.sh"
    return subprocess.run([script, name], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]


def _version(python: str, package: str) -> str:
    ended = subprocess.run([python, "-c", _VERSION_OF, package], check=True, stdout=subprocess.PIPE, text=True)
    return ended.stdout.strip()
