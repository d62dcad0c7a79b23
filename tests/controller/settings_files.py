"""Files of settings to load, and what the loader says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from labelround.controller.settings import OperatorSettings, load_settings
from labelround.errors import InvalidInput

POD = {"POD_NAMESPACE": "labelround", "POD_NAME": "labelround-0"}
TEAM = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/team"


def shortest(**changes: Any) -> dict[str, Any]:
    """The shortest file, with changes."""
    rule = {
        "namespaces": ["team-a"],
        "backend": "aws",
        "buckets": [{"name": "pictures", "prefixes": ["team-a"]}],
        "executionRoleARN": "arn:aws:iam::123456789012:role/execution",
        "workteamARNs": [TEAM],
    }
    return {
        "clusterName": "east",
        "conversion": {"image": "labelround:1"},
        "policy": {"backends": [{"name": "aws", "region": "us-east-1"}], "rules": [rule]},
    } | changes


def with_rule(**changes: Any) -> dict[str, Any]:
    """The shortest file whose rule has these fields; None takes one away."""
    document = shortest()
    rule = document["policy"]["rules"][0] | changes
    document["policy"]["rules"] = [{name: value for name, value in rule.items() if value is not None}]
    return document


def with_backend(**changes: Any) -> dict[str, Any]:
    """The shortest file whose backend has these fields."""
    document = shortest()
    document["policy"]["backends"][0] |= changes
    return document


def load(folder: Path, document: Any, **environ: str) -> OperatorSettings:
    """The settings in a document, or a text, as config.yaml in the folder."""
    file = folder / "config.yaml"
    file.write_text(document if isinstance(document, str) else yaml.safe_dump(document, allow_unicode=True), "utf-8")
    return load_settings(POD | environ, file)


def refusal(folder: Path, document: Any, **environ: str) -> list[str]:
    """What a document is told, line by line."""
    with pytest.raises(InvalidInput) as caught:
        load(folder, document, **environ)
    return [str(problem) for problem in caught.value.problems]
