"""The parser and the CustomResourceDefinition state the same resource."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.spec.structural import (
    ITEM,
    MINIMAL,
    RULES,
    SPEC_SCHEMA,
    document,
    faults,
    leaves,
    rule,
    values,
    with_value,
)

from labelround.errors import InvalidRound
from labelround.spec.fields import Boolean, Choice, Field, Integer, IntegerOrText, Items, Number, Section, Text, TextMap
from labelround.spec.parse import parse_round
from labelround.spec.schema import SPEC

# What only the parser can know: Python's regular expressions.
PARSER_ALONE = ("is not a regular expression",)

ODD_VALUES: list[Any] = [
    True, 0, -1, 7, 10**10, 0.5, "", " ", "x", "yes", "a b", "a/b", "/a", "a//b", "a/../b", "a/./b", "..", "a/", "a\n",
    "a\tb", "\u2028", "\x85", "é", "😀", "{{", "it's", "a'\"b", "-", "a-", "-a", "a--b", "A", "a_b", "x-ref", "source",
    "x-metadata", "source-ref", "1.2.3.4", "a..b", "ü" * 400, "x" * 10001, "yolo", "[", "Copy", "workteam/public-crowd",
    [], ["a"], ["a", "a"], [1], [None], {}, {"a": 1}, {"a": "b"}, {"aws:x": "y"}, {"": "x"}, {"a": None}, {"a": "{"},
]  # fmt: skip


def _problems(spec: dict[str, Any]) -> list[str]:
    try:
        parse_round(document(spec))
    except InvalidRound as error:
        return [str(problem) for problem in error.problems]
    return []


def _agree(spec: dict[str, Any]) -> None:
    """Both accept the spec, or both refuse it, or the parser has a reason that only it can have."""
    refused = faults(spec, SPEC_SCHEMA)
    problems = _problems(spec)
    alone = [problem for problem in problems if any(sign in problem for sign in PARSER_ALONE)]
    assert bool(refused) == bool(problems) or (alone == problems and not refused), (refused, problems)


def test_every_rule_of_the_crd_is_known_here() -> None:
    """No validation rule escapes the comparison, and none is left over."""
    messages = [
        one["message"]
        for _, field in [((), SPEC_SCHEMA), *leaves(SPEC_SCHEMA)]
        for one in field.get("x-kubernetes-validations", ())
        if "oldSelf" not in one["rule"]
    ]

    known = {id(rule(message)) for message in messages}

    assert known == {id(check) for check in RULES.values()}


def test_both_have_the_same_fields_with_the_same_bounds_and_defaults() -> None:
    """The parser's table, walked beside the schema, differs in nothing."""
    assert _shape(SPEC) == _schema_shape(SPEC_SCHEMA)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(values(SPEC_SCHEMA))
def test_they_judge_made_documents_alike(spec: dict[str, Any]) -> None:
    """Documents made from the schema are accepted by both, but for the rules between fields."""
    _agree(spec)


@pytest.mark.parametrize("path", [path for path, _ in leaves(SPEC_SCHEMA)], ids=".".join)
def test_they_judge_odd_values_alike(path: tuple[str, ...]) -> None:
    """Whatever stands in a field, of any type, is accepted by both or refused by both."""
    for value in ODD_VALUES:
        _agree(with_value(path, copy.deepcopy(value)))


