"""A small validator of structural schemas, the CRD's validation rules in Python, and documents made from a schema.

It shares nothing with the parser, so that each can judge the other.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

CRD: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "crds" / "labelingrounds.yaml").read_text("utf-8"))
SPEC_SCHEMA: dict[str, Any] = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]

MINIMAL: dict[str, Any] = {
    "bucket": "pictures",
    "imagesPrefix": "bounding_box/images/",
    "labels": ["pencil", "pen"],
    "outputFormat": "YOLO",
}


ITEM = {"key": "batch", "effect": "NoExecute"}
"""What else a toleration must say for any one field to stand in it."""


def document(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A LabelingRound with this spec."""
    return {
        "apiVersion": "labelround.dev/v1alpha1",
        "kind": "LabelingRound",
        "metadata": {"name": "pens-1"},
        "spec": dict(spec),
    }


def _inside(spec: Mapping[str, Any], inner: str, outer: str, below: str = "") -> bool:
    """Whether the folder in field `inner`, if given, lies in the folder `below` the one in field `outer`."""
    if inner not in spec or outer not in {*spec, "prefix"}:
        return False
    return f"{spec[inner].rstrip('/')}/".startswith(f"{_folder(spec, outer)}{below}")


def _folder(spec: Mapping[str, Any], name: str) -> str:
    """A folder with its `/`; that of the round is by default the one that holds the images."""
    if name == "prefix" and name not in spec:
        above = f"/{spec['imagesPrefix'].rstrip('/')}".rpartition("/")[0]
        return f"{above}/".removeprefix("/")
    return f"{spec[name].rstrip('/')}/"


def _job(spec: Mapping[str, Any], name: str) -> str:
    return str(spec.get("labelingJob", {}).get(name, ""))


def _amount(quantity: int | str) -> Decimal:
    """How much a quantity is."""
    found = re.fullmatch(r"[+]?([0-9.]+)(?:[eE]([+-]?[0-9]+)|(.*))", str(quantity))
    assert found is not None
    unit = found[3] or ""
    power = {"": 0, "n": -3, "u": -2, "m": -1, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}[unit[:1]]
    return (
        Decimal(found[1]) * Decimal(1024 if unit.endswith("i") else 1000) ** power * Decimal(10) ** int(found[2] or 0)
    )


def _fits(resources: Mapping[str, Any], name: str) -> bool:
    """Whether as much of a resource as is requested is within the limit."""
    limit = resources.get("limits", {}).get(name)
    return limit is None or _amount(resources.get("requests", {}).get(name, 0)) <= _amount(limit)


_LABEL = re.compile(r"(?:([a-z0-9]([-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)/)?([\w.-]+)", re.ASCII)


def _is_label(key: str) -> bool:
    """Whether a key is that of a Kubernetes label."""
    found = _LABEL.fullmatch(key)
    return (
        found is not None and len(found[1] or "") <= 253 and len(found[4]) <= 63 and found[4].strip("-_.") == found[4]
    )


_DOTS = re.compile(r"(^|/)\.{1,2}(/|$)")
_TAG = re.compile("[x_.:/=+\\-@]*")

# The rules of the CRD by a part of their messages: whether a value passes.
RULES: dict[str, Callable[[Any], bool]] = {
    "holds a label twice": lambda spec: len(set(spec["labels"])) == len(spec["labels"]),
    "adopted labeling job cannot be followed": lambda spec: not _job(spec, "adopt") or spec.get("attempts", 1) == 1,
    "images to leave out with since": lambda spec: not _job(spec, "adopt") or "since" not in spec.get("dataset", {}),
    "has more than 50 labels": lambda spec: not _job(spec, "adopt") or len(spec["labels"]) <= 50,
    "more cpu": lambda resources: _fits(resources, "cpu"),
    "more memory": lambda resources: _fits(resources, "memory"),
    "more ephemeral-storage": lambda resources: _fits(resources, "ephemeral-storage"),
    "no Kubernetes label": lambda labels: all(map(_is_label, labels)),
    "domain of more than 253": lambda key: len(key.partition("/")[0]) <= 253 or "/" not in key,
    "means every taint": lambda one: bool(one.get("key")) or one.get("operator") == "Exists",
    "no meaning with operator": lambda one: not one.get("value") or one.get("operator") != "Exists",
    "no meaning without effect": lambda one: "tolerationSeconds" not in one or one.get("effect") == "NoExecute",
    "leaves no room": lambda spec: len(_job(spec, "labelAttributeName")) <= 124 or len(spec["labels"]) <= 50,
    "lies inside imagesPrefix; choose a folder outside, since": lambda spec: (
        not _inside(spec, "prefix", "imagesPrefix")
    ),
    "service writes; choose another prefix": lambda spec: (
        not _inside(spec, "imagesPrefix", "prefix", "ground_truth_annots/")
    ),
    "in prefix by default": lambda spec: (
        "outputPrefix" in spec or not _inside(spec, "imagesPrefix", "prefix", "yolo_annot_files/")
    ),
    "lies inside imagesPrefix; choose a folder outside": lambda spec: not _inside(spec, "outputPrefix", "imagesPrefix"),
    "holds imagesPrefix": lambda spec: not _inside(spec, "imagesPrefix", "outputPrefix"),
    "service writes; choose a folder outside": lambda spec: (
        not _inside(spec, "outputPrefix", "prefix", "ground_truth_annots/")
    ),
    "service writes; choose a folder beside it": lambda spec: (
        not (
            "outputPrefix" in spec
            and f"{_folder(spec, 'prefix')}ground_truth_annots/".startswith(_folder(spec, "outputPrefix"))
        )
    ),
    "is not a bucket name": lambda name: ".." not in name and not re.fullmatch(r"\d+(\.\d+){3}", name),
    "holds a . or .. folder": lambda key: not _DOTS.search(key),
    "more than 700 bytes": lambda key: len(key.encode()) <= 700,
    "more than 1,024 bytes": lambda key: len(key.encode()) <= 1024,
    "both kinds of quotes": lambda key: "'" not in key or '"' not in key,
    "names the public workforce": lambda workteam: "workteam/public-crowd" not in workteam,
    "is reserved by Ground Truth": lambda name: not name.endswith(("-metadata", "-ref")) and name != "source",
    "key that is empty": lambda tags: all(1 <= len(key) <= 128 for key in tags),
    "key with other characters": lambda tags: all(_TAG.fullmatch(_folded(key)) for key in tags),
    "key that starts with": lambda tags: not any(key.startswith(("labelround.dev/", "aws:")) for key in tags),
}


