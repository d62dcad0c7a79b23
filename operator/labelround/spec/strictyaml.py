"""YAML read strictly: plain types only, and nothing lost in silence."""

from __future__ import annotations

from typing import Any

import yaml

from labelround.errors import Problem


def read_yaml(text: str, name: str) -> tuple[list[Any], list[Problem]]:
    """All documents, and what is wrong with the file; `name` is what problems call it.

    A text that is not YAML has no documents. A key that stands twice in one mapping is a problem, too.
    """
    documents = []
    try:
        loader = _StrictLoader(text)
        while loader.check_data():  # type: ignore[no-untyped-call] # untyped in types-PyYAML
            documents.append(loader.get_data())
    except yaml.YAMLError as error:
        return [], [_syntax_problem(error, text, name)]
    except (ValueError, OverflowError, RecursionError) as error:
        return [], [Problem(name, f"holds a value that YAML cannot read ({error})", "quote it")]
    repeated = [
        Problem(f"{name}:{line}", f"the key {key!r} stands twice in one mapping", "remove one")
        for line, key in loader.repeated
    ]
    return documents, repeated


def _syntax_problem(error: yaml.YAMLError, text: str, name: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Problem(f"{name}:{line}", f"holds a character that YAML does not allow ({error.reason})", "remove it")
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        line = error.problem_mark.line + 1
        return Problem(f"{name}:{line}", f"is not YAML: {error.problem}", "correct the line")
    return Problem(name, f"is not YAML: {error}")


class _StrictLoader(yaml.SafeLoader):
    """YAML's plain types only; notes keys that stand twice in one mapping, which YAML forbids and PyYAML accepts."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[tuple[int, str]] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    self.repeated.append((key.start_mark.line + 1, key.value))
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)
