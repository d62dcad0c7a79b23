"""The core stays light, and so does the command line's help: proven in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
HEAVY = {"boto3", "botocore", "kopf", "kubernetes", "pandas", "numpy", "s3fs", "sqlalchemy", "starlette", "uvicorn"}
UNUSED_BY_HELP = HEAVY | {"PIL", "msgspec", "obstore", "rich", "yaml", "labelround.storage", "labelround.spec"}


def core_modules() -> list[str]:
    """The modules that the import contract calls the core: the list lives there alone."""
    config = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    (core,) = (contract for contract in contracts if contract["id"] == "core")
    modules: list[str] = core["source_modules"]
    return modules


def loaded_by(code: str) -> set[str]:
    """The names of all modules loaded after running `code` in a fresh interpreter."""
    tell = "import json, sys; json.dump(sorted(sys.modules), sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", f"{code}\n{tell}"], capture_output=True, text=True, check=True)
    return set(json.loads(ended.stderr))


def test_the_core_loads_no_client_no_cluster_and_no_data_frames() -> None:
    """Every module of the core, with all below it, comes up without boto3, kopf, kubernetes and pandas."""
    walk = """
import importlib, pkgutil
for name in {names!r}:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        importlib.import_module(found.name)
"""

    loaded = loaded_by(walk.format(names=core_modules()))

    assert set(core_modules()) <= loaded
    assert not loaded & HEAVY


def test_help_loads_nothing_that_it_does_not_need() -> None:
    """`labelround --help` is quick because no command's module, and no library but click, is loaded for it."""
    code = """
import contextlib, io
from labelround.cli.main import main
with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.suppress(SystemExit):
    main(["--help"])
assert "Commands:" in text.getvalue()
"""

    loaded = loaded_by(code)

    assert not loaded & UNUSED_BY_HELP
    assert {name for name in loaded if name.startswith("labelround.cli.")} == {"labelround.cli.main"}


def test_import_labelround_alone_loads_no_library() -> None:
    """Asking for the version, or for the package's public names, costs nothing until they are used."""
    loaded = loaded_by("import labelround; labelround.__version__")

    assert not loaded & (UNUSED_BY_HELP | {"click"})


def test_the_contracts_of_import_linter_hold() -> None:
    """Layers, pure core, independent server: as pyproject.toml states them."""
    lint = Path(sys.executable).with_name("lint-imports")

    ended = subprocess.run([lint, "--no-logo", "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True)

    assert ended.returncode == 0, ended.stdout