def rule(message: str) -> Callable[[Any], bool]:
    """The rule with this message. The longest part that fits is the one."""
    return RULES[max((part for part in RULES if part in message), key=len)]


def faults(value: Any, schema: Mapping[str, Any], path: str = "spec") -> list[str]:
    """The paths at which `value` does not fit `schema`; rules run on what fits alone, transition rules never."""
    found = list(_faults(value, schema, path))
    if not found:
        rules = [one for one in schema.get("x-kubernetes-validations", ()) if "oldSelf" not in one["rule"]]
        found = [path for one in rules if not rule(one["message"])(value)]
    return found


def _faults(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if not _is_of_type(value, schema):
        yield path
        return
    if isinstance(value, str):
        pattern = schema.get("pattern", "")
        fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
        if not fits or value not in schema.get("enum", [value]) or not matches(pattern, value):
            yield path
    elif isinstance(value, dict):
        yield from _mapping_faults(value, schema, path)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9):
            yield path
        for index, item in enumerate(value):
            yield from faults(item, schema["items"], f"{path}[{index}]")
    elif isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield path


def _mapping_faults(value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if "properties" in schema:
        yield from (f"{path}.{name}" for name in value if name not in schema["properties"])
    value = {name: content for name, content in value.items() if content is not None}
    if len(value) > schema.get("maxProperties", 10**9):
        yield path
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path}.{name}"
    for name, content in value.items():
        if "additionalProperties" in schema:
            yield from faults(content, schema["additionalProperties"], f"{path}[{name!r}]")
        elif name in schema["properties"]:
            yield from faults(content, schema["properties"][name], f"{path}.{name}")


def _is_of_type(value: Any, schema: Mapping[str, Any]) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return isinstance(value, int | str) and not isinstance(value, bool)
    if schema["type"] == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if schema["type"] == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    types: dict[str, type] = {"string": str, "boolean": bool, "object": dict, "array": list}
    return isinstance(value, types[schema["type"]])


def matches(pattern: str, text: str) -> bool:
    """Whether Go's regular expression matches; its character classes of Unicode are folded into one letter."""
    if not pattern:
        return True
    if r"\p{" in pattern:
        pattern, text = pattern.replace(r"\p{L}\p{Z}\p{N}", "x"), _folded(text)
    return re.fullmatch(pattern.removeprefix("^").removesuffix("$"), text) is not None


def _folded(text: str) -> str:
    return "".join("x" if unicodedata.category(character)[0] in "LZN" else character for character in text)


def leaves(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every field below `schema` by its path; `[]` stands for an item and `{}` for a value of a map."""
    for name, field in schema.get("properties", {}).items():
        here = (*path, name)
        yield here, field
        yield from leaves(field, here)
        if "items" in field:
            yield (*here, "[]"), field["items"]
            yield from leaves(field["items"], (*here, "[]"))
        if "additionalProperties" in field:
            yield (*here, "{}"), field["additionalProperties"]


def with_value(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The smallest spec that holds `value` at `path`."""
    spec: dict[str, Any] = copy.deepcopy(MINIMAL)
    place: Any = spec
    for step, following in zip(path, (*path[1:], None), strict=True):
        content = value if following is None else [] if following == "[]" else dict(ITEM) if step == "[]" else {}
        if step == "[]":
            place.append(content)
            place = place[-1]
        else:
            name = "key" if step == "{}" else step
            place[name] = content if following is None or not isinstance(place.get(name), dict) else place[name]
            place = place[name]
    return spec


def values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit `schema`, its rules aside."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return st.integers(0, 10**6) | st.sampled_from(["500m", "1Gi", "0.5", "1e3", "2"])
    if schema["type"] == "string":
        return _texts(schema)
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema["maximum"])
    if schema["type"] == "number":
        return st.floats(schema["minimum"], schema["maximum"]) | st.integers(schema["minimum"], schema["maximum"])
    if schema["type"] == "boolean":
        return st.booleans()
    if schema["type"] == "array":
        return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=4)
    if "additionalProperties" in schema:
        return st.dictionaries(
            st.text("abz./-", min_size=1, max_size=9), values(schema["additionalProperties"]), max_size=3
        )
    required = set(schema.get("required", ()))
    properties = {name: values(field) for name, field in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: properties[name] for name in required},
        optional={name: field for name, field in properties.items() if name not in required},
    )


def _texts(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    low, high = schema.get("minLength", 0), schema["maxLength"]
    pattern = schema.get("pattern", "").replace(r"\p{L}\p{Z}\p{N}", "a-zA-Z0-9é \u00a0設")
    if not pattern:
        return st.text(st.characters(exclude_categories=["Cs"]), min_size=low, max_size=min(high, 40))
    made = st.from_regex(pattern, fullmatch=True)
    return made.map(lambda text: text[:high]).filter(lambda text: len(text) >= low and matches(schema["pattern"], text))
