#!/usr/bin/env python3
"""`chart.py [--check]`: writes what of the chart follows from elsewhere, or says what is not as it would be written.

README.md has a table of all values, made from the comments in values.yaml. values.schema.json takes the operator's own
settings from the code that reads them; the rest of it is written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

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
from labelround.spec.names import BUILT_IN_LAMBDA_ACCOUNTS

CHART = Path(__file__).parents[1] / "charts" / "labelround"
TABLE = re.compile(r"(?<=<!-- values -->\n).*?(?=<!-- end -->)", re.DOTALL)
OWN_SETTINGS = {"clusterName", "watch", "conversion", "policy", "http"}
"""Values of their own, or the chart's business."""
OWN_LEASE = {"name", "namespace"}
OWN_CONVERSION = {"image", "imagePullPolicy"}
Schema = dict[str, Any]


def main() -> int:
    stale = []
    for name, made in (("README.md", readme()), ("values.schema.json", schema())):
        file = CHART / name
        if file.read_text("utf-8") != made:
            stale.append(name)
            if "--check" not in sys.argv:
                file.write_text(made, "utf-8")
    if stale and "--check" in sys.argv:
        sys.stderr.write(f"not as they would be written: {', '.join(stale)}; run make chart\n")
        return 1
    return 0


def readme() -> str:
    """The README with the table of values as values.yaml has it."""
    text = (CHART / "values.yaml").read_text("utf-8")
    rows = [f"| `{path}` | {_default(path, text)} | {meaning} |\n" for path, meaning in _described(text)]
    table = "".join(["| Value | Default | Meaning |\n", "| --- | --- | --- |\n", *rows])
    return TABLE.sub(lambda _: table, (CHART / "README.md").read_text("utf-8"))


def _described(text: str) -> Iterator[tuple[str, str]]:
    """The path of each value that has a comment, and the comment."""
    path: list[tuple[int, str]] = []
    meaning = ""
    for line in text.splitlines():
        if comment := re.match(r" *# (-- )?(.*)", line):
            meaning = comment[2] if comment[1] else f"{meaning} {comment[2]}" if meaning else ""
        elif key := re.match(r"( *)([A-Za-z_]\w*):", line):
            path = [each for each in path if each[0] < len(key[1])] + [(len(key[1]), key[2])]
            if meaning:
                yield ".".join(name for _, name in path), meaning
            meaning = ""


def _default(path: str, text: str) -> str:
    value = yaml.safe_load(text)
    for name in path.split("."):
        value = value[name]
    return "" if value == "" else f"`{json.dumps(value)}`"


def schema() -> str:
    """The schema with the operator's settings as the code has them."""
    file = CHART / "values.schema.json"
    made = json.loads(file.read_text("utf-8"))
    fields = {name: _schema(field) for name, field in SETTINGS.fields.items()}
    conversion, policy = (fields[name]["properties"] for name in ("conversion", "policy"))
    for name in OWN_CONVERSION:
        del conversion[name]
    made["properties"]["conversion"]["properties"] = {"image": {"$ref": "#/definitions/conversionImage"}, **conversion}
    for items in policy.values():
        items["minItems"] = 0  # templates/checks.yaml tells it
    made["properties"]["policy"]["properties"] = policy
    for name in OWN_LEASE:
        del fields["lease"]["properties"][name]
    settings = {name: field for name, field in fields.items() if name not in OWN_SETTINGS}
    made["properties"]["server"]["properties"]["region"] = {"enum": list(BUILT_IN_LAMBDA_ACCOUNTS)}
    made["definitions"]["settings"] = {"type": "object", "additionalProperties": False, "properties": settings}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _schema(field: Field) -> Schema:
    match field:
        case Whole() | Optional():
            return _schema(field.field)
        case Text():
            return {"type": "string", "minLength": field.min_length, "maxLength": field.max_length}
        case Integer():
            return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
        case Number():
            return {"type": "number", "minimum": field.minimum, "maximum": field.maximum}
        case Boolean():
            return {"type": "boolean"}
        case Choice():
            return {"enum": list(field.values)}
        case IntegerOrText():
            return {"type": ["integer", "string"]}
        case Items():
            limits = {"minItems": field.min_items, "maxItems": field.max_items, "uniqueItems": field.unique}
            return {"type": "array", "items": _schema(field.item), **limits}
        case TextMap():
            return {"type": "object", "additionalProperties": _schema(field.value), "maxProperties": field.max_items}
        case Section():
            return _section(field.fields, field.required)
    raise AssertionError(field)


def _section(fields: Mapping[str, Field], required: tuple[str, ...]) -> Schema:
    made: Schema = {"type": "object", "additionalProperties": False}
    made["properties"] = {name: _schema(field) for name, field in fields.items()}
    return made | ({"required": list(required)} if required else {})


if __name__ == "__main__":
    sys.exit(main())
