"""Every reason that the code gives to a condition or to a command, read from the source."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "operator" / "labelround"
TAKEN_FROM_A_DECISION = "decision.reason.value"


def given_reasons(error: str, position: int) -> dict[str, set[str]]:
    """The reasons with which errors of this class are made, and the modules that do it."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(("labelround", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        for argument in _arguments(ast.parse(path.read_text(encoding="utf-8")), error, position):
            if ast.unparse(argument) != TAKEN_FROM_A_DECISION:
                found.setdefault(_value(argument, module), set()).add(module)
    return found


def _arguments(tree: ast.Module, error: str, position: int) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == error:
            yield from node.args[position : position + 1]
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "reason")


def _value(argument: ast.expr, module: str) -> str:
    """A word, or a name that the module knows. Anything else cannot be documented: it fails here."""
    names = vars(importlib.import_module(module)) if not isinstance(argument, ast.Constant) else {}
    return str(eval(compile(ast.Expression(argument), module, "eval"), dict(names)))  # noqa: S307 our own source
