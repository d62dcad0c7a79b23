"""Which round is the same round: the uid of one without a cluster, and the fields that may not change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from typing import Any

from labelround.spec.model import LabelingRound

METADATA = frozenset({"name", "namespace", "uid", "generation"})
MUTABLE = frozenset({"suspend", "stop_labeling", "deletion_policy", "ttl_seconds_after_finished"})


def local_uid(round: LabelingRound) -> str:
    """32 hex digits that stay the same while the round asks for the same work in the same place.

    Fields at their defaults do not count, so that a later version with more fields knows its rounds again, and
    neither does `conversion`, which shapes pods alone.
    """
    ignored = MUTABLE | {"namespace", "uid", "generation", "conversion"}
    canonical = json.dumps(_stated(round, ignored), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def changed_fields(old: LabelingRound, new: LabelingRound) -> tuple[str, ...]:
    """The paths of immutable fields that differ. `spec.stopLabeling` may change from false to true only."""
    changed = _changed(old, new, "spec", METADATA | MUTABLE)
    reset = ("spec.stopLabeling",) if old.stop_labeling and not new.stop_labeling else ()
    return (*changed, *reset)


def camel(name: str) -> str:
    """A field's name in the resource: `imagesPrefix` for `images_prefix`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _changed(old: Any, new: Any, path: str, ignored: frozenset[str]) -> Iterator[str]:
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in ignored or before == after:
            continue
        where = f"{path}.{camel(field.name)}"
        if is_dataclass(before):
            yield from _changed(before, after, where, frozenset())
        else:
            yield where


def _stated(value: Any, ignored: frozenset[str] = frozenset()) -> Any:
    """`value` in JSON's types, without the dataclass fields that have their defaults."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        stated = ((field, getattr(value, field.name)) for field in fields(value) if field.name not in ignored)
        return {field.name: _stated(content) for field, content in stated if content != _default(field)}
    if isinstance(value, Mapping):
        return {name: _stated(content) for name, content in value.items()}
    return [_stated(item) for item in value] if isinstance(value, tuple) else value


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
