"""docs/configuration.md describes every setting as the code has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from tests.controller.settings_files import load

from labelround.controller.rules import Backend
from labelround.controller.settings_environment import settings_of
from labelround.controller.settings_fields import SETTINGS, Whole
from labelround.spec.fields import (
    Boolean,
    Choice,
    Field,
    Integer,
    IntegerOrText,
    Items,
    Number,
    Optional,
    Section,
    Text,
    TextMap,
)

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
WORDS = 4


@dataclass(frozen=True)
class Row:
    """One line of a table, but for what the setting means."""

    path: str
    required: bool
    takes: str
    default: str
    variable: str


def described(section: Section, path: str = "") -> Iterator[Row]:
    """A row for every field that holds a value, in the order of the schema."""
    for name, field in section.fields.items():
        where = f"{path}.{name}" if path else name
        inner = field.field if isinstance(field, Whole | Optional) else field
        below = f"{where}[]" if isinstance(inner, Items) else where
        inner = inner.item if isinstance(inner, Items) and isinstance(inner.item, Section) else inner
        if isinstance(inner, Section) and not amounts(inner):
            yield from described(inner, below)
        else:
            yield Row(where, name in section.required, takes(inner), default(inner), VARIABLES.get(where, ""))


VARIABLES = {setting.name: setting.variable for setting in settings_of(SETTINGS)}


def amounts(field: Field) -> list[str]:
    """The resources that a section takes amounts of; none for another field."""
    fields = field.fields if isinstance(field, Section) else {}
    return [name for name, inner in fields.items() if isinstance(inner, IntegerOrText)]


def takes(field: Field) -> str:
    match field:
        case Integer() | Number():
            return f"{field.minimum:g} to {field.maximum:,.0f}"
        case Boolean():
            return "true, false"
        case Choice() if len(field.values) <= WORDS:
            return ", ".join(field.values)
        case Choice() | Text():
            return "text"
        case Section():
            return ", ".join(amounts(field))
        case Items():
            return f"list of {takes(field.item)}"
        case TextMap():
            return f"map to {takes(field.value)}"
    raise AssertionError(field)


def default(field: Field) -> str:
    if field.default in (None, "", (), {}) or amounts(field):
        return ""
    return json.dumps(field.default).strip('"').removesuffix(".0")


def documented() -> list[Row]:
    """The rows of the document's tables."""
    rows = []
    for line in DOCUMENT.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 5 and re.match(r"\**`", cells[0]):
            path, taken, standard, variable = (cell.replace("`", "") for cell in cells[:4])
            rows.append(Row(path.strip("*"), path.startswith("**"), taken, standard, variable))
    return rows


def test_the_document_describes_every_setting() -> None:
    """Its name, what it takes, its default and its variable."""
    expected = list(described(SETTINGS))

    rows = documented()

    assert rows == expected


def test_every_setting_has_a_meaning() -> None:
    """In a sentence at least."""
    tables = [line for line in DOCUMENT.read_text("utf-8").splitlines() if re.match(r"\| \**`", line)]

    meanings = [line.strip("| ").split(" | ")[-1] for line in tables]

    assert [meaning for meaning in meanings if not re.match(r"[A-Z0-9`].*\.$", meaning)] == []


def test_the_shortest_file_of_the_document_loads(tmp_path: Path) -> None:
    """Whoever copies it can begin."""
    example = DOCUMENT.read_text("utf-8").split("```yaml\n")[1].split("```")[0]

    settings = load(tmp_path, example)

    assert settings.policy.backends == {"aws": Backend("aws", "us-east-1")}


def test_the_pod_of_the_document_tells_where_it_is() -> None:
    """The two variables that no file can know."""
    example = DOCUMENT.read_text("utf-8").split("```yaml\n")[2].split("```")[0]

    variables = {each["name"]: each["valueFrom"]["fieldRef"]["fieldPath"] for each in yaml.safe_load(example)["env"]}

    assert variables == {"POD_NAMESPACE": "metadata.namespace", "POD_NAME": "metadata.name"}
