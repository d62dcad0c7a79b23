"""YAML files with LabelingRounds in them: one document or several, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from labelround.errors import InvalidRound, Problem


def load_rounds(text: str, name: str) -> list[Mapping[str, Any]]:
    """The documents of a YAML file, unchecked; `name` is what errors call the file.

    Raises InvalidRound for text that is not YAML, for a key that stands twice in one mapping, for documents that
    are no mappings, and when there is none.
    """
    documents, problems = _read(text, name)
    for number, document in enumerate(documents, 1):
        if document is not None and not isinstance(document, Mapping):
            problems.append(Problem(name, f"document {number} is not a mapping", "write a LabelingRound"))
    rounds = [document for document in documents if isinstance(document, Mapping)]
    if not rounds and not problems:
        problems.append(Problem(name, "holds no document", "write a LabelingRound; `labelround init` makes one"))
    if problems:
        raise InvalidRound(problems)
    return rounds


def _read(text: str, name: str) -> tuple[list[Any], list[Problem]]:
    """All documents and the repeated keys in them. Raises InvalidRound for what is not YAML."""
    documents = []
    try:
        loader = _StrictLoader(text)
        while loader.check_data():  # type: ignore[no-untyped-call] # untyped in types-PyYAML
            documents.append(loader.get_data())
    except yaml.YAMLError as error:
        raise InvalidRound([_syntax_problem(error, text, name)]) from error
    except (ValueError, OverflowError, RecursionError) as error:
        raise InvalidRound([Problem(name, f"holds a value that YAML cannot read ({error})", "quote it")]) from error
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
