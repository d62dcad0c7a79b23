"""YAML files with LabelingRounds in them: one document or several, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labelround.errors import InvalidRound, Problem
from labelround.spec.strictyaml import read_yaml


def load_rounds(text: str, name: str) -> list[Mapping[str, Any]]:
    """The documents of a YAML file, unchecked; `name` is what errors call the file.

    Raises InvalidRound for text that is not YAML, for a key that stands twice in one mapping, for documents that
    are no mappings, and when there is none.
    """
    documents, problems = read_yaml(text, name)
    for number, document in enumerate(documents, 1):
        if document is not None and not isinstance(document, Mapping):
            problems.append(Problem(name, f"document {number} is not a mapping", "write a LabelingRound"))
    rounds = [document for document in documents if isinstance(document, Mapping)]
    if not rounds and not problems:
        problems.append(Problem(name, "holds no document", "write a LabelingRound; `labelround init` makes one"))
    if problems:
        raise InvalidRound(problems)
    return rounds
