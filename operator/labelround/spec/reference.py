"""The reference of the resource, made from its CustomResourceDefinition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_HEAD = """\
# The resource

{description}

`apiVersion: {group}/{version}`, `kind: {kind}`; kubectl knows it as `{plural}` or `{short}`. This page is made from the
CustomResourceDefinition by `labelround crd --markdown`. A field in **bold** is required. The shortest round:

```yaml
apiVersion: {group}/{version}
kind: {kind}
metadata:
  name: pens-1
spec:
  bucket: ground-truth-data-labeling
  imagesPrefix: bounding_box/images/
  labels: [pencil, pen]
  outputFormat: YOLO
```
"""


def reference(crd: Mapping[str, Any]) -> str:
    """Markdown with one table for each section of `spec` and `status`."""
    spec = crd["spec"]
    version = spec["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    head = _HEAD.format(
        description=schema["description"],
        group=spec["group"],
        version=version["name"],
        kind=spec["names"]["kind"],
        plural=spec["names"]["plural"],
        short=spec["names"]["shortNames"][0],
    )
    parts = [part for name in ("spec", "status") for part in _section(name, schema["properties"][name])]
    return "\n".join([head, *parts])


def _section(path: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """A heading, a table and the rules of the mapping `schema`, then the mappings inside it."""
    yield f"## {path}\n"
    if "description" in schema:
        yield f"{schema['description']}\n"
    yield from _table(schema, given=path.startswith("spec"))
    yield ""
    yield from _rules(schema)
    for name, field in schema["properties"].items():
        if "properties" in field:
            yield from _section(f"{path}.{name}", field)
        elif "properties" in field.get("items", {}):
            yield from _section(f"{path}.{name}[]", field["items"])


def _table(schema: Mapping[str, Any], *, given: bool) -> Iterator[str]:
    """The fields; defaults and ranges only for those that a person gives."""
    columns = ("Field", "Type", "Default", "Takes", "Meaning") if given else ("Field", "Type", "Meaning")
    yield _row(columns)
    yield _row("---" for _ in columns)
    for name, field in schema["properties"].items():
        shown = f"**{name}**" if name in schema.get("required", ()) else name
        meaning = re.sub(r"Example: (.+)$", r"Example: `\1`", field.get("description", ""))
        if given:
            yield _row((shown, _kind(field), _default(field), _range(field), meaning))
        else:
            yield _row((shown, _words(field) or _kind(field), meaning))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _rules(schema: Mapping[str, Any]) -> Iterator[str]:
    """What is refused: the messages of the validation rules, those of the fields included, each once."""
    refused: dict[str, list[str]] = {}
    for rule in schema.get("x-kubernetes-validations", ()):
        refused.setdefault(rule["message"], []).append(f"`{rule['fieldPath'][1:]}`")
    for name, field in schema["properties"].items():
        inner = field.get("items", field)
        if "properties" in inner:
            continue  # a section of its own
        for rule in (
            *field.get("x-kubernetes-validations", ()),
            *field.get("items", {}).get("x-kubernetes-validations", ()),
        ):
            refused.setdefault(rule["message"], []).append(f"`{name}`")
    if refused:
        yield "Refused, besides what the table says:\n"
        yield from (f"- {', '.join(names)}: {message}" for message, names in refused.items())
        yield ""


def _kind(field: Mapping[str, Any]) -> str:
    if field.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if field["type"] == "array":
        return f"list of {_kind(field['items'])}"
    if "additionalProperties" in field:
        return f"map to {_kind(field['additionalProperties'])}"
    return "mapping" if field["type"] == "object" else str(field["type"])


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    if default is None or default == {}:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _range(field: Mapping[str, Any]) -> str:
    """The values a field takes: a range, a length, or words."""
    if words := _words(field):
        return words
    bounds = (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
    )
    for low, high, unit in bounds:
        if high in field:
            return f"{field.get(low, 0)} to {field[high]}{unit}"
        if low in field:
            return f"{field[low]} or more{unit}"
    return ""


def _words(field: Mapping[str, Any]) -> str:
    return ", ".join(f"`{word}`" for word in field.get("enum", ()))
