"""Requests checked against botocore's service model: types, required members, lengths, ranges, patterns and enums.

boto3 checks only required members and minima before it sends; AWS checks all, and so does this walk. Nothing in it is
about labeling: what the model says about an operation's input is what is asked of a request.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from labelround.server.patterns import compiled
from labelround.server.refusal import Refusal, constraint_violations

OPERATIONS = ("CreateLabelingJob", "DescribeLabelingJob", "ListLabelingJobs", "StopLabelingJob")
MAX_INTEGER = 2**31 - 1
_JSON_NAMES = {dict: "START_OBJECT", list: "START_ARRAY", str: "STRING_VALUE", bool: "TRUE_VALUE"}


@cache
def service_model() -> Any:
    """botocore's model of SageMaker."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    return ServiceModel(create_loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def checked(operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request with only the members that the model knows and that have a value.

    Raises Refusal: SerializationException for a value of the wrong type, else one ValidationException that lists every
    violated constraint.
    """
    violations: list[str] = []
    parsed: dict[str, Any] = _structure(service_model().operation_model(operation).input_shape, request, "", violations)
    if violations:
        raise constraint_violations(violations)
    return parsed


def _parsed(shape: Any, value: Any, path: str, violations: list[str]) -> Any:
    """The value of any shape, as far as it is known. Its violations are added to `violations`."""
    return _READERS[shape.type_name](shape, value, path, violations)


def _structure(shape: Any, value: Any, path: str, violations: list[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong_type(path, value, "an object")
    parsed = {}
    for name, member in shape.members.items():
        where = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
        if value.get(name) is not None:
            parsed[name] = _parsed(member, value[name], where, violations)
        elif name in shape.required_members:
            violations.append(_violation("null", where, "Member must not be null"))
    return parsed


def _list(shape: Any, value: Any, path: str, violations: list[str]) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong_type(path, value, "a list")
    shown = f"'[{', '.join(_shown(item) for item in value)}]'"
    violations += [_violation(shown, path, constraint) for constraint in _length(shape, len(value))]
    if shape.member.type_name in {"structure", "list"}:
        return [
            _parsed(shape.member, item, f"{path}.{place}.member", violations) for place, item in enumerate(value, 1)
        ]
    nested: list[str] = []
    items = [_parsed(shape.member, item, f"{path}.{place}.member", nested) for place, item in enumerate(value, 1)]
    if nested:
        constraints = ", ".join(_constraints(shape.member))
        violations.append(_violation(shown, path, f"Member must satisfy constraint: [{constraints}]"))
    return items


def _string(shape: Any, value: Any, path: str, violations: list[str]) -> str:
    if not isinstance(value, str):
        raise _wrong_type(path, value, "a String")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise Refusal("SerializationException", f"the text at '{path}' is not valid Unicode")
    broken = [*_length(shape, len(value)), *_pattern(shape, value), *_enum(shape, value)]
    violations += [_violation(f"'{_shown(value)}'", path, constraint) for constraint in broken]
    return value


def _integer(shape: Any, value: Any, path: str, violations: list[str]) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value % 1:
        raise _wrong_type(path, value, "an Integer")
    if abs(value) > MAX_INTEGER:
        raise Refusal("SerializationException", f"the number at '{path}' is not an Integer of 32 bits")
    violations += [_violation(f"'{int(value)}'", path, constraint) for constraint in _range(shape, value)]
    return int(value)


def _timestamp(_shape: Any, value: Any, path: str, _violations: list[str]) -> float:
    try:
        seconds = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise _wrong_type(path, value, "a Timestamp (a number of seconds since 1970)")
    return seconds


_READERS: dict[str, Callable[[Any, Any, str, list[str]], Any]] = {
    "structure": _structure,
    "list": _list,
    "string": _string,
    "integer": _integer,
    "timestamp": _timestamp,
}


def _length(shape: Any, length: int) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if high is not None and length > high:
        yield f"Member must have length less than or equal to {high}"
    if low is not None and length < low:
        yield f"Member must have length greater than or equal to {low}"


def _range(shape: Any, value: float) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if high is not None and value > high:
        yield f"Member must have value less than or equal to {high}"
    if low is not None and value < low:
        yield f"Member must have value greater than or equal to {low}"


def _pattern(shape: Any, value: str) -> Iterator[str]:
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not compiled(pattern).fullmatch(value):
        yield f"Member must satisfy regular expression pattern: {pattern}"


def _enum(shape: Any, value: str) -> Iterator[str]:
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"Member must satisfy enum value set: [{', '.join(allowed)}]"


def _constraints(shape: Any) -> Iterator[str]:
    """All that is asked of a list's members, as AWS words it."""
    if "max" in shape.metadata:
        yield f"Member must have length less than or equal to {shape.metadata['max']}"
    if "min" in shape.metadata:
        yield f"Member must have length greater than or equal to {shape.metadata['min']}"
    if "pattern" in shape.metadata:
        yield f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}"
    if shape.metadata.get("enum"):
        yield f"Member must satisfy enum value set: [{', '.join(shape.metadata['enum'])}]"


def _violation(shown: str, path: str, constraint: str) -> str:
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _wrong_type(path: str, value: Any, wanted: str) -> Refusal:
    name = "NUMBER_VALUE" if isinstance(value, int | float) and not isinstance(value, bool) else ""
    name = name or _JSON_NAMES.get(type(value), "NULL_VALUE")
    return Refusal("SerializationException", f"{name} at '{path}' can not be converted to {wanted}")


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 2048 else f"{text[:2048]}..."


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:]