def _bounds() -> list[tuple[str, dict[str, Any], bool]]:
    """Each bound of each field: a spec at it, which is fine, and one beyond it, which is not."""
    cases = []
    for path, field in leaves(SPEC_SCHEMA):
        name = ".".join(path)
        for bound, step in (("minimum", -1), ("maximum", 1)):
            if bound in field:
                cases.append((f"{name} at its {bound}", with_value(path, field[bound]), True))
                cases.append((f"{name} beyond its {bound}", with_value(path, field[bound] + step), False))
        if "maxLength" in field and "enum" not in field and "x-kubernetes-int-or-string" not in field:
            longest = _text_of(path, field["maxLength"])
            cases.append((f"{name} at its maxLength", with_value(path, longest), True))
            cases.append((f"{name} beyond its maxLength", with_value(path, longest + "a"), False))
        if field.get("minLength"):
            cases.append((f"{name} below its minLength", with_value(path, "a" * (field["minLength"] - 1)), False))
        if "maxItems" in field:
            item = dict(ITEM) if field["items"]["type"] == "object" else "a"
            most = [item if isinstance(item, dict) else f"{item}{index}" for index in range(field["maxItems"])]
            cases.append((f"{name} at its maxItems", with_value(path, most), True))
            cases.append(
                (f"{name} beyond its maxItems", with_value(path, [*most, item if item == ITEM else "z"]), False)
            )
        if "minItems" in field:
            cases.append((f"{name} below its minItems", with_value(path, []), False))
        if "maxProperties" in field:
            entries = {f"k{index}": "1" for index in range(field["maxProperties"])}
            cases.append((f"{name} at its maxProperties", with_value(path, entries), True))
            cases.append((f"{name} beyond its maxProperties", with_value(path, entries | {"more": "1"}), False))
    return cases


def _text_of(path: tuple[str, ...], length: int) -> str:
    """A text of this length that the field's pattern takes."""
    starts = {"workteam": "arn:aws:sagemaker:us-east-1:123456789012:workteam/", "key": f"{'a' * 253}/"}
    return starts.get(path[-1], "").ljust(length, "a")


@pytest.mark.parametrize(("spec", "fine"), [case[1:] for case in _bounds()], ids=[case[0] for case in _bounds()])
def test_both_draw_a_bound_at_the_same_place(spec: dict[str, Any], fine: bool) -> None:
    """A value at the bound passes both, and the next one passes neither."""
    accepted_by_schema = not faults(spec, SPEC_SCHEMA)
    accepted_by_parser = not _problems(spec)

    assert (accepted_by_schema, accepted_by_parser) == (fine, fine)


@pytest.mark.parametrize("name", SPEC_SCHEMA["required"])
def test_both_miss_a_required_field(name: str) -> None:
    """Neither takes a spec without it."""
    spec = {field: value for field, value in MINIMAL.items() if field != name}

    problems = _problems(spec)

    assert problems == [f"spec.{name}: is missing; it is required"]
    assert faults(spec, SPEC_SCHEMA) == [f"spec.{name}"]


def _shape(field: Field) -> Any:
    """A field of the parser's table in the schema's terms."""
    match field:
        case Section():
            return {name: (name in field.required, _shape(inner)) for name, inner in field.fields.items()}
        case Text():
            return ("string", field.min_length, field.max_length)
        case Integer():
            return ("integer", field.minimum, field.maximum, field.default)
        case Number():
            return ("number", field.minimum, field.maximum, field.default)
        case Boolean():
            return ("boolean", field.default)
        case Choice():
            return ("enum", field.values, field.default)
        case IntegerOrText():
            return ("int-or-string", field.minimum, field.text.max_length)
        case Items():
            return ("array", field.min_items, field.max_items, _shape(field.item))
        case TextMap():
            return ("map", field.max_items, _shape(field.value))
    raise AssertionError(field)


def _schema_shape(schema: dict[str, Any]) -> Any:
    if "properties" in schema:
        required = schema.get("required", ())
        return {name: (name in required, _schema_shape(field)) for name, field in schema["properties"].items()}
    if "enum" in schema:
        return ("enum", tuple(schema["enum"]), schema.get("default"))
    if schema.get("x-kubernetes-int-or-string"):
        return ("int-or-string", schema["minimum"], schema["maxLength"])
    match schema["type"]:
        case "string":
            return ("string", schema.get("minLength", 0), schema["maxLength"])
        case "integer" | "number" as kind:
            return (kind, schema["minimum"], schema["maximum"], schema.get("default"))
        case "boolean":
            return ("boolean", schema.get("default"))
        case "array":
            return ("array", schema.get("minItems", 0), schema["maxItems"], _schema_shape(schema["items"]))
    return ("map", schema["maxProperties"], _schema_shape(schema["additionalProperties"]))
